"""From an operation's output, or an error, to the HTTP answer AWS would give.

Called by `webapp.api.dispatch`. Only members of the service model leave the house; absent ones are left out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import OperationModel, Shape
from flask import Response

from sandbox.errors import LambdaError
from webapp.api.service_model import error_message_member


def answer(operation: OperationModel, output: Mapping[str, Any], request_id: str) -> Response:
    """The answer for `output`, a mapping by the model's member names.

    A member the model puts in the status line ("StatusCode") sets it, one it puts in a header goes there, a
    payload is the body as it is (bytes, or an iterator of bytes to stream).
    """
    status = int(operation.http.get("responseCode", 200))
    headers: dict[str, str] = {}
    fields: dict[str, Any] = {}
    shape = operation.output_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    body: Any = None
    for name, member in shape.members.items() if shape is not None else ():
        value = output.get(name)
        if value is None:
            continue
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if location == "statusCode":
            status = int(value)
        elif location == "header":
            headers[wire_name] = str(value)
        elif name == payload:
            as_it_is = member.type_name == "blob" or _is_stream(member)
            body = value if as_it_is else json.dumps(_value(member, value))
        else:
            fields[wire_name] = _value(member, value)
    if payload is None:
        body = json.dumps(fields) if shape is not None and status not in (204, 205) else b""
    if body is None:
        body = b""
    response = Response(body, status=status)
    response.headers["Content-Type"] = headers.pop("Content-Type", "application/json")
    response.headers.extend(headers)
    response.headers["x-amzn-RequestId"] = request_id
    return response


def error_answer(error: LambdaError, request_id: str) -> Response:
    """The answer for an error: its type in a header, the reason in the body, spelled as the service model does."""
    spelling = error_message_member(error.type)
    fields: dict[str, Any] = {}
    if spelling is not None:
        fields["Type"] = "User" if error.status < 500 else "Service"
    fields[spelling or "message"] = error.message
    if error.reason:
        fields["Reason"] = error.reason
    response = Response(json.dumps(fields), status=error.status, content_type="application/json")
    response.headers["x-amzn-ErrorType"] = error.type
    response.headers["x-amzn-RequestId"] = request_id
    if error.status == 429:
        response.headers["Retry-After"] = "1"
    return response


def lambda_time(moment: datetime) -> str:
    """A time as Lambda's string timestamps have it: "2026-11-24T10:00:00.000+0000"."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def _is_stream(shape: Shape) -> bool:
    return bool(shape.serialization.get("eventstream"))


def _value(shape: Shape, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return {
            member.serialization.get("name", name): _value(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if kind == "list":
        return [_value(shape.member, item) for item in value]
    if kind == "map":
        return {key: _value(shape.value, item) for key, item in value.items()}
    if kind == "blob":
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        utc = value if value.tzinfo else value.replace(tzinfo=UTC)
        return lambda_time(utc) if kind == "string" else round(utc.timestamp(), 3)
    return value
