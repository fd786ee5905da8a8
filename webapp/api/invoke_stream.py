"""InvokeWithResponseStream: the response piece by piece, as the function writes it. Source: "API reference"."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.errors import LambdaError
from sandbox.function import Invocation, ResponseChunk
from webapp.api.event_stream import CONTENT_TYPE, MAX_PAYLOAD_BYTES, event
from webapp.api.invoke import clear_refusals, find_target
from webapp.api.operations import Call, operation

Item = ResponseChunk | Invocation


@operation("InvokeWithResponseStream")
def invoke_with_response_stream(call: Call) -> Mapping[str, Any]:
    """Run a function; every piece of its response is a PayloadChunk, InvokeComplete is the last event."""
    given = call.parameters
    target = find_target(call)
    if given.get("InvocationType") == "DryRun":
        return {"StatusCode": 204}
    with clear_refusals():
        items = call.services.sandbox.invoke_stream(
            target.function, given.get("Payload") or b"", **target.options(call)
        )
        first = next(items)  # a refusal must come as an error, ahead of the stream
    return {
        "StatusCode": 200,
        "ExecutedVersion": target.function.version,
        "EventStream": _events(first, items, log=given.get("LogType") == "Tail"),
        "ResponseStreamContentType": CONTENT_TYPE,
    }


def _events(first: Item, rest: Iterator[Item], *, log: bool) -> Iterator[bytes]:
    streamed = False
    try:
        for item in _chain(first, rest):
            if isinstance(item, ResponseChunk):
                streamed = True
                yield from _chunks(item.data)
            else:
                if not streamed and item.succeeded:
                    yield from _chunks(item.payload)
                yield _complete(item, log=log)
    except LambdaError as error:  # the manager died in the middle
        yield event("InvokeComplete", _json(ErrorCode=error.type, ErrorDetails=error.message), "application/json")


def _chain(first: Item, rest: Iterator[Item]) -> Iterator[Item]:
    yield first
    yield from rest


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), MAX_PAYLOAD_BYTES):
        yield event("PayloadChunk", data[start : start + MAX_PAYLOAD_BYTES], "application/octet-stream")


def _complete(invocation: Invocation, *, log: bool) -> bytes:
    fields: dict[str, str] = {}
    if invocation.function_error is not None:
        fields.update(ErrorCode=invocation.function_error, ErrorDetails=invocation.payload.decode(errors="replace"))
    if log:
        fields["LogResult"] = b64encode(invocation.log_tail()).decode()
    return event("InvokeComplete", _json(**fields), "application/json")


def _json(**fields: str) -> bytes:
    return json.dumps(fields).encode()
