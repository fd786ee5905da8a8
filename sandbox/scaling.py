"""Which environment serves an invocation: the last used idle one, else a new one, within the concurrency limits.

Used by `sandbox.manager` and `sandbox.invoke`. Also boots spares ahead and ends environments that have been idle too
long. Source: "Understanding Lambda function scaling" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.environment import ExecutionEnvironment
from sandbox.errors import TooManyRequestsException
from sandbox.function import Function
from sandbox.limits import ACCOUNT_CONCURRENCY, DEFAULT_STORAGE_MB
from sandbox.process import Host
from sandbox.runtimes import runtime as runtime_named

IDLE_S = 300.0  # how long an environment waits, frozen, for its next invocation
SPARES_EACH = 2  # environments booted ahead for each runtime in use
_SPARE_IDLE_S = 1800.0  # a runtime not used for so long gets no spares
_MEMORY_FLOOR = 0.06  # this share of the machine's memory is never given to a new environment
_MB_EACH = 128  # the smallest function; what the machine's concurrency is reckoned by


def machine_memory_mb() -> int:
    """The machine's memory in MB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1024 * 1024)


class Scaling:
    """Every environment of one manager. Thread-safe."""

    def __init__(self, host: Host, *, idle_s: float = IDLE_S) -> None:
        self.concurrency_limit = max(10, min(ACCOUNT_CONCURRENCY, machine_memory_mb() // _MB_EACH))
        self._host = host
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._idle: dict[str, list[ExecutionEnvironment]] = defaultdict(list)
        self._spares: dict[str, list[ExecutionEnvironment]] = defaultdict(list)
        self._spare_used: dict[str, float] = {}
        self._in_flight: dict[str, int] = defaultdict(int)
        self._total_in_flight = 0
        self._to_close: list[ExecutionEnvironment] = []
        self._all: set[ExecutionEnvironment] = set()
        self._provisioned: dict[str, int] = {}
        self._closed = False
        self._keeper = threading.Thread(target=self._keep, name="housekeeping", daemon=True)
        self._keeper.start()

    @contextmanager
    def slot(self, function: Function) -> Iterator[None]:
        """Count one invocation of `function`. Raises TooManyRequestsException where a limit is reached."""
        name = function.arn
        with self._lock:
            reserved = function.reserved_concurrency
            if reserved is not None and self._in_flight[name] >= reserved:
                raise _throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            if self._total_in_flight >= self.concurrency_limit:
                raise _throttled("ConcurrentInvocationLimitExceeded")
            self._in_flight[name] += 1
            self._total_in_flight += 1
        try:
            yield
        finally:
            with self._lock:
                self._total_in_flight -= 1
                self._in_flight[name] -= 1
                if not self._in_flight[name]:
                    del self._in_flight[name]
                if self._missing_spare():
                    self._wake.notify()

    def take_idle(self, function: Function) -> ExecutionEnvironment | None:
        """The most recently used idle environment of `function`, or None."""
        key = function.environment_key
        while True:
            with self._lock:
                waiting = self._idle.get(key)
                if not waiting:
                    return None
                environment = waiting.pop()
                if not waiting:
                    del self._idle[key]
            if environment.alive():
                return environment
            self.end(environment)

    def new(self, function: Function, code: Path, opt: Path | None) -> ExecutionEnvironment:
        """A new environment with `function` assigned and its init about to run.

        Raises ServiceException, FunctionStartError, TooManyRequestsException where the machine has no memory left.
        """
        self._make_room()
        runtime = runtime_named(function.runtime)
        if opt is None and function.ephemeral_storage_mb == DEFAULT_STORAGE_MB:
            spare = self._take_spare(runtime.identifier)
            if spare is not None:
                try:
                    if spare.assign(function, code):
                        return spare
                except BaseException:
                    self.end(spare)
                    raise
                self._return_spare(spare)
        environment = ExecutionEnvironment(
            self._host, runtime, task=code, opt=opt, storage_mb=function.ephemeral_storage_mb
        )
        with self._lock:
            self._all.add(environment)
        try:
            environment.boot()
            environment.assign(function, code)
        except BaseException:
            self.end(environment)
            raise
        return environment

    def release(self, environment: ExecutionEnvironment) -> None:
        """The invocation is over and the runtime asks for the next: freeze and keep."""
        function = environment.function
        assert function is not None
        environment.freeze()
        with self._lock:
            if not self._closed:
                self._idle[function.environment_key].append(environment)
                self._spare_used[environment.runtime.identifier] = time.monotonic()
                return
        self.end(environment)

    def end(self, environment: ExecutionEnvironment) -> None:
        """End `environment`; the slow part is left to the housekeeper."""
        environment.stop()
        with self._lock:
            self._all.discard(environment)
            self._to_close.append(environment)
            self._wake.notify()

    def warm_up(self, runtime: str) -> None:
        """Boot spares of `runtime` in the background."""
        with self._lock:
            self._spare_used[runtime] = time.monotonic()
            self._wake.notify()

    def discard(self, name: str) -> None:
        """End every idle environment of the functions called `name`."""
        with self._lock:
            gone = [e for waiting in self._idle.values() for e in waiting if e.function and e.function.name == name]
            self._forget(gone)
            self._provisioned = {key: n for key, n in self._provisioned.items() if n and not key.startswith(name + ":")}
        for environment in gone:
            self.end(environment)

    def set_provisioned(self, function: Function, count: int) -> int:
        """Keep `count` idle environments of `function` from being reaped; returns how many there are now."""
        with self._lock:
            self._provisioned[_provision_key(function)] = count
            return len(self._idle.get(function.environment_key, ()))

    def count(self) -> tuple[int, int]:
        """How many environments hold a function, and how many spares there are."""
        with self._lock:
            spares = sum(len(waiting) for waiting in self._spares.values())
            return len(self._all) - spares, spares

    def close(self) -> None:
        """End every environment."""
        with self._lock:
            self._closed = True
            everything = list(self._all)
            self._wake.notify()
        self._keeper.join(10)
        for environment in everything:
            environment.stop()
        for environment in [*everything, *self._to_close]:
            environment.close()

    def _take_spare(self, runtime: str) -> ExecutionEnvironment | None:
        with self._lock:
            self._spare_used[runtime] = time.monotonic()
            waiting = self._spares[runtime]
            while waiting:
                spare = waiting.pop(0)
                if spare.alive():
                    return spare
                self._all.discard(spare)
                self._to_close.append(spare)
        return None

    def _return_spare(self, spare: ExecutionEnvironment) -> None:
        with self._lock:
            self._spares[spare.runtime.identifier].append(spare)

    def _make_room(self) -> None:
        """Where memory is short, or there are too many environments, end the idle one used longest ago."""
        while True:
            with self._lock:
                crowded = len(self._all) >= self.concurrency_limit + SPARES_EACH * len(self._spares)
                if not crowded and not _memory_short():
                    return
                idle = [environment for waiting in self._idle.values() for environment in waiting]
                if not idle:
                    if crowded:
                        return  # the slots limit what can run at once
                    raise _throttled("ConcurrentInvocationLimitExceeded")
                oldest = min(idle, key=lambda environment: environment.last_used)
                self._forget([oldest])
                self._all.discard(oldest)
            oldest.close()

    def _forget(self, gone: list[ExecutionEnvironment]) -> None:
        for environment in gone:
            assert environment.function is not None
            waiting = self._idle.get(environment.function.environment_key, [])
            with contextlib.suppress(ValueError):
                waiting.remove(environment)
            if not waiting:
                self._idle.pop(environment.function.environment_key, None)

    def _keep(self) -> None:
        """The housekeeper: closes what has ended, reaps what idles, boots spares."""
        short = False
        while True:
            with self._lock:
                if self._closed:
                    return
                if not self._to_close and (short or not self._missing_spare()):
                    self._wake.wait(min(5.0, self._idle_s / 4))
                closing, self._to_close = self._to_close, []
                expired = self._expired()
                self._forget(expired)
                for environment in expired:
                    self._all.discard(environment)
                wanted = self._missing_spare()
            for environment in closing + expired:
                with contextlib.suppress(OSError):
                    environment.close()
            short = bool(wanted) and _memory_short()  # then no spare, and no looking for one without a pause
            if wanted and not short:
                self._boot_spare(wanted)

    def _expired(self) -> list[ExecutionEnvironment]:
        now = time.monotonic()
        gone: list[ExecutionEnvironment] = []
        for waiting in self._idle.values():
            function = waiting[0].function
            assert function is not None
            kept = self._provisioned.get(_provision_key(function), 0)
            old = [environment for environment in waiting if now - environment.last_used > self._idle_s]
            gone += old[: max(0, len(waiting) - kept)]
        return gone

    def _missing_spare(self) -> str:
        now = time.monotonic()
        for runtime, used in self._spare_used.items():
            # Not while invocations run: they need the CPU, and the spare is for the next one.
            if now - used < _SPARE_IDLE_S and len(self._spares[runtime]) < SPARES_EACH and not self._total_in_flight:
                return runtime
        return ""

    def _boot_spare(self, identifier: str) -> None:
        spare: ExecutionEnvironment | None = None
        try:
            spare = ExecutionEnvironment(self._host, runtime_named(identifier))
            spare.boot()
        except Exception:
            with self._lock:
                self._spare_used.pop(identifier, None)  # an invocation will meet the error and say it
            return
        with self._lock:
            if not self._closed:
                self._spares[identifier].append(spare)
                self._all.add(spare)
                return
        spare.close()


def _provision_key(function: Function) -> str:
    return f"{function.name}:{function.version}"


def _memory_short() -> bool:
    available = total = 0
    with open("/proc/meminfo", "rb") as meminfo:
        for line in meminfo:
            if line.startswith(b"MemTotal:"):
                total = int(line.split()[1])
            elif line.startswith(b"MemAvailable:"):
                available = int(line.split()[1])
                break
    return available < total * _MEMORY_FLOOR


def _throttled(reason: str) -> TooManyRequestsException:
    return TooManyRequestsException("Rate Exceeded.", reason=reason)
