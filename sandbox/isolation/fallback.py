"""Limits without a cgroup: signals to the process tree and a look at its resident set.

Used by `sandbox.isolation.cgroups` where the host lets us have no cgroup. Weaker, and said so on the page: memory is
checked by a watcher (`sandbox.environment` asks `max_memory_bytes` now and then), CPU is not limited.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from sandbox.isolation.base import ProcessLimits


class ProcessTree(ProcessLimits):
    """`ProcessLimits` for the tree below one process."""

    enforces_memory = False

    def __init__(self) -> None:
        self._pid = 0
        self._highest = 0

    def add(self, pid: int) -> None:
        """Watch this process and its children."""
        self._pid = pid

    def set_memory(self, memory_mb: int) -> None:
        """Nothing to set: the watcher compares."""

    def set_cpu(self, memory_mb: int | None) -> None:
        """Not limited here."""

    def freeze(self) -> None:
        """SIGSTOP to the tree, parents first."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to the tree."""
        self._signal(signal.SIGCONT)

    def max_memory_bytes(self) -> int:
        """The highest resident set seen at any call so far, in bytes (shared pages count once a process)."""
        page = os.sysconf("SC_PAGE_SIZE")
        total = 0
        for pid in self._tree():
            with contextlib.suppress(OSError, ValueError, IndexError):
                total += int(Path("/proc", str(pid), "statm").read_text().split()[1]) * page
        self._highest = max(self._highest, total)
        return self._highest

    def out_of_memory_kills(self) -> int:
        """Always 0: the kernel kills nothing here, the watcher does."""
        return 0

    def remove(self) -> None:
        """Kill the tree."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for pid in self._tree():
            with contextlib.suppress(OSError):
                os.kill(pid, number)

    def _tree(self) -> list[int]:
        if not self._pid:
            return []
        pids = [self._pid]
        for pid in pids:
            with contextlib.suppress(OSError):
                for task in Path("/proc", str(pid), "task").iterdir():
                    pids.extend(int(child) for child in (task / "children").read_text().split())
        return pids
