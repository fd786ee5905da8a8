"""One invocation from its first to its last log line: environment, init, handler, report.

Used by `sandbox.manager`. The order of the lines, the second try of a failed init and what is billed are Lambda's.
Source: "Understanding the Lambda execution environment lifecycle" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import failures
from sandbox.billing import billed_ms
from sandbox.environment import Ending, ExecutionEnvironment, Phase
from sandbox.failures import Failure
from sandbox.function import Function, Invocation, LogEvent
from sandbox.limits import INIT_TIMEOUT_S
from sandbox.logs import PlatformLog, now_ms
from sandbox.runtime_api import Event
from sandbox.runtimes import runtime as runtime_named
from sandbox.runtimes.base import BuildError, FunctionStartError
from sandbox.scaling import Scaling


@dataclass
class Request:
    """What the caller asks for. `on_log` and `on_chunk` see log events and streamed response data as they come."""

    function: Function
    event: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    client_context: str | None = None  # base64
    trace_id: str | None = None
    qualifier_arn: str | None = None
    force_cold: bool = False
    on_log: Callable[[LogEvent], None] | None = None
    on_chunk: Callable[[bytes, str], None] | None = None
    environment: ExecutionEnvironment | None = None
    stop_requested: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self) -> None:
        """End the invocation now; it answers as stopped."""
        with self.lock:
            self.stop_requested = True
            if self.environment is not None:
                self.environment.stop()


@dataclass(frozen=True)
class _Attempt:
    """An init's result: an environment that is ready, or the failure and how long it took."""

    environment: ExecutionEnvironment | None
    duration_ms: float
    failure: Failure | None = None
    payload: bytes = b""
    status: str = "success"
    report_type: str | None = None
    memory_mb: int = 0


