"""Resource policies: who may invoke a function, in statements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, function, refused

INVOKE = {"Action": "lambda:InvokeFunction"}
S3 = {"Principal": "s3.amazonaws.com", **INVOKE}


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as made:
        yield made


@pytest.mark.parametrize(
    ("parameters", "principal", "condition"),
    [
        (
            {"Principal": "*", "SourceAccount": "123456789012"},
            "*", {"StringEquals": {"AWS:SourceAccount": "123456789012"}},
        ),
        ({"Principal": "123456789012"}, {"AWS": "arn:aws:iam::123456789012:root"}, None),
        ({"Principal": "arn:aws:iam::123456789012:user/eva"}, {"AWS": "arn:aws:iam::123456789012:user/eva"}, None),
        (
            {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::bucket"},
            {"Service": "s3.amazonaws.com"}, {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}},
        ),
        (
            {"Principal": "alexa-appkit.amazon.com", "EventSourceToken": "amzn1.ask.skill.x"},
            {"Service": "alexa-appkit.amazon.com"}, {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.x"}},
        ),
        (
            {"Principal": "*", "PrincipalOrgID": "o-1234567890"},
            "*", {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
        ),
        (
            {"Principal": "*", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
            "*", {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        ),
        (
            {"Principal": "*", "InvokedViaFunctionUrl": True}, "*", {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
        ),
    ],
)  # fmt: skip
def test_a_permission_becomes_a_statement(
    lambda_client: Any, name: str, parameters: dict[str, Any], principal: Any, condition: Any
) -> None:
    parameters = {**INVOKE, **parameters}
    answer = lambda_client.add_permission(FunctionName=name, StatementId="s", **parameters)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    expected = {
        "Sid": "s", "Effect": "Allow", "Principal": principal, "Action": parameters["Action"], "Resource": arn_of(name),
    }  # fmt: skip
    assert json.loads(answer["Statement"]) == (expected | {"Condition": condition} if condition else expected)


def test_the_policy_holds_the_statements_in_order_until_they_are_removed(lambda_client: Any, name: str) -> None:
    nothing = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")
    assert refused(lambda_client.get_policy, FunctionName=name) == nothing
    for sid in ("one", "two"):
        lambda_client.add_permission(FunctionName=name, StatementId=sid, **S3)
    policy = json.loads(lambda_client.get_policy(FunctionName=name)["Policy"])
    assert (policy["Version"], policy["Id"]) == ("2012-10-17", "default")
    assert [statement["Sid"] for statement in policy["Statement"]] == ["one", "two"]

    lambda_client.remove_permission(FunctionName=name, StatementId="one")
    found = refused(lambda_client.remove_permission, FunctionName=name, StatementId="one")
    assert found[2] == "Statement one is not found in resource policy."
    lambda_client.remove_permission(FunctionName=name, StatementId="two")
    assert refused(lambda_client.get_policy, FunctionName=name) == nothing
    found = refused(lambda_client.remove_permission, FunctionName=name, StatementId="two")
    assert found[2] == "No policy is associated with the given resource."


def test_a_statement_id_is_used_once(lambda_client: Any, name: str) -> None:
    lambda_client.add_permission(FunctionName=name, StatementId="s3", **S3)
    assert refused(lambda_client.add_permission, FunctionName=name, StatementId="s3", **S3) == (
        "ResourceConflictException", 409,
        "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing "
        "statement.",
    )  # fmt: skip


def test_versions_and_aliases_have_policies_of_their_own(lambda_client: Any, name: str) -> None:
    lambda_client.publish_version(FunctionName=name)
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    lambda_client.add_permission(FunctionName=name, StatementId="all", **S3)
    for qualifier in ("1", "live"):
        assert refused(lambda_client.get_policy, FunctionName=name, Qualifier=qualifier)[1] == 404
        lambda_client.add_permission(FunctionName=name, StatementId="own", Qualifier=qualifier, **S3)
        policy = json.loads(lambda_client.get_policy(FunctionName=name, Qualifier=qualifier)["Policy"])
        assert [s["Resource"] for s in policy["Statement"]] == [arn_of(name, qualifier)]
    lambda_client.delete_alias(FunctionName=name, Name="live")
    lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert refused(lambda_client.get_policy, FunctionName=name, Qualifier="live")[1] == 404


def test_a_policys_revision_is_that_of_its_function_and_guards_every_change(lambda_client: Any, name: str) -> None:
    def revision() -> str:
        return str(lambda_client.get_function_configuration(FunctionName=name)["RevisionId"])

    before = revision()
    lambda_client.add_permission(FunctionName=name, StatementId="one", RevisionId=before, **S3)
    assert revision() != before
    assert lambda_client.get_policy(FunctionName=name)["RevisionId"] == revision()
    stale = (
        "PreconditionFailedException", 412,
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
        "the latest Revision Id",
    )  # fmt: skip
    assert refused(lambda_client.add_permission, FunctionName=name, StatementId="two", RevisionId=before, **S3) == stale
    assert refused(lambda_client.remove_permission, FunctionName=name, StatementId="one", RevisionId=before) == stale
    lambda_client.remove_permission(FunctionName=name, StatementId="one", RevisionId=revision())


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [
        ({"StatementId": "example.com"}, "ValidationException", "'statementId'"),
        ({"Principal": "invalid.nonaws.com"}, "InvalidParameterValueException", "The provided principal was invalid."),
        ({"Qualifier": "$LATEST"}, "InvalidParameterValueException", "do not support adding policies for $LATEST"),
        ({"Qualifier": "no-alias"}, "ResourceNotFoundException", "Cannot find alias arn: "),
        ({"Qualifier": "42"}, "ResourceNotFoundException", "Function not found: "),
        ({"FunctionUrlAuthType": "NONE"}, "InvalidParameterValueException", "lambda:InvokeFunctionUrl"),
    ],
)
def test_what_is_wrong_with_a_permission_is_said(
    lambda_client: Any, name: str, parameters: dict[str, str], code: str, message: str
) -> None:
    found = refused(lambda_client.add_permission, **{"FunctionName": name, "StatementId": "s", **S3, **parameters})
    assert found[0] == code
    assert message in found[2]


def test_a_function_that_does_not_exist_has_no_policy(lambda_client: Any) -> None:
    missing = f"Function not found: {arn_of('doesnotexist')}"
    assert refused(lambda_client.get_policy, FunctionName="doesnotexist")[2] == missing
    assert refused(lambda_client.add_permission, FunctionName="doesnotexist", StatementId="s", **S3)[2] == missing
    found = refused(lambda_client.remove_permission, FunctionName="doesnotexist", StatementId="s")
    assert found[2] == f"No policy found for: {arn_of('doesnotexist')}"


def test_the_whole_policy_can_be_put_got_and_deleted_by_arn(lambda_client: Any, name: str) -> None:
    arn = arn_of(name)
    statement = {"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    put = lambda_client.put_resource_policy(ResourceArn=arn, Policy=document)
    assert json.loads(put["Policy"])["Statement"] == [statement]
    got = lambda_client.get_resource_policy(ResourceArn=arn)
    assert got["RevisionId"] == put["RevisionId"]
    assert json.loads(lambda_client.get_policy(FunctionName=name)["Policy"])["Statement"] == [statement]
    assert (
        refused(lambda_client.put_resource_policy, ResourceArn=arn, Policy="{")[0] == "InvalidParameterValueException"
    )
    lambda_client.delete_resource_policy(ResourceArn=arn)
    assert refused(lambda_client.get_resource_policy, ResourceArn=arn)[0] == "ResourceNotFoundException"
