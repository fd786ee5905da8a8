"""The Runtime API of one execution environment: the other side of every official runtime client.

`sandbox.environment` tells it which descriptors are readable and reads the outcome here. It runs on the thread that
drives the environment, so nothing is locked. Source: "Using the Lambda runtime API for custom runtimes" in the AWS
Lambda Developer Guide, and the states of the Runtime Interface Emulator.
"""

from __future__ import annotations

import contextlib
import enum
import json
import select
import socket
import time
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass

import httptools

from sandbox.failures import RESPONSE_TOO_LARGE, UNKNOWN, response_too_large
from sandbox.limits import MAX_RESPONSE_BYTES, MAX_STREAMED_RESPONSE_BYTES

_PREFIX = "/2018-06-01/runtime/"
_READ = 256 * 1024
_MAX_CONNECTIONS = 256
_MAX_HEAD = 8 * 1024 * 1024  # a request's line and headers; the Python client puts up to 1 MB of X-Ray data there
_ERROR_TYPE, _MODE = "lambda-runtime-function-error-type", "lambda-runtime-function-response-mode"


class RuntimeState(enum.Enum):
    """Where a runtime is, by the emulator's names."""

    STARTED = "Started"
    READY = "Ready"
    RUNNING = "Running"
    INVOCATION_RESPONSE = "InvocationResponse"
    INVOCATION_ERROR_RESPONSE = "InvocationErrorResponse"
    RESPONSE_SENT = "ResponseSent"
    INIT_ERROR = "InitError"


_S = RuntimeState
TRANSITIONS: dict[RuntimeState, frozenset[RuntimeState]] = {
    _S.STARTED: frozenset({_S.READY, _S.INIT_ERROR}),
    _S.READY: frozenset({_S.READY, _S.RUNNING}),
    _S.RUNNING: frozenset({_S.INVOCATION_RESPONSE, _S.INVOCATION_ERROR_RESPONSE}),
    _S.INVOCATION_RESPONSE: frozenset({_S.RESPONSE_SENT, _S.INVOCATION_ERROR_RESPONSE}),
    _S.INVOCATION_ERROR_RESPONSE: frozenset({_S.RESPONSE_SENT}),
    _S.RESPONSE_SENT: frozenset({_S.READY}),
    _S.INIT_ERROR: frozenset(),
}


@dataclass(frozen=True)
class Event:
    """What `/next` hands the runtime. `deadline_ms` since the epoch."""

    request_id: str
    body: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str
    client_context: str | None = None

    def response(self) -> bytes:
        """The whole HTTP answer to `/next`."""
        lines = [
            "HTTP/1.1 200 OK",
            "Content-Type: application/json",
            f"Lambda-Runtime-Aws-Request-Id: {self.request_id}",
            f"Lambda-Runtime-Deadline-Ms: {self.deadline_ms}",
            f"Lambda-Runtime-Invoked-Function-Arn: {self.function_arn}",
            f"Lambda-Runtime-Trace-Id: {self.trace_id}",
        ]
        if self.client_context:
            lines.append(f"Lambda-Runtime-Client-Context: {self.client_context}")
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1", "replace") + self.body


@dataclass(frozen=True)
class Outcome:
    """What the runtime said of an invocation, or of its init. `at` is a `time.perf_counter` reading."""

    body: bytes
    error_type: str | None
    content_type: str
    at: float


