"""What Lambda refuses in a function's configuration, in AWS's words, before anything changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.support import ROLE, function, python_runtime, refused, unique, zip_files

ZIP = zip_files({"main.py": "def handler(event, context):\n    return event\n"})
INVALID = "InvalidParameterValueException"


def why(client: Any, **parameters: Any) -> tuple[str, int, str]:
    """The refusal of a CreateFunction in which `parameters` are the only thing that is odd."""
    given = {
        "FunctionName": unique(),
        "Runtime": python_runtime(),
        "Role": ROLE,
        "Handler": "main.handler",
        "Code": {"ZipFile": ZIP},
    }
    asked = {key: value for key, value in {**given, **parameters}.items() if value is not None}
    return refused(client.create_function, **asked)


def test_everything_that_breaks_the_model_is_said_in_one_error(careless_client: Any) -> None:
    code, status, message = why(careless_client, MemorySize=1, Timeout=901, Role="r1", FunctionName="bad name")
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith("4 validation errors detected: Value 'bad name' at 'functionName' failed to satisfy ")
    for part in (
        "Value '1' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
        "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
        r"Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
    ):
        assert part in message


def test_a_required_member_must_not_be_null(careless_client: Any) -> None:
    assert why(careless_client, Role=None) == (
        "ValidationException",
        400,
        "1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be null",
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Runtime": "python9"}, "Value python9 at 'runtime' failed to satisfy constraint: Member must satisfy enum"),
        ({"Runtime": None}, "Runtime and Handler are mandatory parameters for functions created with deployment"),
        ({"Handler": None}, "Runtime and Handler are mandatory parameters for functions created with deployment"),
        ({"FunctionName": "n" * 65}, f"1 validation error detected: Value '{'n' * 65}' at 'functionName' failed"),
        ({"Environment": {"Variables": {"AWS_REGION": "x", "_HANDLER": "y"}}}, "Map keys must satisfy"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys used in this request: AWS_REGION"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "you have provided exceeded the 4KB limit. String"),
        ({"Layers": [f"arn:aws:lambda:us-east-1:123456789012:layer:l{n}:1" for n in range(6)]}, "more than 5 layers"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:none:1"]}, "layer:none:1"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "python3.9"}, "python3.9 is not supported for S"),
        ({"LoggingConfig": {"LogFormat": "Text", "SystemLogLevel": "INFO"}}, "LogLevel is not supported when LogF"),
        ({"Tags": {f"key{n}": "" for n in range(51)}}, "Number of tags exceeds resource tag limit."),
        ({"FileSystemConfigs": [{"Arn": "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-"
          + "0" * 17, "LocalMountPath": "/mnt/x"}]}, "the playground does not have Amazon EFS file systems"),
    ],
)  # fmt: skip
def test_a_value_that_lambda_does_not_take_is_refused(
    careless_client: Any, parameters: dict[str, Any], message: str
) -> None:
    code, status, text = why(careless_client, **parameters)
    assert (code, status) == ("ValidationException" if "Map keys" in message else INVALID, 400)
    assert message in text


@pytest.mark.parametrize(
    ("code", "error", "status", "message"),
    [
        ({}, INVALID, 400, "Please provide a source for function code."),
        ({"ZipFile": b""}, INVALID, 400, "Uploaded file must be a non-empty zip"),
        ({"ZipFile": b"no zip"}, INVALID, 400, "Could not unzip uploaded file. Please check your file, then try to"),
        ({"ZipFile": ZIP[:-30]}, INVALID, 400, "Could not unzip uploaded file. Please check your file, then try to"),
        ({"ZipFile": b"x" * 52_428_801}, "RequestEntityTooLargeException", 413, "must be smaller than 52428800 bytes"),
        ({"S3Bucket": "bucket", "S3Key": "key"}, INVALID, 400, "The playground has no S3; send the package itself"),
        ({"ImageUri": "registry/image:latest"}, INVALID, 400, "PackageType Image is not supported"),
    ],
    ids=["nothing", "empty", "text", "truncated", "50 MB", "S3", "image"],
)
def test_code_that_is_no_package_is_refused(
    careless_client: Any, code: dict[str, Any], error: str, status: int, message: str
) -> None:
    found = why(careless_client, Code=code)
    assert found[:2] == (error, status)
    assert message in found[2]


def test_a_zip_file_that_is_not_base64_is_refused(server: Any) -> None:
    import json
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    body = {"FunctionName": "f", "Role": ROLE, "Runtime": "python3.11", "Handler": "m.h", "Code": {"ZipFile": "%%%"}}
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(f"{server.url}/2015-03-31/functions", json.dumps(body).encode(), method="POST"))
    assert caught.value.code == 400
    assert caught.value.headers["x-amzn-ErrorType"] == "InvalidRequestContentException"
    assert "'Code.ZipFile' is not valid base64" in caught.value.read().decode()


def test_nothing_is_left_of_a_function_that_was_refused(careless_client: Any) -> None:
    name = unique()
    why(careless_client, FunctionName=name, Code={"ZipFile": b"no zip"})
    why(careless_client, FunctionName=name, Layers=["arn:aws:lambda:us-east-1:123456789012:layer:none:1"])
    assert refused(careless_client.get_function, FunctionName=name)[1] == 404


def test_any_runtime_that_lambda_has_is_accepted_and_told_at_the_invocation(lambda_client: Any) -> None:
    with function(lambda_client, Runtime="ruby3.4") as name:
        assert refused(lambda_client.invoke, FunctionName=name) == (
            "InvalidRuntimeException",
            502,
            "The playground can't run functions of the runtime ruby3.4. It runs Python, Node.js, Go, Java and any "
            "executable bootstrap (provided.al2023).",
        )


def test_the_placeholder_role_of_a_guide_is_accepted_unless_the_playground_is_strict(
    lambda_client: Any, strict_client: Any
) -> None:
    placeholder = "arn:aws:iam::your-account-id:role/your-lambda-role"
    with function(lambda_client, Role=placeholder) as name:
        assert lambda_client.get_function_configuration(FunctionName=name)["Role"] == placeholder
    code, status, message = why(strict_client, Role=placeholder)
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(f"1 validation error detected: Value '{placeholder}' at 'role' failed to satisfy")


def test_a_wrong_type_in_the_body_is_a_serialization_exception(careless_client: Any) -> None:
    with function(careless_client) as name:
        update = careless_client.update_function_configuration
        assert refused(update, FunctionName=name, Timeout="soon") == (
            "SerializationException",
            400,
            "'Timeout' must be a number, not \"soon\".",
        )
        assert careless_client.get_function_configuration(FunctionName=name)["Timeout"] == 3
