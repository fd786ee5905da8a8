"""Memory, process and CPU limits, freezing and accounting of one execution environment's process tree.

`Cgroups.find()` picks what this host has: cgroup v2 where a subtree is delegated to us, v1 where its controllers are
mounted, else none (`sandbox.isolation.fallback`). `sandbox.environment` calls the `ProcessLimits` it makes. Every file
that the warm-invoke path touches is opened once, when the group is made. Source: the kernel's "Control Group v2" and
"Memory Resource Controller" documents.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import time
from pathlib import Path

from sandbox.isolation.base import ProcessLimits
from sandbox.isolation.fallback import ProcessTree
from sandbox.limits import MAX_PROCESSES, MB, MEMORY_MB_PER_VCPU

_CPU_PERIOD_US = 20_000  # short, so that a throttled handler waits ms, not tenths of a second
_numbers = itertools.count(1)  # one process may run several managers
_V1_CONTROLLERS = ("memory", "pids", "freezer", "cpu")


def cpu_quota_us(memory_mb: int) -> int:
    """Microseconds of CPU per 20 ms period for a function of that size."""
    return max(1_000, round(_CPU_PERIOD_US * memory_mb / MEMORY_MB_PER_VCPU))


class Cgroups:
    """Makes groups below one folder per manager; `description` says for a person what is in force."""

    def __init__(self, kind: str, roots: dict[str, Path], description: str) -> None:
        self.kind = kind
        self.description = description
        self._roots = roots
        self._guard = _Guard(list(roots.values())) if roots else None

    @classmethod
    def find(cls, *, mounts: Path = Path("/proc/self/mountinfo")) -> Cgroups:
        """The best that this host allows; never raises."""
        found = _mounted(mounts)
        return _delegated_v2(found) or _writable_v1(found) or cls("none", {}, _NO_CGROUP)

    def make(self, name: str) -> ProcessLimits:
        """A new group with no processes in it yet."""
        if self.kind == "v2":
            return _V2(self._roots["unified"] / name)
        if self.kind == "v1":
            return _V1({controller: root / name for controller, root in self._roots.items()})
        return ProcessTree()

    def close(self) -> None:
        """Remove this manager's folders."""
        for root in self._roots.values():
            _remove_group(root)
        if self._guard is not None:
            self._guard.close()


_NO_CGROUP = (
    "No cgroup can be had here: memory is limited by a resident-set watcher, CPU not at all. "
    "Run as root, or where a cgroup v2 subtree is delegated (systemd-run --user --scope -p Delegate=yes …), for more."
)


class _Guard:
    """A process that outlives a killed manager for a moment: a frozen v1 group does not die until it is thawed.

    It waits for the end of its input, which is the manager's end, then thaws, kills and removes what is left.
    """

    _SCRIPT = """
    read -r _
    for try in 1 2 3 4 5 6 7 8 9 10; do
      for root in "$@"; do
        for state in "$root"/*/freezer.state; do echo THAWED > "$state"; done
        for procs in "$root"/*/cgroup.procs; do while read -r pid; do kill -9 "$pid"; done < "$procs"; done
        for group in "$root"/*/; do rmdir "$group"; done
        rmdir "$root"
      done
      left=0; for root in "$@"; do [ -d "$root" ] && left=1; done
      [ $left = 0 ] && exit
      sleep 0.1
    done
    """

    def __init__(self, roots: list[Path]) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", self._SCRIPT, "lambda-playground-guard", *map(str, roots)], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
        )  # fmt: skip

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class _V1(ProcessLimits):
    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders
        for folder in folders.values():
            folder.mkdir()
        _write(folders["pids"] / "pids.max", str(MAX_PROCESSES))
        self._state = os.open(folders["freezer"] / "freezer.state", os.O_RDWR)
        self._peak = os.open(folders["memory"] / "memory.max_usage_in_bytes", os.O_RDONLY)
        self._events = os.open(folders["memory"] / "memory.oom_control", os.O_RDONLY)

    def entries(self) -> list[str]:
        return [str(folder / "cgroup.procs") for folder in self._folders.values()]

    def set_memory(self, memory_mb: int) -> None:
        _write(self._folders["memory"] / "memory.limit_in_bytes", str(memory_mb * MB))
        with contextlib.suppress(OSError):  # there only where swap is accounted
            _write(self._folders["memory"] / "memory.memsw.limit_in_bytes", str(memory_mb * MB))

    def set_cpu(self, memory_mb: int | None) -> None:
        quota = -1 if memory_mb is None else cpu_quota_us(memory_mb)
        with contextlib.suppress(OSError):  # a kernel without CFS bandwidth control
            _write(self._folders["cpu"] / "cpu.cfs_period_us", str(_CPU_PERIOD_US))
            _write(self._folders["cpu"] / "cpu.cfs_quota_us", str(quota))

    def freeze(self) -> None:
        os.pwrite(self._state, b"FROZEN", 0)

    def thaw(self) -> None:
        os.pwrite(self._state, b"THAWED", 0)

    def max_memory_bytes(self) -> int:
        return int(os.pread(self._peak, 32, 0))

    def out_of_memory_kills(self) -> int:
        return _field(os.pread(self._events, 256, 0), b"oom_kill ")

    def remove(self) -> None:
        for descriptor in (self._state, self._peak, self._events):
            os.close(descriptor)
        for folder in self._folders.values():
            _remove_group(folder)


