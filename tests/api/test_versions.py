"""Versions: what $LATEST was at a moment, for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import ROLE, arn_of, function, python_runtime, refused, unique, zip_files


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client, Description="the function") as made:
        yield made


def test_a_version_is_active_at_once_and_stays_what_it_is(lambda_client: Any, name: str) -> None:
    made = lambda_client.publish_version(FunctionName=name, Description="the version")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (made["Version"], made["FunctionArn"]) == ("1", arn_of(name, "1"))
    assert (made["State"], made["LastUpdateStatus"], made["Description"]) == ("Active", "Successful", "the version")
    lambda_client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1")
    lambda_client.update_function_configuration(FunctionName=name, Timeout=9)
    shown = lambda_client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert (shown["Timeout"], shown["RevisionId"]) == (3, made["RevisionId"])


def test_the_same_code_and_configuration_is_published_once(lambda_client: Any, name: str) -> None:
    first = lambda_client.publish_version(FunctionName=name)
    assert first["Description"] == "the function"
    latest = lambda_client.get_function_configuration(FunctionName=name)["RevisionId"]
    assert lambda_client.publish_version(FunctionName=name, Description="again")["Version"] == "1"
    assert lambda_client.get_function_configuration(FunctionName=name)["RevisionId"] == latest
    lambda_client.update_function_configuration(FunctionName=name, MemorySize=256)
    assert lambda_client.publish_version(FunctionName=name)["Version"] == "2"


def test_publishing_gives_latest_a_new_revision(lambda_client: Any, name: str) -> None:
    before = lambda_client.get_function_configuration(FunctionName=name)["RevisionId"]
    assert refused(lambda_client.publish_version, FunctionName=name, RevisionId="wrong")[:2] == (
        "PreconditionFailedException",
        412,
    )
    lambda_client.publish_version(FunctionName=name, RevisionId=before)
    assert lambda_client.get_function_configuration(FunctionName=name)["RevisionId"] != before


def test_a_version_is_published_only_of_the_code_that_is_meant(lambda_client: Any, name: str) -> None:
    current = lambda_client.get_function_configuration(FunctionName=name)["CodeSha256"]
    assert refused(lambda_client.publish_version, FunctionName=name, CodeSha256="other") == (
        "InvalidParameterValueException",
        400,
        f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({current}). Please try again with the "
        "CodeSHA256 in $LATEST.",
    )
    assert lambda_client.publish_version(FunctionName=name, CodeSha256=current)["Version"] == "1"


def test_a_function_can_be_created_with_its_first_version(lambda_client: Any) -> None:
    name = unique()
    made = lambda_client.create_function(
        FunctionName=name,
        Runtime=python_runtime(),
        Role=ROLE,
        Handler="main.handler",
        Code={"ZipFile": zip_files({"main.py": "def handler(event, context):\n    return 1\n"})},
        Publish=True,
    )
    assert (made["Version"], made["FunctionArn"]) == ("1", arn_of(name)), "as AWS answers: the ARN is unqualified"
    lambda_client.get_waiter("function_active_v2").wait(FunctionName=name)
    arns = [each["FunctionArn"] for each in lambda_client.list_versions_by_function(FunctionName=name)["Versions"]]
    assert arns == [arn_of(name, "$LATEST"), arn_of(name, "1")]
    assert lambda_client.publish_version(FunctionName=name)["Version"] == "1"
    lambda_client.delete_function(FunctionName=name)


def test_versions_are_listed_page_by_page(lambda_client: Any, name: str) -> None:
    for memory in range(129, 133):
        lambda_client.update_function_configuration(FunctionName=name, MemorySize=memory)
        lambda_client.publish_version(FunctionName=name)
    pages = list(
        lambda_client.get_paginator("list_versions_by_function").paginate(
            FunctionName=name, PaginationConfig={"PageSize": 2}
        )
    )
    assert [[each["Version"] for each in page["Versions"]] for page in pages] == [["$LATEST", "1"], ["2", "3"], ["4"]]
    assert [each["MemorySize"] for page in pages for each in page["Versions"]] == [132, 129, 130, 131, 132]
    assert all("State" not in each for page in pages for each in page["Versions"])


def test_a_deleted_version_is_gone_and_its_number_with_it(lambda_client: Any, name: str) -> None:
    lambda_client.publish_version(FunctionName=name)
    lambda_client.delete_function(FunctionName=name, Qualifier="1")
    assert refused(lambda_client.invoke, FunctionName=name, Qualifier="1") == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {arn_of(name, '1')}",
    )
    assert lambda_client.publish_version(FunctionName=name)["Version"] == "2"


def test_latest_can_not_be_deleted_alone_nor_a_version_that_an_alias_uses(lambda_client: Any, name: str) -> None:
    assert refused(lambda_client.delete_function, FunctionName=name, Qualifier="$LATEST") == (
        "InvalidParameterValueException",
        400,
        "$LATEST version cannot be deleted without deleting the function.",
    )
    lambda_client.publish_version(FunctionName=name)
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert refused(lambda_client.delete_function, FunctionName=name, Qualifier="1")[:2] == (
        "ResourceConflictException",
        409,
    )


def test_a_version_that_is_not_there_is_not_found(lambda_client: Any, name: str) -> None:
    for qualifier in ("7", "99999999999999999999", "0", "alias"):
        assert refused(lambda_client.get_function, FunctionName=name, Qualifier=qualifier) == (
            "ResourceNotFoundException",
            404,
            f"Function not found: {arn_of(name, qualifier)}",
        )
