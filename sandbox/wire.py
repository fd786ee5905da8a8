"""How a call crosses the manager's socket: frames of a JSON header and a binary body, and what goes in them.

Used by `sandbox.server` and `sandbox.client`. Lengths are 4 bytes each, big-endian: the header's, the body's.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

from sandbox.errors import LambdaError, ServiceException, error_named
from sandbox.function import Invocation, LogEvent, ResponseChunk
from sandbox.status import ManagerStatus, RuntimeStatus

_LENGTHS = struct.Struct(">II")
MAX_HEADER = 64 * 1024 * 1024
Frame = tuple[dict[str, Any], bytes]


def send(connection: socket.socket, header: Mapping[str, Any], body: bytes = b"") -> None:
    """Send one frame."""
    head = json.dumps(header).encode()
    connection.sendall(_LENGTHS.pack(len(head), len(body)) + head + body)


def receive(connection: socket.socket) -> Frame | None:
    """The next frame; None where the other side has closed."""
    lengths = _exactly(connection, _LENGTHS.size)
    if lengths is None:
        return None
    head_size, body_size = _LENGTHS.unpack(lengths)
    if head_size > MAX_HEADER:
        raise ServiceException("The manager's socket carried something that is not a frame.")
    data = _exactly(connection, head_size + body_size)
    if data is None:
        return None
    return json.loads(data[:head_size]), bytes(data[head_size:])


def item_frame(item: LogEvent | ResponseChunk | Invocation | ManagerStatus | None) -> Frame:
    """A result as a frame."""
    if item is None:
        return {"kind": "timeout"}, b""
    if isinstance(item, LogEvent):
        return {"kind": "log", "event": [item.timestamp_ms, item.message, item.source]}, b""
    if isinstance(item, ResponseChunk):
        return {"kind": "chunk", "content_type": item.content_type}, item.data
    if isinstance(item, ManagerStatus):
        fields = dict(vars(item))
        fields["runtimes"] = [vars(runtime) for runtime in item.runtimes]
        return {"kind": "status", "fields": fields}, b""
    fields = {name: value for name, value in vars(item).items() if name not in ("payload", "log")}
    fields["log"] = [[event.timestamp_ms, event.message, event.source] for event in item.log]
    return {"kind": "invocation", "fields": fields}, item.payload


def error_frame(error: LambdaError) -> Frame:
    """An error as a frame."""
    return {
        "kind": "error", "type": error.type, "class": type(error).__name__, "status": error.status,
        "message": error.message, "field": error.field, "reason": error.reason,
    }, b""  # fmt: skip


def read_item(frame: Frame) -> LogEvent | ResponseChunk | Invocation | ManagerStatus | None:
    """What a frame holds. Raises the LambdaError that an error frame carries."""
    header, body = frame
    kind = header["kind"]
    if kind == "log":
        return LogEvent(*header["event"])
    if kind == "chunk":
        return ResponseChunk(body, header["content_type"])
    if kind == "status":
        fields = header["fields"]
        fields["runtimes"] = tuple(RuntimeStatus(**runtime) for runtime in fields["runtimes"])
        return ManagerStatus(**fields)
    if kind == "invocation":
        fields = header["fields"]
        fields["log"] = tuple(LogEvent(*event) for event in fields["log"])
        return Invocation(payload=body, **fields)
    if kind == "error":
        raise error_named(
            header["type"], header["message"], status=header["status"], field=header["field"],
            reason=header["reason"], class_name=header["class"],
        )  # fmt: skip
    return None


def _exactly(connection: socket.socket, size: int) -> bytearray | None:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        count = connection.recv_into(view[got:])
        if not count:
            return None
        got += count
    return data
