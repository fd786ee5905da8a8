"""Starts the processes of an execution environment and hands over what it is to run.

Used by `sandbox.environment`. Every spawn happens on one thread that lives as long as the manager: bubblewrap's
--die-with-parent is tied to the thread that started it, and an environment must outlive the call that needed it.
"""

from __future__ import annotations

import array
import contextlib
import itertools
import json
import os
import queue
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sandbox.errors import ServiceException
from sandbox.isolation.base import ProcessLimits
from sandbox.isolation.bubblewrap import FIRST_UID, Isolation, seccomp_descriptor
from sandbox.isolation.cgroups import Cgroups
from sandbox.runtimes import runtime as runtime_named
from sandbox.runtimes.base import Mount, Runtime
from sandbox.variables import RUNTIME_ROOT

INIT = Path(__file__).parent / "guest" / "init.py"
RUNTIME_API_PORT = 9001
BOOT_TIMEOUT_S = 20.0
_UIDS = 50_000
_CREDENTIALS = struct.Struct("3i")
_T = TypeVar("_T")
_ENTER = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 97; shift; n=$((n-1)); done; exec "$@"'


class Spawner:
    """The one thread that starts environments; `call` runs a function there and waits for it."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="spawner", daemon=True)
        self._thread.start()

    def call(self, job: Callable[[], _T]) -> _T:
        """`job()`, on the spawner's thread."""
        future: Future[_T] = Future()
        self._jobs.put((job, future))
        return future.result()

    def close(self) -> None:
        """End the thread; environments still alive die with it."""
        self._jobs.put(None)
        self._thread.join(5)

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            job, future = item
            try:
                future.set_result(job())
            except BaseException as error:
                future.set_exception(error)


@dataclass(frozen=True)
class Host:
    """What every environment of one manager shares: isolation, cgroups, the spawner and a folder for small files."""

    isolation: Isolation
    cgroups: Cgroups
    spawner: Spawner
    folder: Path
    numbers: itertools.count[int]


