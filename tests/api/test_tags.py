"""Tags of functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, function, refused


@pytest.fixture
def arn(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as name:
        yield arn_of(name)


def test_tags_are_added_overwritten_and_removed(lambda_client: Any, arn: str) -> None:
    assert lambda_client.list_tags(Resource=arn)["Tags"] == {}
    tagged = lambda_client.tag_resource(Resource=arn, Tags={"A": "a", "B": "b"})
    assert tagged["ResponseMetadata"]["HTTPStatusCode"] == 204
    lambda_client.tag_resource(Resource=arn, Tags={"B": "new", "C/ü +=:@": ""})
    assert lambda_client.list_tags(Resource=arn)["Tags"] == {"A": "a", "B": "new", "C/ü +=:@": ""}
    gone = lambda_client.untag_resource(Resource=arn, TagKeys=["A", "C/ü +=:@", "never there"])
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert lambda_client.get_function(FunctionName=arn)["Tags"] == {"B": "new"}


def test_versions_have_no_tags_of_their_own(lambda_client: Any, arn: str) -> None:
    lambda_client.publish_version(FunctionName=arn)
    for resource in (f"{arn}:1", f"{arn}:$LATEST"):
        assert refused(lambda_client.tag_resource, Resource=resource, Tags={"a": "b"}) == (
            "InvalidParameterValueException",
            400,
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
        )


def test_a_function_has_fifty_tags_at_most(lambda_client: Any, arn: str) -> None:
    lambda_client.tag_resource(Resource=arn, Tags={f"key{n}": "" for n in range(50)})
    assert refused(lambda_client.tag_resource, Resource=arn, Tags={"one more": ""}) == (
        "InvalidParameterValueException",
        400,
        "Number of tags exceeds resource tag limit.",
    )
    assert len(lambda_client.list_tags(Resource=arn)["Tags"]) == 50


def test_only_what_is_there_has_tags(careless_client: Any) -> None:
    assert refused(careless_client.list_tags, Resource=arn_of("none")) == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {arn_of('none')}",
    )
    code, status, message = refused(careless_client.list_tags, Resource="function")
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith("1 validation error detected: Value 'function' at 'resource' failed to satisfy")
