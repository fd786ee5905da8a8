"""The manager seen from another process: the same calls as `sandbox.Sandbox`, over its unix socket.

Used by `webapp`. Connections are kept and shared between threads, one call at a time on each.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import wire
from sandbox.errors import ManagerUnavailable, ServiceException
from sandbox.function import Function, Invocation, LogEvent, ResponseChunk
from sandbox.limits import MAX_ASYNC_EVENT_AGE_S
from sandbox.status import ManagerStatus

_KEPT = 64
_GONE = "The playground's manager was stopped in the middle of this call. Run it again."
_NOT_THERE = "The playground's manager is not running. It is started again by itself; try again in a moment."


class SandboxClient:
    """Calls to the manager that listens on `socket_path`. Thread-safe. Every call may raise ManagerUnavailable."""

    def __init__(self, socket_path: Path) -> None:
        self._path = str(socket_path)
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()

    def invoke(self, function: Function, event: bytes, **options: Any) -> Invocation:
        """See `Sandbox.invoke`; `options` are its keyword arguments."""
        result = self._item({"call": "invoke", "function": function.to_dict(), **options}, event)
        assert isinstance(result, Invocation)
        return result

    def start(self, function: Function, event: bytes, **options: Any) -> str:
        """See `Sandbox.start`."""
        return str(self._value({"call": "start", "function": function.to_dict(), **options}, event))

    def follow(
        self, run_id: str, *, timeout_s: float | None = None
    ) -> Iterator[LogEvent | ResponseChunk | Invocation | None]:
        """See `Sandbox.follow`. The connection is given back when the iterator ends or is closed."""
        connection = self._connect()
        finished = False
        try:
            self._send(connection, {"call": "follow", "run_id": run_id, "timeout_s": timeout_s})
            while True:
                frame = self._receive(connection)
                kind = frame[0]["kind"]
                if kind in ("end", "error"):
                    finished = True
                    if kind == "error":
                        wire.read_item(frame)
                    return
                item = wire.read_item(frame)
                assert not isinstance(item, ManagerStatus)
                if isinstance(item, Invocation) or item is None:
                    # the last item: nothing but the end's frame comes after it
                    finished = self._receive(connection)[0]["kind"] == "end"
                    yield item
                    return
                yield item
        finally:
            self._give_back(connection) if finished else connection.close()

    def stop(self, run_id: str) -> None:
        """See `Sandbox.stop`."""
        self._value({"call": "stop", "run_id": run_id})

    def invoke_async(
        self, function: Function, event: bytes, *, max_retries: int = 2, max_age_s: float = MAX_ASYNC_EVENT_AGE_S,
        **options: Any,
    ) -> str:  # fmt: skip
        """See `Sandbox.invoke_async`."""
        call = {"call": "invoke_async", "function": function.to_dict(), "max_retries": max_retries,
                "max_age_s": max_age_s, **options}  # fmt: skip
        return str(self._value(call, event))

    def invoke_stream(self, function: Function, event: bytes, **options: Any) -> Iterator[ResponseChunk | Invocation]:
        """See `Sandbox.invoke_stream`."""
        for item in self.follow(self.start(function, event, **options)):
            if isinstance(item, (ResponseChunk, Invocation)):
                yield item

    def provision(self, function: Function, count: int) -> int:
        """See `Sandbox.provision`."""
        return int(self._value({"call": "provision", "function": function.to_dict(), "count": count}))

    def discard(self, name: str) -> None:
        """See `Sandbox.discard`."""
        self._value({"call": "discard", "name": name})

    def status(self) -> ManagerStatus:
        """See `Sandbox.status`."""
        result = self._item({"call": "status"})
        assert isinstance(result, ManagerStatus)
        return result

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _value(self, call: dict[str, Any], body: bytes = b"") -> Any:
        frame = self._call(call, body)
        wire.read_item(frame)
        return frame[0].get("value")

    def _item(self, call: dict[str, Any], body: bytes = b"") -> Any:
        return wire.read_item(self._call(call, body))

    def _call(self, call: dict[str, Any], body: bytes) -> wire.Frame:
        connection = self._connect()
        try:
            self._send(connection, call, body)
            frame = self._receive(connection)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return frame

    def _connect(self) -> socket.socket:
        """A kept connection whose other side is still there, else a new one."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                break
            if not _readable(connection.fileno()):
                return connection
            connection.close()  # readable though nothing was asked: the manager is gone
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self._path)
        except OSError:
            connection.close()
            raise ManagerUnavailable(_NOT_THERE) from None
        return connection

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            if len(self._idle) < _KEPT:
                self._idle.append(connection)
                return
        connection.close()

    def _send(self, connection: socket.socket, call: dict[str, Any], body: bytes = b"") -> None:
        try:
            wire.send(connection, call, body)
        except OSError:
            raise ManagerUnavailable(_GONE) from None

    def _receive(self, connection: socket.socket) -> wire.Frame:
        try:
            frame = wire.receive(connection)
        except OSError:
            frame = None
        except ValueError:
            raise ServiceException("The playground's manager answered something that can't be read.") from None
        if frame is None:
            raise ManagerUnavailable(_GONE)
        return frame


def _readable(descriptor: int) -> bool:
    poll = select.poll()  # not select(), which knows no descriptor over 1,023
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
