"""Aliases: names for versions, which invocations follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, function, refused

INVALID = "InvalidParameterValueException"


@pytest.fixture(scope="module")
def name(lambda_client: Any) -> Iterator[str]:
    """A function with the versions 1 and 2, each of which answers its own number."""
    with function(lambda_client, "def handler(event, context):\n    return context.function_version\n") as made:
        lambda_client.publish_version(FunctionName=made)
        lambda_client.update_function_configuration(FunctionName=made, Timeout=4)
        lambda_client.publish_version(FunctionName=made)
        yield made


@pytest.fixture
def alias(lambda_client: Any, name: str) -> Iterator[str]:
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", Description="in use")
    yield "live"
    lambda_client.delete_alias(FunctionName=name, Name="live")


def test_an_alias_is_made_shown_and_deleted(lambda_client: Any, name: str) -> None:
    made = lambda_client.create_alias(FunctionName=name, Name="blue", FunctionVersion="1")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert {key: made[key] for key in made if key not in ("ResponseMetadata", "RevisionId")} == {
        "AliasArn": arn_of(name, "blue"),
        "Name": "blue",
        "FunctionVersion": "1",
        "Description": "",
    }
    assert lambda_client.get_alias(FunctionName=name, Name="blue")["RevisionId"] == made["RevisionId"]
    gone = lambda_client.delete_alias(FunctionName=name, Name="blue")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(lambda_client.get_alias, FunctionName=name, Name="blue") == (
        "ResourceNotFoundException",
        404,
        f"Cannot find alias arn: {arn_of(name, 'blue')}",
    )
    lambda_client.delete_alias(FunctionName=name, Name="blue")


def test_an_invocation_follows_the_alias(lambda_client: Any, name: str, alias: str) -> None:
    for qualified in ({"FunctionName": name, "Qualifier": alias}, {"FunctionName": arn_of(name, alias)}):
        answer = lambda_client.invoke(**qualified)
        assert (answer["ExecutedVersion"], answer["Payload"].read()) == ("1", b'"1"')
    lambda_client.update_alias(FunctionName=name, Name=alias, FunctionVersion="2")
    assert lambda_client.invoke(FunctionName=name, Qualifier=alias)["ExecutedVersion"] == "2"


def test_weights_share_the_invocations_between_two_versions(lambda_client: Any, name: str, alias: str) -> None:
    lambda_client.update_alias(FunctionName=name, Name=alias, RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
    answers = (lambda_client.invoke(FunctionName=name, Qualifier=alias)["ExecutedVersion"] for _ in range(60))
    ran = Counter(answers)
    assert ran.keys() == {"1", "2"}
    assert min(ran.values()) > 10
    lambda_client.update_alias(FunctionName=name, Name=alias, RoutingConfig={})
    assert "RoutingConfig" not in lambda_client.get_alias(FunctionName=name, Name=alias)


def test_get_function_of_an_alias_is_its_versions_configuration(lambda_client: Any, name: str, alias: str) -> None:
    shown = lambda_client.get_function(FunctionName=name, Qualifier=alias)["Configuration"]
    assert (shown["FunctionArn"], shown["Version"], shown["Timeout"]) == (arn_of(name, alias), "1", 3)


def test_an_update_needs_the_latest_revision_if_one_is_named(lambda_client: Any, name: str, alias: str) -> None:
    first = lambda_client.get_alias(FunctionName=name, Name=alias)["RevisionId"]
    update = lambda_client.update_alias
    second = update(FunctionName=name, Name=alias, Description="new", RevisionId=first)
    assert second["RevisionId"] != first
    assert (second["FunctionVersion"], second["Description"]) == ("1", "new")
    assert refused(update, FunctionName=name, Name=alias, Description="newer", RevisionId=first)[:2] == (
        "PreconditionFailedException",
        412,
    )
    assert refused(update, FunctionName=name, Name="none", Description="x") == (
        "ResourceNotFoundException",
        404,
        f"Alias not found: {arn_of(name, 'none')}",
    )


def test_aliases_are_listed_by_name_and_by_version(lambda_client: Any, name: str) -> None:
    for each, version in (("c", "1"), ("a", "2"), ("b", "1")):
        lambda_client.create_alias(FunctionName=name, Name=each, FunctionVersion=version)
    pages = list(
        lambda_client.get_paginator("list_aliases").paginate(FunctionName=name, PaginationConfig={"PageSize": 2})
    )
    assert [[each["Name"] for each in page["Aliases"]] for page in pages] == [["a", "b"], ["c"]]
    listed = lambda_client.list_aliases(FunctionName=name, FunctionVersion="1")["Aliases"]
    assert [each["Name"] for each in listed] == ["b", "c"]
    for each in "abc":
        lambda_client.delete_alias(FunctionName=name, Name=each)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5, "2": 0.5}}}, INVALID,
         "Number of items in AdditionalVersionWeights cannot be greater than 1"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}}, INVALID,
         "Invalid function version 1. Function version 1 is already included in routing configuration."),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"2": 2.0}}}, "ValidationException",
         "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
         "constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member "
         "must have value greater than or equal to 0.0, Member must not be null]"),
        ({"RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}}}, "ValidationException",
         "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to "
         "satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
         "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+, "
         "Member must not be null]"),
        ({"FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.5}}}, INVALID,
         "$LATEST is not supported for an alias pointing to more than 1 version"),
        ({"Name": "2024"}, "ValidationException",
         "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy "
         "regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"),
    ],
)  # fmt: skip
def test_an_alias_that_means_nothing_is_refused(
    careless_client: Any, name: str, parameters: dict[str, Any], error: str, message: str
) -> None:
    given = {"FunctionName": name, "Name": "odd", "FunctionVersion": "1", **parameters}
    assert refused(careless_client.create_alias, **given) == (error, 400, message)


def test_an_alias_needs_versions_that_are_there_and_a_name_that_is_free(
    lambda_client: Any, name: str, alias: str
) -> None:
    create = lambda_client.create_alias
    missing = ("ResourceNotFoundException", 404, f"Function not found: {arn_of(name, '10')}")
    assert refused(create, FunctionName=name, Name="odd", FunctionVersion="10") == missing
    weights = {"AdditionalVersionWeights": {"10": 0.1}}
    assert refused(create, FunctionName=name, Name="odd", FunctionVersion="1", RoutingConfig=weights) == missing
    assert refused(create, FunctionName=f"{name}-none", Name="odd", FunctionVersion="1") == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {arn_of(f'{name}-none', '1')}",
    )
    assert refused(create, FunctionName=name, Name=alias, FunctionVersion="1") == (
        "ResourceConflictException",
        409,
        f"Alias already exists: {arn_of(name, alias)}",
    )