class EnvironmentProcess:
    """The process tree of one environment, from its first program on.

    After `start`: `listener` (the Runtime API's socket, bound inside the sandbox), `api_address` as seen inside,
    `log_fd` (reads what the tree prints), `pidfd` (readable once the first program has ended).
    """

    def __init__(self, host: Host, runtime: Runtime, storage_mb: int, task: Path, opt: Path | None) -> None:
        self._host = host
        self._runtime = runtime
        self._storage_mb = storage_mb
        self._task, self._opt = task, opt
        self._number = next(host.numbers)
        self.limits: ProcessLimits = host.cgroups.make(f"environment-{self._number}")
        self.listener: socket.socket
        self.api_address = ""
        self.log_fd = self.pidfd = -1
        self._channel: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the first program and wait until it has handed out its listener. Raises ServiceException."""
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        ours.settimeout(BOOT_TIMEOUT_S)
        self.log_fd, log_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(log_write, True)
        self._channel = ours
        try:
            with seccomp_descriptor() as filter_fd:
                argv = self._argv(theirs.fileno(), filter_fd)
                inherited = [theirs.fileno(), *([filter_fd] if filter_fd is not None else [])]
                self._process = self._host.spawner.call(
                    lambda: subprocess.Popen(
                        argv, pass_fds=inherited, stdin=subprocess.DEVNULL, stdout=log_write, stderr=log_write,
                        env={}, cwd="/", start_new_session=not self._host.isolation.bwrap,
                    )
                )  # fmt: skip
            self.pidfd = os.pidfd_open(self._process.pid)
            theirs.close()
            os.close(log_write)
            log_write = -1
            self.limits.add(self._receive_listener(ours))
            ours.sendall(b"\1")
        except OSError as error:
            self.kill()
            raise ServiceException(f"An execution environment could not be started: {error}") from error
        finally:
            theirs.close()
            if log_write >= 0:
                os.close(log_write)

    def assign(self, assignment: Mapping[str, Any]) -> None:
        """Send what to run; the first program turns into the runtime. Raises OSError where it is gone."""
        assert self._channel is not None
        data = json.dumps(assignment).encode()
        self._channel.sendall(len(data).to_bytes(4, "big") + data)
        self._channel.close()
        self._channel = None

    def guest(self, path: str) -> str:
        """A path inside the sandbox as the runtime's program must use it (the host's own where isolation is off)."""
        if self._host.isolation.bwrap:
            return path
        for mount in sorted(self._all_mounts(), key=lambda mount: -len(mount.guest)):
            if path == mount.guest or path.startswith(mount.guest + "/"):
                return str(mount.host) + path[len(mount.guest) :]
        return path

    def kill(self) -> None:
        """Kill the whole tree at once."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(OSError):
            self.limits.thaw()
        with contextlib.suppress(OSError):
            if self._host.isolation.bwrap:
                process.send_signal(signal.SIGKILL)
            else:
                os.killpg(process.pid, signal.SIGKILL)

    def exit_code(self) -> int:
        """Wait for the first program's end: 0–255, 128 + the signal where one killed it."""
        if self._process is None:
            return 0
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        return 128 - code if code < 0 else code

    def close(self) -> None:
        """Kill what is left and give everything back."""
        self.kill()
        if self._process is not None:
            self.exit_code()
        self.limits.remove()
        if self._channel is not None:
            self._channel.close()
        for descriptor in (self.log_fd, self.pidfd):
            if descriptor >= 0:
                os.close(descriptor)
        self.log_fd = self.pidfd = -1

    def _receive_listener(self, channel: socket.socket) -> int:
        """The listener, its address, and the sender's pid as the host sees it."""
        space = socket.CMSG_SPACE(4) + socket.CMSG_SPACE(_CREDENTIALS.size)
        address, ancillary, _, _ = channel.recvmsg(64, space)
        pid = 0
        descriptors = array.array("i")
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(data)
            elif level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                pid = _CREDENTIALS.unpack(data)[0]
        if not descriptors or not pid:
            raise OSError(self._last_words() or "its first program ended at once")
        self.listener = socket.socket(fileno=descriptors[0])
        self.api_address = address.decode()
        return pid

    def _last_words(self) -> str:
        self.exit_code()
        try:
            return os.read(self.log_fd, 4096).decode("utf-8", "replace").strip()
        except BlockingIOError:
            return ""

    def _argv(self, channel_fd: int, filter_fd: int | None) -> list[str]:
        runtime, isolation = self._runtime, self._host.isolation
        interpreter = runtime.interpreter() if runtime.preloads else init_interpreter()[0]
        port = RUNTIME_API_PORT if isolation.bwrap else 0
        clients = [self._client_folder()] if runtime.preloads else []
        init = f"/var/rapid/{INIT.name}" if isolation.bwrap else str(INIT)
        python = self.guest(interpreter or sys.executable)
        program = [python, "-I", "-S", "-B", init, str(channel_fd), str(port), *clients]
        entries = self.limits.entries()
        # the shell enters the cgroup and turns into the rest, so that even the first page is counted
        enter = ["/bin/sh", "-c", _ENTER, "sh", str(len(entries)), *entries] if entries else []
        if not isolation.bwrap:
            return enter + program
        return enter + isolation.command(
            program, task=self._task, opt=self._opt, mounts=self._all_mounts()[2:], tmp_mb=self._storage_mb,
            uid=FIRST_UID + self._number % _UIDS, seccomp_fd=filter_fd, init=INIT,
        )  # fmt: skip

    def _client_folder(self) -> str:
        return str(Path(self.guest(f"{RUNTIME_ROOT}/awslambdaric")).parent)

    def _all_mounts(self) -> list[Mount]:
        mounts = [Mount(self._task, "/var/task"), Mount(self._opt or Path("/nonexistent"), "/opt")]
        mounts += self._runtime.mounts()
        if not self._runtime.preloads:
            known = {mount.guest for mount in mounts}
            mounts += [mount for mount in init_interpreter()[1] if mount.guest not in known]
        return mounts


def init_interpreter() -> tuple[str, list[Mount]]:
    """The Python, inside the sandbox, that runs the init of runtimes that are not Python; and what it needs."""
    own = runtime_named(f"python3.{sys.version_info.minor}")
    interpreter = own.interpreter()
    assert interpreter is not None
    return interpreter, [mount for mount in own.mounts() if not mount.guest.startswith("/var/runtime")]


def link_tree(source: Path, target: Path, room: int) -> int:
    """Fill the empty folder `target` with hard links to the files of `source`; returns the room that is left.

    Stops, with a negative result, once more than `room` files would be needed: then mounting is cheaper.
    """
    with os.scandir(source) as entries:
        for entry in entries:
            room -= 1
            if room < 0:
                return room
            place = target / entry.name
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), place)
            elif entry.is_dir():
                place.mkdir()
                place.chmod(0o755)
                room = link_tree(Path(entry.path), place, room)
                if room < 0:
                    return room
            else:
                try:
                    os.link(entry.path, place)
                except OSError:  # another file system: this package can't be linked at all
                    return -1
    return room


def empty_folder(folder: Path) -> None:
    """Remove everything below `folder`, not the folder itself (it is mounted)."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
