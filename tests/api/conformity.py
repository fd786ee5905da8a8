"""Every answer held against Lambda's service model: no member it does not know, none missing that it requires.

`watch` does so for whatever a boto3 client receives; the tests' own `lambda_client` is watched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

COMMON_ERRORS = {  # what any operation may answer, by "API reference, Common error types"
    "ValidationException",
    "AccessDeniedException",
    "NotImplementedException",
    "SerializationException",
    "RequestEntityTooLargeException",
    "UnknownOperationException",
    "InvalidRequestContentException",
    "ServiceException",
}
# Values that AWS sends although its own model does not list them, as recorded answers show.
_UNLISTED = {("LastUpdateStatusReasonCode", "Creating")}
# What AWS leaves out although its model requires it, where a function has no code signing configuration.
_LEFT_OUT = {("GetFunctionCodeSigningConfig", "CodeSigningConfigArn"), ("GetFunctionCodeSigningConfig", "FunctionName")}


def watch(client: Any) -> Any:
    """The client, which fails from now on where an answer is not what the service model describes."""
    client.meta.events.register("before-parse.lambda", _check)
    return client


def _check(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    headers = {name.lower(): value for name, value in response_dict["headers"].items()}
    where, status = operation_model.name, response_dict["status_code"]
    assert headers.get("x-amzn-requestid"), f"{where}: no request id"
    if status >= 400:
        problems = list(_error_problems(operation_model, headers, response_dict["body"], status))
    else:
        problems = list(_answer_problems(operation_model, headers, response_dict["body"], status))
    assert not problems, f"{where} answered {status}: {'; '.join(problems)}"


def _error_problems(operation: Any, headers: dict[str, str], body: bytes, status: int) -> Iterator[str]:
    fields = json.loads(body)
    code = headers.get("x-amzn-errortype", "")
    shapes = {shape.name: shape for shape in operation.error_shapes}
    if code not in shapes and code not in COMMON_ERRORS:
        yield f"{operation.name} never answers {code}"
    if not (fields.get("message") or fields.get("Message")):
        yield f"{code} has no message"
    if code in shapes:
        expected = shapes[code].metadata.get("error", {}).get("httpStatusCode")
        if expected != status:
            yield f"{code} has the status {expected}"
        yield from _structure(shapes[code], fields, code, {"Type"})


def _answer_problems(operation: Any, headers: dict[str, str], body: Any, status: int) -> Iterator[str]:
    shape = operation.output_shape
    expected = operation.http.get("responseCode", 200)
    if shape is None:
        if status != expected:
            yield f"the status is not {expected}"
        if body:
            yield f"a body where there should be none: {body[:80]!r}"
        return
    by_location: dict[str, set[str]] = {}
    in_body = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location:
            by_location.setdefault(location, set()).add(member.serialization.get("name", name).lower())
        elif name != shape.serialization.get("payload"):
            in_body[name] = member
    if "statusCode" not in by_location and status != expected:
        yield f"the status is not {expected}"
    for header in headers:
        if header.startswith("x-amz-") and header not in by_location.get("header", set()):
            yield f"unknown header {header}"
    if shape.serialization.get("payload"):
        return
    fields = json.loads(body) if body else {}
    yield from _structure(shape, fields, operation.name, set())


def _structure(shape: Any, fields: Any, path: str, also: set[str]) -> Iterator[str]:
    if not isinstance(fields, dict):
        yield f"{path} is no structure"
        return
    wire = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    for key, value in fields.items():
        if key in also:
            continue
        if key not in wire:
            yield f"unknown member {path}.{key}"
        elif value is None:
            yield f"{path}.{key} is null"
        else:
            yield from _value(wire[key][1], value, f"{path}.{key}")
    for name in shape.required_members:
        member = shape.members[name]
        if not fields and (path, name) in _LEFT_OUT:
            continue
        if not member.serialization.get("location") and member.serialization.get("name", name) not in fields:
            yield f"required member {path}.{name} is missing"


def _value(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        yield from _structure(shape, value, path, set())
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for number, item in enumerate(value):
            yield from _value(shape.member, item, f"{path}[{number}]")
    elif kind == "map":
        for key, item in value.items():
            yield from _value(shape.value, item, f"{path}.{key}")
    else:
        types = {
            "string": str,
            "boolean": bool,
            "integer": int,
            "long": int,
            "double": (int, float),
            "float": (int, float),
            "timestamp": (int, float),
            "blob": str,
        }[kind]
        if not isinstance(value, types):  # type: ignore[arg-type]
            yield f"{path} is no {kind}: {value!r}"
        elif kind == "string" and shape.enum and value not in shape.enum and (shape.name, value) not in _UNLISTED:
            yield f"{path} is not one of its values: {value!r}"
