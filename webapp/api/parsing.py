"""From a request to the operation's parameters: labels, query, headers, JSON body, base64 blobs, raw payload.

Called by `webapp.api.dispatch` after routing; what it returns is what boto3's caller passed in.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import OperationModel, Shape

from sandbox.errors import InvalidRequestContentException, LambdaError


class SerializationException(LambdaError):
    """A value has another JSON type than the service model says."""

    type = "SerializationException"
    status = 400


def parse(
    operation: OperationModel,
    labels: Mapping[str, str],
    query: list[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
) -> dict[str, Any]:
    """The parameters of a call to `operation`.

    `labels` are the decoded path labels, `headers` have lower-case names. Raises InvalidRequestContentException
    for a body that is not JSON and SerializationException for a value of the wrong type; both name the field.
    """
    shape = operation.input_shape
    if shape is None:
        return {}
    parameters: dict[str, Any] = {}
    payload = shape.serialization.get("payload")
    in_body: dict[str, Shape] = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name)
        if location == "uri":
            if wire_name in labels:
                parameters[name] = _text(member, labels[wire_name], name)
        elif location == "querystring":
            values = [value for key, value in query if key == wire_name]
            if values and member.type_name == "list":
                parameters[name] = values
            elif values:
                parameters[name] = _text(member, values[-1], name)
        elif location == "header":
            value = headers.get(wire_name.lower())
            if value is not None:
                parameters[name] = _text(member, value, name)
        elif name != payload:
            in_body[name] = member
    if payload is not None:
        member = shape.members[payload]
        if member.type_name == "blob":
            if body:
                parameters[payload] = body
        elif body:
            parameters[payload] = _value(member, _json(body), payload)
    elif in_body:
        parsed = _json(body) if body.strip() else {}
        if not isinstance(parsed, dict):
            raise SerializationException("The request body must be a JSON object.")
        for name, member in in_body.items():
            wire_name = member.serialization.get("name", name)
            if parsed.get(wire_name) is not None:
                parameters[name] = _value(member, parsed[wire_name], name)
    return parameters


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError:
        raise InvalidRequestContentException(
            "Could not parse request body into json: it is nested too deeply."
        ) from None
    except ValueError as error:
        raise InvalidRequestContentException(f"Could not parse request body into json: {error}") from None


def _text(shape: Shape, text: str, field: str) -> Any:
    """A value from the path, the query or a header."""
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
    except ValueError:
        raise SerializationException(f"'{text}' at '{field}' is not a number.", field=field) from None
    if kind == "timestamp":
        return _timestamp(text, field)
    if kind == "boolean":
        return text.lower() == "true"
    return text


def _value(shape: Shape, value: Any, field: str) -> Any:
    """A value from the JSON body, checked for its type and with blobs decoded."""
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            raise _wrong(value, "a structure", field)
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            wire_name = member.serialization.get("name", name)
            if value.get(wire_name) is not None:
                found[name] = _value(member, value[wire_name], f"{field}.{name}")
        return found
    if kind == "list":
        if not isinstance(value, list):
            raise _wrong(value, "a list", field)
        return [None if item is None else _value(shape.member, item, field) for item in value]
    if kind == "map":
        if not isinstance(value, dict):
            raise _wrong(value, "a map", field)
        item_shape = shape.value
        return {
            _storable(key, field): None if item is None else _value(item_shape, item, field)
            for key, item in value.items()
        }
    if kind == "blob":
        return _blob(value, field)
    if kind == "string":
        if isinstance(value, (dict, list)):
            raise _wrong(value, "a string", field)
        return _storable(value, field) if isinstance(value, str) else json.dumps(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise _wrong(value, "a boolean", field)
        return value
    if kind == "timestamp":
        return _timestamp(value, field)
    return _number(kind, value, field)


def _storable(text: str, field: str) -> str:
    """The text, which must be Unicode that can be written down: half a surrogate pair is none."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SerializationException(f"'{field}' has a character that is not allowed.", field=field)
    return text


def _number(kind: str, value: Any, field: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _wrong(value, "a number", field)
    try:
        return int(value) if kind in ("integer", "long") else float(value)
    except (ValueError, OverflowError):
        raise _wrong(value, "a number", field) from None


def _blob(value: Any, field: str) -> bytes:
    if not isinstance(value, str):
        raise _wrong(value, "a base64 string", field)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequestContentException(
            f"Could not parse request body into json: '{field}' is not valid base64.", field=field
        ) from None


def _timestamp(value: Any, field: str) -> datetime:
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            return datetime.fromisoformat(value.replace("Z", "+00:00"))
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(value, "a timestamp", field) from None


def _wrong(value: Any, expected: str, field: str) -> SerializationException:
    shown = json.dumps(value)[:100]
    return SerializationException(f"'{field}' must be {expected}, not {shown}.", field=field)