class _V2(ProcessLimits):
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        _write(folder / "pids.max", str(MAX_PROCESSES))
        with contextlib.suppress(OSError):
            _write(folder / "memory.oom.group", "1")
        self._freeze = os.open(folder / "cgroup.freeze", os.O_WRONLY)
        self._events = os.open(folder / "memory.events", os.O_RDONLY)
        try:
            self._peak = os.open(folder / "memory.peak", os.O_RDONLY)
        except OSError:  # before Linux 5.19
            self._peak = os.open(folder / "memory.current", os.O_RDONLY)
        self._highest = 0

    def entries(self) -> list[str]:
        return [str(self._folder / "cgroup.procs")]

    def set_memory(self, memory_mb: int) -> None:
        _write(self._folder / "memory.max", str(memory_mb * MB))
        with contextlib.suppress(OSError):
            _write(self._folder / "memory.swap.max", "0")

    def set_cpu(self, memory_mb: int | None) -> None:
        quota = "max" if memory_mb is None else str(cpu_quota_us(memory_mb))
        with contextlib.suppress(OSError):  # the cpu controller is often not delegated
            _write(self._folder / "cpu.max", f"{quota} {_CPU_PERIOD_US}")

    def freeze(self) -> None:
        os.pwrite(self._freeze, b"1", 0)

    def thaw(self) -> None:
        os.pwrite(self._freeze, b"0", 0)

    def max_memory_bytes(self) -> int:
        self._highest = max(self._highest, int(os.pread(self._peak, 32, 0)))
        return self._highest

    def out_of_memory_kills(self) -> int:
        return _field(os.pread(self._events, 512, 0), b"oom_kill ")

    def remove(self) -> None:
        for descriptor in (self._freeze, self._events, self._peak):
            os.close(descriptor)
        _remove_group(self._folder)


def _mounted(mounts: Path) -> dict[str, Path]:
    """Controller name (or "unified" for v2) → where it is mounted."""
    found: dict[str, Path] = {}
    for line in mounts.read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        mount_point = Path(before.split(" ")[4])
        if kind == "cgroup2":
            found["unified"] = mount_point
        elif kind == "cgroup":
            for controller in set(options.split(",")) & set(_V1_CONTROLLERS):
                found.setdefault(controller, mount_point)
    return found


def _writable_v1(found: dict[str, Path]) -> Cgroups | None:
    if not all(controller in found for controller in _V1_CONTROLLERS):
        return None
    roots: dict[str, Path] = {}
    name = _own_name()
    try:
        for controller in _V1_CONTROLLERS:
            _sweep(found[controller])
            root = found[controller] / name
            root.mkdir(exist_ok=True)
            roots[controller] = root
        (roots["memory"] / "probe").mkdir()
        (roots["memory"] / "probe").rmdir()
    except OSError:
        for root in roots.values():
            _remove_group(root)
        return None
    return Cgroups("v1", roots, "cgroup v1 limits memory, processes and CPU, and freezes idle environments.")


def _delegated_v2(found: dict[str, Path]) -> Cgroups | None:
    mount_point = found.get("unified")
    if mount_point is None:
        return None
    path = next((line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines()
                 if line.startswith("0::")), "/")  # fmt: skip
    ours = mount_point / path.lstrip("/")
    if ours.name.startswith("lambda-playground-main"):
        ours = ours.parent
    root: Path | None = None
    try:
        if not {"memory", "pids"} <= set((ours / "cgroup.controllers").read_text().split()):
            return None
        _sweep(ours)
        if ours != mount_point:
            # No processes may sit in a group that hands controllers down: move ours to a leaf first.
            leaf = ours / "lambda-playground-main"
            leaf.mkdir(exist_ok=True)
            for pid in (ours / "cgroup.procs").read_text().split():
                _write(leaf / "cgroup.procs", pid)
        _hand_down(ours)
        root = ours / _own_name()
        root.mkdir(exist_ok=True)
        _hand_down(root)
        (root / "probe").mkdir()
        limited = (root / "probe" / "memory.max").exists()
        (root / "probe").rmdir()
        if not limited:
            raise OSError("the memory controller is not handed down")
    except OSError:
        if root is not None:
            _remove_group(root)
        return None
    description = "cgroup v2 limits memory, processes and CPU, and freezes idle environments."
    return Cgroups("v2", {"unified": root}, description)


def _hand_down(folder: Path) -> None:
    for controller in ("+memory", "+pids", "+cpu"):
        with contextlib.suppress(OSError):
            _write(folder / "cgroup.subtree_control", controller)


def _own_name() -> str:
    return f"lambda-playground-{os.getpid()}-{next(_numbers)}"


def _sweep(parent: Path) -> None:
    """Drop what a manager that was killed left behind."""
    for folder in parent.glob("lambda-playground-[0-9]*"):
        pid = folder.name.split("-")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            _remove_group(folder)


def _remove_group(folder: Path) -> None:
    """Kill what still runs in the group and below it, then remove the folders; patient for a moment, never stuck."""
    for _ in range(50):
        if not folder.exists():
            return
        pids = [pid for procs in folder.rglob("cgroup.procs") for pid in _read(procs).split()]
        for state in folder.rglob("freezer.state"):
            with contextlib.suppress(OSError):
                _write(state, "THAWED")
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(int(pid), signal.SIGKILL)
        try:
            for below in sorted((f for f in folder.rglob("*") if f.is_dir()), reverse=True):
                below.rmdir()
            folder.rmdir()
            return
        except OSError:
            time.sleep(0.002)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _field(text: bytes, name: bytes) -> int:
    _, _, rest = (b"\n" + text).partition(b"\n" + name)
    return int(rest.split(b"\n", 1)[0] or 0)