class RuntimeApi:
    """Serves one runtime on the `listener` that its sandbox handed out.

    `poll` is the environment's epoll; descriptors are registered there. `on_chunk(data, content_type)` gets streamed
    response data as it comes.
    """

    def __init__(self, listener: socket.socket, poll: select.epoll) -> None:
        listener.setblocking(False)
        self.state = RuntimeState.STARTED
        self.outcome: Outcome | None = None
        self.on_chunk: Callable[[bytes, str], None] | None = None
        self._listener = listener
        self._poll = poll
        self._connections: dict[int, _Connection] = {}
        self._waiting: _Connection | None = None
        self._event: Event | None = None
        poll.register(listener, select.EPOLLIN)

    @property
    def ready(self) -> bool:
        """True while the runtime waits in `/next`."""
        return self._waiting is not None

    def begin(self, event: Event, timeout_s: float) -> None:
        """Hand `event` to the waiting runtime. Raises OSError where it does not take it within `timeout_s`."""
        connection = self._waiting
        assert connection is not None
        self._waiting = None
        self._event = event
        self.outcome = None
        self.state = RuntimeState.RUNNING
        connection.send(event.response(), timeout_s)

    def handle(self, descriptor: int) -> None:
        """`descriptor` is readable: a new connection, or more of a request."""
        if descriptor == self._listener.fileno():
            self._accept()
            return
        connection = self._connections.get(descriptor)
        if connection is not None and not connection.read():
            self._drop(connection)

    def drain(self) -> None:
        """Take in what has arrived already (the runtime's process is gone)."""
        self._accept()
        for connection in list(self._connections.values()):
            connection.read_rest()

    def close(self) -> None:
        """Close every socket."""
        for connection in list(self._connections.values()):
            self._drop(connection)
        with contextlib.suppress(OSError, ValueError):
            self._poll.unregister(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                accepted, _ = self._listener.accept()
                if len(self._connections) >= _MAX_CONNECTIONS:
                    accepted.close()
                    continue
                accepted.setblocking(False)
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = _Connection(accepted, self)
                self._connections[accepted.fileno()] = connection
                self._poll.register(accepted, select.EPOLLIN)

    def _drop(self, connection: _Connection) -> None:
        if self._waiting is connection:
            self._waiting = None
        descriptor = connection.socket.fileno()
        self._connections.pop(descriptor, None)
        with contextlib.suppress(OSError, ValueError):
            self._poll.unregister(descriptor)
        connection.socket.close()

    # What each request means; called by a connection when the request is whole.

    def answer(self, connection: _Connection) -> None:
        """Route one whole request."""
        method, path = connection.method, connection.path
        if not path.startswith(_PREFIX):
            connection.reply(404, _problem("The playground has no such Runtime API path.", "NotFound"))
            return
        parts = path[len(_PREFIX) :].split("/")
        if method == "GET" and parts == ["invocation", "next"]:
            self._next(connection)
        elif method == "POST" and parts == ["init", "error"]:
            self._init_error(connection)
        elif method == "POST" and len(parts) == 3 and parts[0] == "invocation" and parts[2] in ("response", "error"):
            self._result(connection, parts[1], parts[2])
        else:
            connection.reply(404, _problem("The playground has no such Runtime API path.", "NotFound"))

    def _next(self, connection: _Connection) -> None:
        if self.state is _S.RUNNING:
            # A runtime that asks for the next event without answering this one.
            self._refuse(connection, _S.READY)
            return
        self.state = _S.READY
        self._waiting = connection

    def _init_error(self, connection: _Connection) -> None:
        if not self._moved(connection, _S.INIT_ERROR):
            return
        self._finish(connection, is_error=True)
        connection.reply(202, b'{"status":"OK"}\n')

    def _result(self, connection: _Connection, request_id: str, kind: str) -> None:
        if self._event is None or request_id != self._event.request_id:
            connection.reply(400, _problem("Invalid request ID", "InvalidRequestID"))
            return
        is_error = kind == "error"
        target = _S.INVOCATION_ERROR_RESPONSE if is_error else _S.INVOCATION_RESPONSE
        if not self._moved(connection, target):
            return
        if connection.too_large and not connection.streaming:
            self.outcome = Outcome(
                response_too_large().payload(), RESPONSE_TOO_LARGE, "application/json", time.perf_counter()
            )
            words = f"Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
            connection.reply(413, _problem(words, "RequestEntityTooLarge"))
        else:
            self._finish(connection, is_error=is_error)
            connection.reply(202, b'{"status":"OK"}\n')
        self.state = _S.RESPONSE_SENT

    def _finish(self, connection: _Connection, *, is_error: bool) -> None:
        body = connection.body()
        error_type: str | None = None
        if is_error:
            error_type = connection.headers.get(_ERROR_TYPE) or _error_type_in(body) or UNKNOWN
        elif connection.headers.get(_ERROR_TYPE):
            # The response broke off midway: type and body travel in trailers (Go's client streams without saying so).
            error_type = connection.headers[_ERROR_TYPE]
            with contextlib.suppress(ValueError):
                body = b64decode(connection.headers.get("lambda-runtime-function-error-body", "")) or body
        content_type = connection.headers.get("content-type", "application/json")
        self.outcome = Outcome(body, error_type, content_type, time.perf_counter())

    def _moved(self, connection: _Connection, target: RuntimeState) -> bool:
        if target in TRANSITIONS[self.state]:
            self.state = target
            return True
        self._refuse(connection, target)
        return False

    def _refuse(self, connection: _Connection, target: RuntimeState) -> None:
        words = (
            f"State transition from {self.state.value} to {target.value} failed for runtime. "
            "Error: State transition is not allowed"
        )
        connection.reply(403, _problem(words, "InvalidStateTransition"))

    def accepts_stream(self, path: str) -> bool:
        """True where a streamed response on `path` belongs to the running invocation."""
        event = self._event
        return self.state is _S.RUNNING and event is not None and path.endswith(f"/{event.request_id}/response")


class _Connection:
    """One HTTP connection of the runtime; httptools calls the `on_…` methods."""

    def __init__(self, accepted: socket.socket, api: RuntimeApi) -> None:
        self.socket = accepted
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._broken = False
        self.on_message_begin()

    def read(self) -> bool:
        """Read once; False where the connection is of no more use."""
        try:
            data = self.socket.recv(_READ)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return bool(data) and self._feed(data)

    def read_rest(self) -> None:
        """Read all that has arrived."""
        with contextlib.suppress(OSError):
            while data := self.socket.recv(_READ):
                if not self._feed(data):
                    return

    def _feed(self, data: bytes) -> bool:
        if not self.method:
            self._head_size += len(data)
            if self._head_size > _MAX_HEAD:
                return False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.reply(400, _problem("The request is not HTTP/1.1.", "InvalidRequest"))
            return False
        return not self._broken

    def send(self, data: bytes, timeout_s: float) -> None:
        """Send all of `data`, waiting at most `timeout_s`."""
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.socket.settimeout(max(timeout_s, 0.01))
            try:
                self.socket.sendall(memoryview(data)[sent:])
            finally:
                self.socket.setblocking(False)

    def reply(self, status: int, body: bytes) -> None:
        """A JSON answer."""
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n"
        try:
            self.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body, 1.0)
        except OSError:
            self._broken = True

    def body(self) -> bytes:
        """The request's body."""
        return b"".join(self._parts)

    def on_message_begin(self) -> None:
        self.path = self.method = ""
        self.headers: dict[str, str] = {}
        self.streaming = self.too_large = False
        self._parts: list[bytes] = []
        self._size = self._head_size = 0

    def on_url(self, url: bytes) -> None:
        self.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) < 100:
            self.headers[name.decode("latin-1").lower()] = value.decode("utf-8", "replace")

    def on_headers_complete(self) -> None:
        self.method = self._parser.get_method().decode("latin-1")
        if self.headers.get("expect", "").lower() == "100-continue":
            with contextlib.suppress(OSError):
                self.send(b"HTTP/1.1 100 Continue\r\n\r\n", 1.0)
        self.streaming = self.headers.get(_MODE, "").lower() == "streaming" and self._api.accepts_stream(self.path)

    def on_body(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > (MAX_STREAMED_RESPONSE_BYTES if self.streaming else MAX_RESPONSE_BYTES):
            self.too_large = True
            if not self.streaming:
                self._parts.clear()
            return
        if self.streaming and self._api.on_chunk is not None:
            self._api.on_chunk(data, self.headers.get("content-type", "application/octet-stream"))
        self._parts.append(data)

    def on_message_complete(self) -> None:
        self._api.answer(self)


_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
            413: "Request Entity Too Large"}  # fmt: skip


def _problem(message: str, error_type: str) -> bytes:
    return json.dumps({"errorMessage": message, "errorType": error_type}).encode()


def _error_type_in(body: bytes) -> str | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    found = value.get("errorType") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None
