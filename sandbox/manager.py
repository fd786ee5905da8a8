"""The manager: owns every execution environment of this host, and is all that a caller needs to know.

Used in-process by scripts and tests as `sandbox.Sandbox`, and by `sandbox.server` for the web application.
"""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.async_queue import AsyncQueue
from sandbox.errors import (
    InvalidParameterValueException,
    InvalidRequestContentException,
    InvalidRuntimeException,
    RequestTooLargeException,
)
from sandbox.function import Function, Invocation, LogEvent, ResponseChunk
from sandbox.invoke import Invoker, Request, build_failed, provision
from sandbox.isolation.bubblewrap import Isolation
from sandbox.isolation.cgroups import Cgroups
from sandbox.limits import MAX_ASYNC_EVENT_AGE_S, MAX_ASYNC_EVENT_BYTES, MAX_EVENT_BYTES
from sandbox.package import PackageStore
from sandbox.process import Host, Spawner
from sandbox.runs import Runs
from sandbox.runtimes import runtime as runtime_named
from sandbox.runtimes import runtimes
from sandbox.runtimes.base import BuildError, Runtime
from sandbox.scaling import IDLE_S, Scaling
from sandbox.status import ManagerStatus, runtime_statuses

_MAX_PREPARED = 2_000
_NOT_JSON = "Could not parse request body into json"


