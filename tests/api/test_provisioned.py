"""Provisioned concurrency: environments of a version or an alias that are initialised ahead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, eventually, function, refused

CODE = """
import os, time
STARTED = time.time()
def handler(event, context):
    return {"kind": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "started": STARTED}
"""


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client, CODE) as made:
        lambda_client.publish_version(FunctionName=made)
        lambda_client.create_alias(FunctionName=made, Name="live", FunctionVersion="1")
        yield made


def put(client: Any, name: str, qualifier: str, count: int = 1) -> Any:
    return client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=count
    )


def status(client: Any, name: str, qualifier: str) -> Any:
    config = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
    return config if config["Status"] != "IN_PROGRESS" else None


@pytest.mark.parametrize("qualifier", ["1", "live"])
def test_environments_are_made_ready_before_anyone_asks(lambda_client: Any, name: str, qualifier: str) -> None:
    asked = put(lambda_client, name, qualifier)
    assert asked["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert asked["Status"] == "IN_PROGRESS"
    assert asked["RequestedProvisionedConcurrentExecutions"] == 1
    assert asked["AvailableProvisionedConcurrentExecutions"] == 0

    ready = eventually(lambda: status(lambda_client, name, qualifier))
    assert ready["Status"] == "READY"
    assert ready["AvailableProvisionedConcurrentExecutions"] == 1
    assert ready["AllocatedProvisionedConcurrentExecutions"] == 1
    answer = json.loads(lambda_client.invoke(FunctionName=name, Qualifier=qualifier)["Payload"].read())
    assert answer["kind"] == "provisioned-concurrency"

    listed = lambda_client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]
    assert [config["FunctionArn"] for config in listed] == [arn_of(name, qualifier)]
    for _ in range(2):  # the second time there is nothing to delete, and no error
        lambda_client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
    assert refused(status, client=lambda_client, name=name, qualifier=qualifier) == (
        "ProvisionedConcurrencyConfigNotFoundException", 404,
        "No Provisioned Concurrency Config found for this function",
    )  # fmt: skip


def test_a_function_that_can_not_be_initialised_is_not_provisioned(lambda_client: Any) -> None:
    with function(lambda_client, "raise RuntimeError('no')\n") as name:
        lambda_client.publish_version(FunctionName=name)
        put(lambda_client, name, "1")
        failed = eventually(lambda: status(lambda_client, name, "1"))
    assert failed["Status"] == "FAILED"
    assert failed["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    assert failed["AvailableProvisionedConcurrentExecutions"] == 0


def test_a_version_is_provisioned_by_its_number_or_by_an_alias(lambda_client: Any, name: str) -> None:
    put(lambda_client, name, "1")
    assert refused(put, client=lambda_client, name=name, qualifier="live") == (
        "ResourceConflictException", 409,
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    )  # fmt: skip
    lambda_client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
    put(lambda_client, name, "live")
    found = refused(put, client=lambda_client, name=name, qualifier="1")
    assert found == ("ResourceConflictException", 409, "Version is pointed by a Provisioned Concurrency alias")
    lambda_client.delete_alias(FunctionName=name, Name="live")
    assert refused(status, client=lambda_client, name=name, qualifier="live")[2] == (
        f"Cannot find alias arn: {arn_of(name, 'live')}"
    )
    assert lambda_client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"] == []


def test_environments_follow_an_alias_to_another_version(lambda_client: Any, name: str) -> None:
    put(lambda_client, name, "live")
    eventually(lambda: status(lambda_client, name, "live"))
    lambda_client.update_function_configuration(FunctionName=name, Description="another")
    lambda_client.publish_version(FunctionName=name)
    lambda_client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert eventually(lambda: status(lambda_client, name, "live"))["Status"] == "READY"
    answers = [
        json.loads(lambda_client.invoke(FunctionName=name, Qualifier=q)["Payload"].read()) for q in ("live", "1")
    ]
    assert [answer["kind"] for answer in answers] == ["provisioned-concurrency", "on-demand"]


def test_latest_is_never_provisioned(lambda_client: Any, name: str) -> None:
    assert refused(put, client=lambda_client, name=name, qualifier="$LATEST")[2] == (
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
    )
    assert refused(status, client=lambda_client, name=name, qualifier="$LATEST")[2] == (
        "The function resource provided must be an alias or a published version."
    )


def test_what_does_not_exist_is_not_provisioned(lambda_client: Any, name: str) -> None:
    for function_name, qualifier, message in (
        ("doesnotexist", "noalias", f"Cannot find alias arn: {arn_of('doesnotexist', 'noalias')}"),
        ("doesnotexist", "1", f"Function not found: {arn_of('doesnotexist', '1')}"),
        (name, "noalias", f"Cannot find alias arn: {arn_of(name, 'noalias')}"),
        (name, "10", f"Function not found: {arn_of(name, '10')}"),
    ):
        found = refused(put, client=lambda_client, name=function_name, qualifier=qualifier)
        assert found == ("ResourceNotFoundException", 404, message)


def test_no_more_is_provisioned_than_is_reserved_and_no_less_reserved_than_is_provisioned(
    lambda_client: Any, name: str
) -> None:
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    found = refused(put, client=lambda_client, name=name, qualifier="1", count=2)
    assert found[2] == (
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
    )
    put(lambda_client, name, "1", 1)
    found = refused(lambda_client.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=0)
    assert found[2] == (
        "ReservedConcurrentExecutions  0 should not be lower than function's total provisioned concurrency [1]."
    )
