"""Every operation that the service model has, called once as well as its description allows.

Generated: a new version of botocore brings new operations, which then must at least be named in an error.
"""

from __future__ import annotations

import random
import re
import string
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from sandbox.errors import LambdaError, ResourceNotFoundException
from tests.api.conformity import COMMON_ERRORS, watch
from tests.api.support import ROLE, arn_of, function, python_runtime, zip_files
from tests.conftest import Server, boto3_client
from webapp.api.operations import handlers
from webapp.api.responses import error_answer
from webapp.api.routing import match
from webapp.api.service_model import operation_model, service_model

OPERATIONS = sorted(service_model().operation_names)
ON_FUNCTIONS = [
    name
    for name in OPERATIONS
    if name != "CreateFunction" and "FunctionName" in getattr(operation_model(name).input_shape, "members", ())
]

# Shapes whose pattern says little about what makes sense.
_MEANT: dict[str, Any] = {
    "RoleArn": ROLE,
    "Runtime": python_runtime(),
    "Handler": "main.handler",
    "Action": "lambda:InvokeFunction",
    "Principal": "s3.amazonaws.com",
    "LayerPermissionAllowedAction": "lambda:GetLayerVersion",
    "LayerPermissionAllowedPrincipal": "*",
    "Blob": b"{}",
    "BlobStream": b"{}",
    "ResourcePolicy": "{}",
    "LayerVersionArn": f"{arn_of('x').rpartition(':function')[0]}:layer:none:1",
    "CodeSigningConfigArn": "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0",
    "Arn": "arn:aws:signer:us-east-1:123456789012:/signing-profiles/one",
}


def example(shape: Any, seed: random.Random) -> Any:
    """A value that the shape allows: its required members only."""
    kind = shape.type_name
    if shape.name in _MEANT:
        return _MEANT[shape.name]
    if kind == "structure":
        return {name: example(shape.members[name], seed) for name in shape.required_members}
    if kind == "list":
        return [example(shape.member, seed) for _ in range(max(shape.metadata.get("min", 0), 1))]
    if kind == "map":
        return {}
    if kind in ("integer", "long", "float", "double"):
        return max(shape.metadata.get("min", 1), 1)
    if kind == "boolean":
        return True
    if kind == "blob":
        return b"{}"
    if kind == "timestamp":
        return 1_700_000_000
    if shape.enum:
        return shape.enum[0]
    return _text(shape.metadata, seed)


def _text(metadata: dict[str, Any], seed: random.Random) -> str:
    for candidate in ("none", "1", arn_of("none"), "12345678-1234-1234-1234-123456789012"):
        fits = len(candidate) >= metadata.get("min", 0)
        if fits and ("pattern" not in metadata or re.fullmatch(_python(metadata["pattern"]), candidate)):
            return candidate
    return "".join(seed.choices(string.ascii_lowercase, k=max(metadata.get("min", 1), 8)))


def _python(pattern: str) -> str:
    return pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", "").replace(r"\p{Z}", r"\s")


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return watch(boto3_client(server.url, parameter_validation=False))


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_answers_as_its_description_says(client: Any, name: str) -> None:
    shape = operation_model(name).input_shape
    parameters = example(shape, random.Random(name)) if shape is not None else {}
    code = _call(client, name, parameters)
    if name not in handlers():
        assert code == "NotImplementedException"


@pytest.mark.parametrize("name", ON_FUNCTIONS)
def test_an_operation_on_a_function_answers_as_its_description_says(client: Any, name: str) -> None:
    shape = operation_model(name).input_shape
    assert shape is not None
    with function(client) as made:
        client.publish_version(FunctionName=made)
        client.create_alias(FunctionName=made, Name="live", FunctionVersion="1")
        parameters = {**example(shape, random.Random(name)), "FunctionName": made}
        if "Qualifier" in shape.required_members:
            parameters["Qualifier"] = "live"
        if name == "UpdateFunctionCode":
            parameters["ZipFile"] = zip_files({"main.py": "handler = print\n"})
        if "Name" in parameters and name != "CreateAlias":
            parameters["Name"] = "live"
        code = _call(client, name, parameters)
        assert code is None or name in handlers() or code == "NotImplementedException"
        if name == "DeleteFunction":
            client.create_function(
                FunctionName=made,
                Runtime=python_runtime(),
                Role=ROLE,
                Handler="main.handler",
                Code={"ZipFile": zip_files({"main.py": ""})},
            )


def _call(client: Any, name: str, parameters: dict[str, Any]) -> str | None:
    """Call it, read what is streamed; the error's code."""
    from botocore import xform_name

    try:
        answer = getattr(client, xform_name(name))(**parameters)
        for member in answer.values():
            if hasattr(member, "read"):
                member.read()
            elif hasattr(member, "get_initial_response"):
                list(member)
    except EventStreamError as error:
        pytest.fail(str(error))
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def test_every_operation_has_one_path_that_leads_to_it() -> None:
    for name in OPERATIONS:
        http = operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        pairs = [tuple(part.split("=")) for part in query.split("&")] if query else []
        found = match(http["method"], re.sub(r"\{[^}]+\}", "x", path), pairs)
        assert found is not None, name
        assert found[0] == name


def test_an_error_says_user_for_the_callers_fault_and_service_for_ours() -> None:
    from flask import Flask

    with Flask("test").test_request_context():
        theirs = error_answer(ResourceNotFoundException("gone"), "id").get_json()
        ours = error_answer(LambdaError("broken"), "id").get_json()
    assert theirs == {"Type": "User", "Message": "gone"}
    assert ours == {"Type": "Service", "Message": "broken"}
    assert "ServiceException" in COMMON_ERRORS