class Invoker:
    """Runs one request. A new one for each invocation."""

    def __init__(self, scaling: Scaling, request: Request, code: Path, opt: Path | None) -> None:
        self._scaling = scaling
        self._request = request
        self._function = request.function
        self._code, self._opt = code, opt
        self._events: list[LogEvent] = []
        self._platform = PlatformLog(request.function, request.request_id, self._emit)
        self._trace_id = request.trace_id or _trace_id()
        self._log_stream = ""

    def run(self) -> Invocation:
        """The invocation's result. Raises LambdaError where nothing could be run at all."""
        with self._scaling.slot(self._function):
            environment = None if self._request.force_cold else self._scaling.take_idle(self._function)
            init_ms: float | None = None
            before_ms = 0.0
            if environment is None:
                attempt = self._init("init", INIT_TIMEOUT_S)
                if attempt.environment is None and attempt.status != "stopped":
                    # Lambda tries a failed init again, within the invocation and its timeout.
                    again = self._init("invoke", self._function.timeout_s)
                    before_ms = again.duration_ms
                    if again.environment is None:
                        return self._not_started(again)
                    attempt = again
                elif attempt.environment is None:
                    return self._not_started(attempt)
                else:
                    init_ms = attempt.duration_ms
                environment = attempt.environment
                assert environment is not None
            return self._invoke(environment, init_ms, before_ms)

    def _emit(self, event: LogEvent) -> None:
        self._events.append(event)
        if self._request.on_log is not None:
            self._request.on_log(event)

    def _init(self, phase: str, timeout_s: float) -> _Attempt:
        request_id = self._request.request_id
        if phase == "init":
            self._platform.init_start(runtime_named(self._function.runtime).version_label)
        started = time.perf_counter()
        try:
            environment = self._scaling.new(self._function, self._code, self._opt)
        except FunctionStartError as error:
            words = f"RequestId: {request_id} Error: {error.message}" if error.names_request else error.message
            return self._init_failed(phase, started, Failure(error.error_type, words), error.error_type)
        self._log_stream = environment.log_stream
        if not self._hold(environment):
            self._scaling.end(environment)
            return self._init_failed(phase, started, failures.stopped(request_id), None, status="stopped")
        result = environment.init(timeout_s - (time.perf_counter() - started), self._emit)
        if result.ending is Ending.DONE and result.outcome is None:
            return _Attempt(environment, (time.perf_counter() - started) * 1000)
        memory_mb = environment.max_memory_used_mb()
        self._let_go()
        self._scaling.end(environment)
        if result.outcome is not None:
            error_type = result.outcome.error_type or failures.UNKNOWN
            return self._init_failed(
                phase, started, Failure(error_type, ""), error_type, payload=result.outcome.body, memory_mb=memory_mb
            )
        failure, status, report_type = self._what_failed(result)
        return self._init_failed(phase, started, failure, report_type, status=status, memory_mb=memory_mb)

    def _init_failed(
        self, phase: str, started: float, failure: Failure, report_type: str | None, *, status: str = "error",
        payload: bytes = b"", memory_mb: int = 0,
    ) -> _Attempt:  # fmt: skip
        duration_ms = (time.perf_counter() - started) * 1000
        if status != "stopped":
            self._platform.init_report(duration_ms, phase, status, report_type if status == "error" else None)
        return _Attempt(None, duration_ms, failure, payload or failure.payload(), status, report_type, memory_mb)

    def _not_started(self, attempt: _Attempt) -> Invocation:
        assert attempt.failure is not None
        self._platform.start()
        if attempt.status == "timeout":
            self._platform.timed_out()
        elif not attempt.payload or attempt.payload == attempt.failure.payload():
            self._platform.failure(attempt.failure.message, attempt.failure.error_type)
        return self._result(
            attempt.payload, attempt.failure.error_type, attempt.duration_ms, None, attempt.memory_mb, attempt.status,
            attempt.report_type,
        )  # fmt: skip

    def _invoke(self, environment: ExecutionEnvironment, init_ms: float | None, before_ms: float) -> Invocation:
        request, function = self._request, self._function
        self._log_stream = environment.log_stream
        if not self._hold(environment):
            environment.stop()
        self._platform.start()
        timeout_s = max(0.001, function.timeout_s - before_ms / 1000)
        event = Event(
            request.request_id, request.event, now_ms() + int(timeout_s * 1000), request.qualifier_arn or function.arn,
            self._trace_id, request.client_context,
        )  # fmt: skip
        try:
            phase = environment.invoke(event, timeout_s, self._emit, request.on_chunk)
        finally:
            self._let_go()
        memory_mb = environment.max_memory_used_mb()
        duration_ms = phase.duration_ms + before_ms
        outcome = phase.outcome
        if outcome is not None:
            status = "success" if outcome.error_type is None else "failure"
            report_type = outcome.error_type
            if phase.ending is Ending.TIMED_OUT:
                status, report_type = "timeout", None
                self._platform.timed_out()
            result = self._result(
                outcome.body, outcome.error_type, duration_ms, init_ms, memory_mb, status, report_type,
                content_type=outcome.content_type,
            )  # fmt: skip
        else:
            failure, status, report_type = self._what_failed(phase)
            if status == "timeout":
                duration_ms = function.timeout_s * 1000.0
                self._platform.timed_out()
            else:
                self._platform.failure(failure.message, failure.error_type)
            if report_type == failures.OUT_OF_MEMORY:
                memory_mb = function.memory_mb
            result = self._result(
                failure.payload(), failure.error_type, duration_ms, init_ms, memory_mb, status, report_type
            )
        if phase.ending is Ending.DONE:
            self._scaling.release(environment)
        else:
            self._scaling.end(environment)
        return result

    def _what_failed(self, phase: Phase) -> tuple[Failure, str, str | None]:
        """The failure, the REPORT's status, and the REPORT's error type."""
        request_id = self._request.request_id
        if phase.ending is Ending.STOPPED or self._request.stop_requested:
            return failures.stopped(request_id), "stopped", None
        if phase.ending is Ending.TIMED_OUT:
            return failures.timed_out(request_id, self._function.timeout_s), "timeout", None
        if phase.ending is Ending.OUT_OF_MEMORY:
            return failures.out_of_memory(request_id), "error", failures.OUT_OF_MEMORY
        return failures.exited(request_id, phase.exit_code), "error", failures.EXIT_ERROR

    def _result(
        self, payload: bytes, error_type: str | None, duration_ms: float, init_ms: float | None, memory_mb: int,
        status: str, report_type: str | None, *, content_type: str = "application/json",
    ) -> Invocation:  # fmt: skip
        function = self._function
        billed = billed_ms(duration_ms, init_ms)
        self._platform.end_and_report(duration_ms, billed, memory_mb, init_ms, status, report_type)
        return Invocation(
            request_id=self._request.request_id,
            payload=payload,
            function_error=None if error_type is None else "Unhandled",
            error_type=error_type,
            executed_version=function.version,
            log=tuple(self._events),
            duration_ms=duration_ms,
            billed_duration_ms=billed,
            init_duration_ms=init_ms,
            memory_size_mb=function.memory_mb,
            max_memory_used_mb=memory_mb,
            log_group=function.log_group_name,
            log_stream=self._log_stream,
            trace_id=self._trace_id,
            content_type=content_type,
            stopped=status == "stopped",
        )

    def _hold(self, environment: ExecutionEnvironment) -> bool:
        """Let `stop` reach this environment; False where the stop came first."""
        with self._request.lock:
            self._request.environment = environment
            return not self._request.stop_requested

    def _let_go(self) -> None:
        with self._request.lock:
            self._request.environment = None


def build_failed(request: Request, error: BuildError) -> Invocation:
    """The source does not compile: nothing ran and nothing is billed; the compiler's lines are the log."""
    events = tuple(LogEvent(now_ms(), line) for line in error.output.rstrip().splitlines())
    for event in events:
        if request.on_log is not None:
            request.on_log(event)
    return Invocation(
        request_id=request.request_id,
        payload=Failure(failures.BUILD_ERROR, error.output.strip()).payload(),
        function_error="Unhandled",
        error_type=failures.BUILD_ERROR,
        executed_version=request.function.version,
        log=events,
        duration_ms=0.0,
        billed_duration_ms=0,
        init_duration_ms=None,
        memory_size_mb=request.function.memory_mb,
        max_memory_used_mb=0,
    )


def _trace_id() -> str:
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"


def provision(scaling: Scaling, function: Function, code: Path, opt: Path | None) -> bool:
    """Initialise one environment ahead of any invocation; False where its init fails."""
    try:
        environment = scaling.new(function, code, opt)
    except FunctionStartError:
        return False
    result = environment.init(INIT_TIMEOUT_S, lambda event: None)
    if result.ending is Ending.DONE and result.outcome is None:
        scaling.release(environment)
        return True
    scaling.end(environment)
    return False