class Sandbox:
    """Runs functions in isolated execution environments. Thread-safe; a context manager.

    `data_folder` holds unpacked packages (a temporary folder by default, removed at the end), `idle_s` is how long a
    warm environment is kept. Raises IsolationUnavailable where code can't be isolated here.
    """

    def __init__(self, data_folder: Path | None = None, *, idle_s: float = IDLE_S) -> None:
        self._temporary = Path(tempfile.mkdtemp(prefix="lambda-playground-")) if data_folder is None else None
        folder = self._temporary or Path(data_folder or ".").absolute()
        self.packages = PackageStore(folder)
        self._environments = _own_folder(folder / "environments")
        self._isolation = Isolation.find(self._environments / "isolation")
        self._cgroups = Cgroups.find()
        self._spawner = Spawner()
        host = Host(self._isolation, self._cgroups, self._spawner, self._environments, itertools.count(1))
        self._scaling = Scaling(host, idle_s=idle_s)
        self._runs = Runs()
        self._queue = AsyncQueue(self._invoke)
        self._prepared: dict[tuple[str, str, tuple[str, ...]], tuple[Path, Path | None]] = {}
        self._preparing: dict[tuple[str, str, tuple[str, ...]], threading.Lock] = {}
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every environment and give everything back."""
        if self._closed:
            return
        self._closed = True
        self._queue.close()
        self._scaling.close()
        self._spawner.close()
        self._cgroups.close()
        shutil.rmtree(self._temporary or self._environments, ignore_errors=True)

    def run(self, code: str | bytes | Mapping[str, str | bytes], handler: str = "", event: Any = None,
            **fields: Any) -> Invocation:  # fmt: skip
        """Run some code once, or again in its warm environment.

        `code` is a handler's source, a zip's bytes, or files by name; `event` anything JSON can hold; `fields` are
        those of `Function` (`runtime`, `memory_mb`, `timeout_s`, …). Raises LambdaError where it can't be run.
        """
        runtime = runtime_named(fields.setdefault("runtime", default_runtime()))
        if isinstance(code, bytes):
            package = self.packages.put_zip(code)
        else:
            files = {runtime.source_name or "bootstrap": code} if isinstance(code, str) else code
            package = self.packages.put_files(
                {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
            )
        function = Function(package.sha256, handler or runtime.default_handler or "bootstrap", **fields)
        return self.invoke(function, json.dumps({} if event is None else event).encode())

    def invoke(
        self, function: Function, event: bytes, *, client_context: str | None = None, trace_id: str | None = None,
        request_id: str | None = None, force_cold: bool = False, qualifier_arn: str | None = None,
    ) -> Invocation:  # fmt: skip
        """One synchronous invocation with the JSON `event` (6 MB at most).

        Raises InvalidRequestContentException, RequestTooLargeException, TooManyRequestsException,
        InvalidRuntimeException, ResourceNotFoundException (no such package), ServiceException.
        """
        return self._invoke(_request(function, event, client_context, trace_id, request_id, force_cold, qualifier_arn))

    def start(
        self, function: Function, event: bytes, *, client_context: str | None = None, trace_id: str | None = None,
        request_id: str | None = None, force_cold: bool = False, qualifier_arn: str | None = None,
    ) -> str:  # fmt: skip
        """Like `invoke`, but returns at once with a run id for `follow` and `stop`."""
        request = _request(function, event, client_context, trace_id, request_id, force_cold, qualifier_arn)
        return self._runs.start(request, self._invoke)

    def follow(
        self, run_id: str, *, timeout_s: float | None = None
    ) -> Iterator[LogEvent | ResponseChunk | Invocation | None]:
        """What a run gives, from its first log event on; its Invocation last, or None where `timeout_s` ran out.

        Raises what `invoke` raises, and ResourceNotFoundException for an unknown run.
        """
        return self._runs.get(run_id).follow(timeout_s)

    def stop(self, run_id: str) -> None:
        """End a run now. Raises ResourceNotFoundException."""
        self._runs.get(run_id).request.stop()

    def invoke_stream(
        self, function: Function, event: bytes, *, client_context: str | None = None, trace_id: str | None = None,
        request_id: str | None = None, force_cold: bool = False, qualifier_arn: str | None = None,
    ) -> Iterator[ResponseChunk | Invocation]:  # fmt: skip
        """Like `invoke`, giving a streamed response piece by piece and the Invocation last."""
        run_id = self.start(
            function, event, client_context=client_context, trace_id=trace_id, request_id=request_id,
            force_cold=force_cold, qualifier_arn=qualifier_arn,
        )  # fmt: skip
        for item in self.follow(run_id):
            if isinstance(item, (ResponseChunk, Invocation)):
                yield item

    def invoke_async(
        self, function: Function, event: bytes, *, max_retries: int = 2, max_age_s: float = MAX_ASYNC_EVENT_AGE_S,
        client_context: str | None = None, trace_id: str | None = None, request_id: str | None = None,
        force_cold: bool = False, qualifier_arn: str | None = None,
    ) -> str:  # fmt: skip
        """Queue an event (1 MB at most) and return its request id; a failed one is tried again, as Lambda does."""
        if len(event) > MAX_ASYNC_EVENT_BYTES:
            raise RequestTooLargeException(
                f"{len(event)} byte payload is too large for the Event invocation type "
                f"(limit {MAX_ASYNC_EVENT_BYTES} bytes)",
                field="event",
            )
        request = _request(function, event, client_context, trace_id, request_id, force_cold, qualifier_arn)
        self._queue.put(request, max_retries, max_age_s)
        return request.request_id

    def provision(self, function: Function, count: int) -> int:
        """Keep `count` environments of `function` initialised; returns how many are ready (fewer where init fails)."""
        ready = self._scaling.set_provisioned(function, count)
        if ready >= count:
            return ready
        provisioned = dataclasses.replace(function, initialization_type="provisioned-concurrency")
        code, opt = self._prepare(self._runtime(function), function)
        for _ in range(count - ready):
            if not provision(self._scaling, provisioned, code, opt):
                break
            ready += 1
        return ready

    def discard(self, name: str) -> None:
        """End the idle environments of the function called `name` (it was updated or deleted)."""
        self._scaling.discard(name)

    def warm_up(self, runtime: str) -> None:
        """Boot spare environments of `runtime` in the background, so that the first cold start is a short one."""
        if runtime_named(runtime).available:
            self._scaling.warm_up(runtime)

    def status(self) -> ManagerStatus:
        """How code is isolated here, what runs, and which runtimes there are."""
        environments, spares = self._scaling.count()
        warning = self._isolation.warning
        if self._cgroups.kind == "none":
            warning = f"{warning} {self._cgroups.description}".strip()
        return ManagerStatus(
            isolation=self._isolation.description, limits=self._cgroups.description, warning=warning,
            environments=environments, spares=spares, concurrency_limit=self._scaling.concurrency_limit,
            runtimes=runtime_statuses(),
        )  # fmt: skip

    def _invoke(self, request: Request) -> Invocation:
        function = request.function
        runtime = self._runtime(function)
        try:
            code, opt = self._prepare(runtime, function)
        except BuildError as error:
            return build_failed(request, error)
        return Invoker(self._scaling, request, code, opt).run()

    def _runtime(self, function: Function) -> Runtime:
        runtime = runtime_named(function.runtime)
        if runtime.missing:
            raise InvalidRuntimeException(runtime.missing, field="runtime")
        return runtime

    def _prepare(self, runtime: Runtime, function: Function) -> tuple[Path, Path | None]:
        """The folders for /var/task and /opt; built once, also when many ask at the same time."""
        key = (runtime.identifier, function.code_sha256, function.layers)
        found = self._prepared.get(key)
        if found is not None and found[0].exists():  # a build cache may be swept while we run
            return found
        with self._lock:
            lock = self._preparing.setdefault(key, threading.Lock())
        with lock:
            found = self._prepared.get(key)
            if found is None or not found[0].exists():
                code = runtime.prepare(self.packages.get(function.code_sha256).path)
                found = (code, self.packages.merge_layers(function.layers))
                if len(self._prepared) >= _MAX_PREPARED:
                    self._prepared.clear()  # only a memory of what is on disk
                    self._preparing.clear()
                self._prepared[key] = found
        return found


def default_runtime() -> str:
    """The runtime of a handler that says nothing: the newest Python this host has."""
    return next((r.identifier for r in runtimes() if r.family == "python" and r.available), "python3.13")


def _request(
    function: Function, event: bytes, client_context: str | None, trace_id: str | None, request_id: str | None,
    force_cold: bool, qualifier_arn: str | None,
) -> Request:  # fmt: skip
    event = event.strip() or b"{}"
    if len(event) > MAX_EVENT_BYTES:
        raise RequestTooLargeException(
            f"Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation", field="event"
        )
    try:
        json.loads(event)
    except RecursionError:
        words = "it is nested too deeply."
        raise InvalidRequestContentException(f"{_NOT_JSON}: {words}", field="event") from None
    except ValueError as error:
        raise InvalidRequestContentException(f"{_NOT_JSON}: {error}", field="event") from None
    if client_context is not None:
        try:
            client_context = base64.b64decode(client_context, validate=True).decode()
            json.loads(client_context)
        except ValueError:
            words = "Client context must be a valid base64-encoded JSON."
            raise InvalidParameterValueException(words, field="ClientContext") from None
    request = Request(
        function, event, client_context=client_context, trace_id=trace_id, force_cold=force_cold,
        qualifier_arn=qualifier_arn,
    )  # fmt: skip
    if request_id:
        request.request_id = request_id
    return request


def _own_folder(parent: Path) -> Path:
    """A folder for this process's environments; those of managers that are gone are removed."""
    parent.mkdir(parents=True, exist_ok=True)
    for folder in parent.iterdir():
        pid = folder.name.partition("-")[0]
        if not (pid.isdigit() and Path("/proc", pid).exists()):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=parent))
