"""One execution environment: its states, its init, its invocations, its end.

Whoever holds an environment drives it: the calling thread itself waits on the runtime's connections, the log pipe and
the process, so a warm invocation crosses no other thread. `sandbox.scaling` decides who holds which. Source:
"Understanding the Lambda execution environment lifecycle" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import contextlib
import enum
import os
import select
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.function import Function, LogEvent
from sandbox.limits import DEFAULT_STORAGE_MB, MB
from sandbox.logs import LogReader
from sandbox.process import EnvironmentProcess, Host, empty_folder, link_tree
from sandbox.runtime_api import Event, Outcome, RuntimeApi
from sandbox.runtimes.base import Runtime
from sandbox.variables import TASK_ROOT, environment_variables, log_stream_name, resource_limits

_LOG_READ = 256 * 1024
_MAX_LINKED_FILES = 256  # a larger package is mounted into an environment of its own instead
_WATCH_S = 0.02  # how often memory is looked at where no cgroup enforces it


class State(enum.Enum):
    """Where an environment is in its life."""

    BOOTING = "booting"
    SPARE = "spare"  # booted, no function yet
    INIT = "init"
    INVOKING = "invoking"
    FROZEN = "frozen"  # idle between two invocations
    TERMINATED = "terminated"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.BOOTING: frozenset({State.SPARE, State.TERMINATED}),
    State.SPARE: frozenset({State.INIT, State.TERMINATED}),
    State.INIT: frozenset({State.FROZEN, State.INVOKING, State.TERMINATED}),
    State.INVOKING: frozenset({State.FROZEN, State.INVOKING, State.TERMINATED}),
    State.FROZEN: frozenset({State.INVOKING, State.TERMINATED}),
    State.TERMINATED: frozenset({State.TERMINATED}),
}


class Ending(enum.Enum):
    """Why a wait ended."""

    DONE = "done"
    TIMED_OUT = "timed out"
    EXITED = "exited"
    OUT_OF_MEMORY = "out of memory"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Phase:
    """What an init or an invocation came to. `exit_code` counts where `ending` is EXITED."""

    ending: Ending
    duration_ms: float
    outcome: Outcome | None
    exit_code: int = 0


class ExecutionEnvironment:
    """An isolated process tree that runs one function, one invocation at a time.

    Either made with a `function` whose package is mounted at once, or without: then it is a spare, to be given its
    function by `assign`.
    """

    def __init__(self, host: Host, runtime: Runtime, *, task: Path | None = None, opt: Path | None = None,
                 storage_mb: int = DEFAULT_STORAGE_MB) -> None:  # fmt: skip
        self.runtime = runtime
        self.state = State.BOOTING
        self.function: Function | None = None
        self.log_stream = ""
        self.last_used = time.monotonic()
        self._own_task: Path | None = None
        if task is None:
            self._own_task = task = host.folder / f"task-{next(host.numbers)}"
            task.mkdir()
            task.chmod(0o755)  # whatever the umask: the function's uid must get in
        self._task, self._opt = task, opt
        self._process = EnvironmentProcess(host, runtime, storage_mb, task, opt)
        self._poll = select.epoll()
        self._logs = LogReader()
        self._stop_requested = False
        self._closing = threading.Lock()

    def boot(self) -> None:
        """Start the processes up to the point where a function is needed. Raises ServiceException."""
        try:
            self._process.start()
        except BaseException:
            self.close()
            raise
        self._api = RuntimeApi(self._process.listener, self._poll)
        self._poll.register(self._process.log_fd, select.EPOLLIN)
        self._poll.register(self._process.pidfd, select.EPOLLIN)
        self._become(State.SPARE)

    def assign(self, function: Function, code: Path) -> bool:
        """Make this environment `function`'s, for good; `code` is its unpacked, prepared package.

        False where this spare can't hold so large a package (it stays a spare).
        Raises FunctionStartError where the package can't be started at all.
        """
        if self._own_task is not None and link_tree(code, self._own_task, _MAX_LINKED_FILES) < 0:
            empty_folder(self._own_task)
            return False
        process = self._process
        self.function = function
        self.log_stream = log_stream_name(function)
        command = [] if self.runtime.preloads else self.runtime.command(function, code, self._opt)
        process.limits.set_memory(function.memory_mb)
        process.limits.set_cpu(None)  # Lambda does not hold the init to the function's CPU share
        task_root = process.guest(TASK_ROOT)
        variables = environment_variables(function, self.runtime, process.api_address, self.log_stream)
        variables["LAMBDA_TASK_ROOT"] = task_root
        with contextlib.suppress(OSError):  # already dead: the init will notice
            process.assign({
                "environment": variables,
                "task_root": task_root,
                "limits": resource_limits(),
                "command": [process.guest(part) for part in command],
                "handler": function.handler,
                "python_path": [process.guest(path) for path in self.runtime.python_path()],
            })  # fmt: skip
        self._become(State.INIT)
        return True

    def init(self, timeout_s: float, emit: Callable[[LogEvent], None]) -> Phase:
        """Run the init until the runtime asks for its first event."""
        started = time.perf_counter()
        self._logs.begin(emit)
        ending = self._drive(lambda: self._api.ready or self._api.outcome is not None, started + timeout_s)
        duration_ms = (time.perf_counter() - started) * 1000
        outcome = self._api.outcome
        if ending is Ending.DONE and outcome is None:
            assert self.function is not None
            self._process.limits.set_cpu(self.function.memory_mb)
            return Phase(ending, duration_ms, None)
        if outcome is not None and ending is Ending.DONE:
            # The client has reported the error and is about to exit: its last lines still count.
            self._drive(lambda: False, time.perf_counter() + 0.2)
        return self._failed(ending, duration_ms, outcome)

    def invoke(self, event: Event, timeout_s: float, emit: Callable[[LogEvent], None],
               on_chunk: Callable[[bytes, str], None] | None) -> Phase:  # fmt: skip
        """Hand `event` to the waiting runtime and wait for its answer and for its next request."""
        api = self._api
        if self.state is State.FROZEN:
            self._process.limits.thaw()
        self._become(State.INVOKING)
        self._logs.begin(emit)
        api.on_chunk = on_chunk
        started = time.perf_counter()
        try:
            api.begin(event, timeout_s)
        except TimeoutError:
            return self._failed(Ending.TIMED_OUT, timeout_s * 1000, None)
        except OSError:
            pass  # the process is gone: the wait below says how
        ending = self._drive(lambda: api.outcome is not None and api.ready, started + timeout_s)
        self._read_log()
        self._logs.flush()
        outcome = api.outcome
        duration_ms = ((outcome.at if outcome is not None else time.perf_counter()) - started) * 1000
        if ending is Ending.DONE:
            return Phase(ending, duration_ms, outcome)
        return self._failed(ending, min(duration_ms, timeout_s * 1000), outcome)

    def freeze(self) -> None:
        """Stop every process until the next invocation."""
        self._become(State.FROZEN)
        self.last_used = time.monotonic()
        self._process.limits.freeze()

    def alive(self) -> bool:
        """False where the processes ended while nobody looked."""
        if self.state is State.TERMINATED:
            return False
        poll = select.poll()  # not select(), which knows no descriptor over 1,023
        poll.register(self._process.pidfd, select.POLLIN)
        return not poll.poll(0)

    def stop(self) -> None:
        """End whatever runs in here now; called from another thread than the one that drives it."""
        with self._closing:
            if self.state is not State.TERMINATED:
                self._stop_requested = True
                self._process.kill()

    def max_memory_used_mb(self) -> int:
        """The most memory used at once so far, rounded up to a MB and never over the function's size."""
        used = -(-self._process.limits.max_memory_bytes() // MB)
        return min(used, self.function.memory_mb) if self.function is not None else used

    def close(self) -> None:
        """Kill what is left and remove every trace."""
        with self._closing:
            if self.state is State.TERMINATED:
                return
            self._become(State.TERMINATED)
            self._process.kill()
        if hasattr(self, "_api"):
            self._api.close()
        self._poll.close()
        self._process.close()
        if self._own_task is not None:
            shutil.rmtree(self._own_task, ignore_errors=True)

    def _become(self, state: State) -> None:
        if state not in TRANSITIONS[self.state]:
            raise RuntimeError(f"an environment can't go from {self.state.value} to {state.value}")
        self.state = state

    def _drive(self, done: Callable[[], bool], deadline: float) -> Ending:
        """Serve the runtime until `done()`, its end, or `deadline` (a `time.perf_counter` reading)."""
        process, api = self._process, self._api
        log_fd, pidfd = process.log_fd, process.pidfd
        watch = not process.limits.enforces_memory
        while not done():
            left = deadline - time.perf_counter()
            if left <= 0:
                return Ending.TIMED_OUT
            exited = False
            for descriptor, _ in self._poll.poll(min(left, _WATCH_S) if watch else left):
                if descriptor == log_fd:
                    self._read_log()
                elif descriptor == pidfd:
                    exited = True
                else:
                    api.handle(descriptor)
            if exited:
                api.drain()
                self._read_log()
                return self._how_it_ended()
            if watch and self._over_memory():
                process.kill()
                return Ending.OUT_OF_MEMORY
        return Ending.DONE

    def _how_it_ended(self) -> Ending:
        if self._stop_requested:
            return Ending.STOPPED
        if self._process.limits.out_of_memory_kills():
            return Ending.OUT_OF_MEMORY
        return Ending.EXITED

    def _over_memory(self) -> bool:
        assert self.function is not None
        return self._process.limits.max_memory_bytes() > self.function.memory_mb * MB

    def _failed(self, ending: Ending, duration_ms: float, outcome: Outcome | None) -> Phase:
        self._process.kill()
        exit_code = self._process.exit_code()
        self._read_log()
        self._logs.flush()
        return Phase(ending, duration_ms, outcome, exit_code)

    def _read_log(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._process.log_fd, _LOG_READ):
                self._logs.feed(data)
                if len(data) < _LOG_READ // 4:
                    return
            with contextlib.suppress(OSError, ValueError):  # closed by every writer: no more to wait for
                self._poll.unregister(self._process.log_fd)
