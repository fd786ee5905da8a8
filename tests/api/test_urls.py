"""Function URL configurations: one for a function, one for each of its aliases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, function, refused

NOT_THERE = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")
NO_FUNCTION = ("ResourceNotFoundException", 404, "Function does not exist")


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as made:
        yield made


def test_a_url_is_created_shown_changed_and_deleted(lambda_client: Any, name: str) -> None:
    cors = {"AllowOrigins": ["https://example.com"], "AllowMethods": ["GET"], "MaxAge": 60}
    created = lambda_client.create_function_url_config(FunctionName=name, AuthType="NONE", Cors=cors)
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["FunctionArn"] == arn_of(name)
    assert created["FunctionUrl"].endswith("/")
    assert created["Cors"] == cors

    got = lambda_client.get_function_url_config(FunctionName=name)
    assert got["FunctionUrl"] == created["FunctionUrl"]
    assert (got["AuthType"], got["InvokeMode"], got["Cors"]) == ("NONE", "BUFFERED", cors)
    assert got["CreationTime"] == created["CreationTime"]

    lambda_client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM", InvokeMode="RESPONSE_STREAM")
    changed = lambda_client.update_function_url_config(FunctionName=name, Cors={})
    assert (changed["AuthType"], changed["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")
    assert "Cors" not in changed
    assert changed["LastModifiedTime"] >= changed["CreationTime"]

    answer = lambda_client.delete_function_url_config(FunctionName=name)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call in (lambda_client.get_function_url_config, lambda_client.delete_function_url_config):
        assert refused(call, FunctionName=name) == NOT_THERE


def test_a_function_has_one_url_and_so_has_each_alias(lambda_client: Any, name: str) -> None:
    version = lambda_client.publish_version(FunctionName=name)["Version"]
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    assert lambda_client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"] == []
    own = lambda_client.create_function_url_config(FunctionName=name, AuthType="NONE")
    alias = lambda_client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="AWS_IAM")
    assert alias["FunctionArn"] == arn_of(name, "live")
    assert refused(lambda_client.create_function_url_config, FunctionName=name, AuthType="NONE") == (
        "ResourceConflictException", 409,
        f"Failed to create function url config for [functionArn = {arn_of(name)}]. Error message:  "
        "FunctionUrlConfig exists for this Lambda function",
    )  # fmt: skip

    first = lambda_client.list_function_url_configs(FunctionName=name, MaxItems=1)
    second = lambda_client.list_function_url_configs(FunctionName=name, Marker=first["NextMarker"])
    listed = first["FunctionUrlConfigs"] + second["FunctionUrlConfigs"]
    assert [config["FunctionUrl"] for config in listed] == [own["FunctionUrl"], alias["FunctionUrl"]]

    lambda_client.delete_alias(FunctionName=name, Name="live")
    assert refused(lambda_client.get_function_url_config, FunctionName=name, Qualifier="live") == NOT_THERE


@pytest.mark.parametrize("operation", ["create", "get", "update", "delete"])
@pytest.mark.parametrize("qualifier", ["1", "$LATEST"])
def test_a_version_has_no_url(lambda_client: Any, name: str, operation: str, qualifier: str) -> None:
    call = getattr(lambda_client, f"{operation}_function_url_config")
    more = {"AuthType": "NONE"} if operation == "create" else {}
    assert refused(call, FunctionName=name, Qualifier=qualifier, **more) == (
        "ValidationException", 400,
        f"1 validation error detected: Value '{qualifier}' at 'qualifier' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)",
    )  # fmt: skip


def test_there_is_no_url_without_a_function_or_alias(lambda_client: Any, name: str) -> None:
    client = lambda_client
    for key in ({"FunctionName": "doesnotexist"}, {"FunctionName": name, "Qualifier": "no-alias"}):
        assert refused(client.create_function_url_config, AuthType="NONE", **key) == NO_FUNCTION
        assert refused(client.update_function_url_config, **key) == NO_FUNCTION
        assert refused(client.get_function_url_config, **key) == NOT_THERE
    assert refused(client.list_function_url_configs, FunctionName="doesnotexist") == NO_FUNCTION
    code, _, message = refused(
        client.create_function_url_config, FunctionName=arn_of(name, "one"), Qualifier="two", AuthType="NONE"
    )
    assert code == "InvalidParameterValueException"
    assert message == "The derived qualifier from the function name does not match the specified qualifier."
