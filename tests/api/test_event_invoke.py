"""Event invoke configurations: retries, age and destinations of asynchronous events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.api.support import arn_of, function, refused
from tests.conftest import Server, boto3_client
from webapp.api.event_invoke import Retries, retries_of
from webapp.functions.names import FunctionName

QUEUE = "arn:aws:sqs:us-east-1:123456789012:failures"


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as made:
        yield made


def missing(name: str, qualifier: str = "$LATEST") -> tuple[str, int, str]:
    message = f"The function {arn_of(name, qualifier)} doesn't have an EventInvokeConfig"
    return "ResourceNotFoundException", 404, message


def test_put_replaces_and_update_changes(lambda_client: Any, name: str) -> None:
    put = lambda_client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    assert put["MaximumRetryAttempts"] == 0
    assert put["FunctionArn"] == arn_of(name, "$LATEST")
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}

    put = lambda_client.put_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
    assert "MaximumRetryAttempts" not in put
    destinations = {"OnFailure": {"Destination": QUEUE}}
    lambda_client.update_function_event_invoke_config(FunctionName=name, DestinationConfig=destinations)
    lambda_client.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    got = lambda_client.get_function_event_invoke_config(FunctionName=name, Qualifier="$LATEST")
    assert (got["MaximumRetryAttempts"], got["MaximumEventAgeInSeconds"]) == (1, 60)
    assert got["DestinationConfig"] == {"OnSuccess": {}, **destinations}

    lambda_client.delete_function_event_invoke_config(FunctionName=name)
    for call in (lambda_client.get_function_event_invoke_config, lambda_client.delete_function_event_invoke_config):
        assert refused(call, FunctionName=name) == missing(name)
    assert refused(lambda_client.update_function_event_invoke_config, FunctionName=name, MaximumRetryAttempts=1) == (
        missing(name)
    )


def test_versions_and_aliases_have_configurations_of_their_own(lambda_client: Any, name: str) -> None:
    lambda_client.publish_version(FunctionName=name)
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    lambda_client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    for qualifier in ("1", "live"):
        key = {"FunctionName": name, "Qualifier": qualifier}
        assert refused(lambda_client.get_function_event_invoke_config, **key) == missing(name, qualifier)
        lambda_client.put_function_event_invoke_config(MaximumEventAgeInSeconds=120, **key)
    pages = lambda_client.get_paginator("list_function_event_invoke_configs").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 2}
    )
    arns = [config["FunctionArn"] for page in pages for config in page["FunctionEventInvokeConfigs"]]
    assert sorted(arns) == sorted(arn_of(name, qualifier) for qualifier in ("$LATEST", "1", "live"))


def test_something_must_be_configured(lambda_client: Any, name: str) -> None:
    for call in (lambda_client.put_function_event_invoke_config, lambda_client.update_function_event_invoke_config):
        found = refused(call, FunctionName=name)
        assert found[2] == "You must specify at least one of error handling or destination setting."


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("MaximumRetryAttempts", 3), ("MaximumEventAgeInSeconds", 59), ("MaximumEventAgeInSeconds", 21601)],
)
def test_retries_and_age_have_limits(lambda_client: Any, name: str, parameter: str, value: int) -> None:
    unchecking = boto3_client(lambda_client.meta.endpoint_url, parameter_validation=False)
    found = refused(unchecking.put_function_event_invoke_config, FunctionName=name, **{parameter: value})
    assert found[0] == "ValidationException"


def test_a_destination_is_a_queue_a_topic_a_bus_a_bucket_or_another_function(lambda_client: Any, name: str) -> None:
    def destination(arn: str) -> tuple[str, int, str]:
        return refused(
            lambda_client.put_function_event_invoke_config,
            FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn}},
        )  # fmt: skip

    assert destination("arn:aws:iam::123456789012:role/r")[2] == (
        "The provided destination config DestinationConfig(onSuccess="
        "OnSuccess(destination=arn:aws:iam::123456789012:role/r), onFailure=null) is invalid."
    )
    assert destination(arn_of("doesnotexist"))[2] == f"The destination ARN {arn_of('doesnotexist')} is invalid."
    assert destination(arn_of(name))[2] == "You can't specify the function as a destination for itself."
    with function(lambda_client) as other:
        lambda_client.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arn_of(other)}}
        )


def test_there_is_no_configuration_without_a_function(lambda_client: Any, name: str) -> None:
    no_function = ("ResourceNotFoundException", 404, "The function doesn't exist.")
    for key in ({"FunctionName": "doesnotexist"}, {"FunctionName": name, "Qualifier": "noalias"}):
        assert refused(lambda_client.put_function_event_invoke_config, MaximumRetryAttempts=1, **key) == no_function
    assert refused(lambda_client.list_function_event_invoke_configs, FunctionName="doesnotexist") == no_function
    assert refused(lambda_client.get_function_event_invoke_config, FunctionName="doesnotexist") == missing(
        "doesnotexist"
    )


def test_an_invocation_follows_what_is_configured_for_the_qualifier_it_names(
    lambda_client: Any, server: Server
) -> None:
    with function(lambda_client) as made:
        lambda_client.put_function_event_invoke_config(
            FunctionName=made, MaximumRetryAttempts=1, MaximumEventAgeInSeconds=90
        )
        engine = create_engine(f"sqlite:///{server.data / 'playground.db'}")
        with Session(engine) as session:
            named = FunctionName(made, None, "us-east-1", "123456789012")
            assert retries_of(session, named) == Retries(1, 90)
            assert retries_of(session, named.qualified("1")) == Retries(2, 21600)
        engine.dispose()
