"""Settings that are kept and shown: runtime updates, recursion, scaling of managed instances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from tests.api.support import arn_of, function, refused

RUNTIME = "arn:aws:lambda:us-east-1::runtime:8eeff65f6809a3ce81507fe733fe09b835899b99481ba22fd75b5a7338290ec1"


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as made:
        yield made


def test_the_runtime_is_updated_automatically_unless_said_otherwise(lambda_client: Any, name: str) -> None:
    got = lambda_client.get_runtime_management_config(FunctionName=name)
    assert (got["UpdateRuntimeOn"], got["FunctionArn"]) == ("Auto", arn_of(name, "$LATEST"))
    assert "RuntimeVersionArn" not in got

    lambda_client.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="Manual", RuntimeVersionArn=RUNTIME)
    got = lambda_client.get_runtime_management_config(FunctionName=name, Qualifier="$LATEST")
    assert (got["UpdateRuntimeOn"], got["RuntimeVersionArn"]) == ("Manual", RUNTIME)

    put = lambda_client.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="FunctionUpdate")
    assert put["UpdateRuntimeOn"] == "FunctionUpdate"
    assert "RuntimeVersionArn" not in lambda_client.get_runtime_management_config(FunctionName=name)


def test_a_runtime_version_goes_with_manual_updates_only(lambda_client: Any, name: str) -> None:
    put = lambda_client.put_runtime_management_config
    assert refused(put, FunctionName=name, UpdateRuntimeOn="Manual")[0] == "InvalidParameterValueException"
    found = refused(put, FunctionName=name, UpdateRuntimeOn="Auto", RuntimeVersionArn=RUNTIME)
    assert found[0] == "InvalidParameterValueException"
    assert refused(put, FunctionName="doesnotexist", UpdateRuntimeOn="Auto")[0] == "ResourceNotFoundException"


def test_loops_are_ended_unless_they_are_allowed(lambda_client: Any, name: str) -> None:
    assert lambda_client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
    put = lambda_client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    assert put["RecursiveLoop"] == "Allow"
    assert lambda_client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Allow"
    assert refused(lambda_client.get_function_recursion_config, FunctionName="doesnotexist")[1] == 404


def test_a_published_version_has_a_scaling_configuration(lambda_client: Any, name: str) -> None:
    key = {"FunctionName": name, "Qualifier": "1"}
    wanted = {"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 3}
    assert refused(lambda_client.get_function_scaling_config, **key)[0] == "ResourceNotFoundException"
    lambda_client.publish_version(FunctionName=name)
    put = lambda_client.put_function_scaling_config(FunctionScalingConfig=wanted, **key)
    assert put["FunctionState"] in ("Active", "Pending")
    got = lambda_client.get_function_scaling_config(FunctionName=name, Qualifier="$LATEST.PUBLISHED")
    assert got["FunctionArn"] == arn_of(name, "1")
    assert got["AppliedFunctionScalingConfig"] == got["RequestedFunctionScalingConfig"] == wanted


def test_settings_go_with_their_function(lambda_client: Any) -> None:
    with function(lambda_client) as name:
        lambda_client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
        configuration = lambda_client.get_function_configuration(FunctionName=name)
        code = lambda_client.get_function(FunctionName=name)["Code"]["Location"]
    with urlopen(code) as download:
        zip_file = download.read()
    lambda_client.create_function(
        FunctionName=name, Runtime=configuration["Runtime"], Role=configuration["Role"], Handler="main.handler",
        Code={"ZipFile": zip_file},
    )  # fmt: skip
    try:
        assert lambda_client.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
    finally:
        lambda_client.delete_function(FunctionName=name)
