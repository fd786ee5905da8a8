"""Code signing configurations: kept, and attached to functions."""

from __future__ import annotations

import re
from typing import Any

from tests.api.support import arn_of, function, refused

PROFILE = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/one/abcdefghij"
PUBLISHERS = {"SigningProfileVersionArns": [PROFILE]}
UNKNOWN = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdefg"


def create(client: Any, **parameters: Any) -> Any:
    return client.create_code_signing_config(AllowedPublishers=PUBLISHERS, **parameters)["CodeSigningConfig"]


def test_a_configuration_is_created_shown_changed_and_deleted(lambda_client: Any) -> None:
    config = create(lambda_client, Description="ours")
    arn = config["CodeSigningConfigArn"]
    assert re.fullmatch(r"csc-[a-z0-9]{17}", config["CodeSigningConfigId"])
    assert arn.endswith(":" + config["CodeSigningConfigId"])
    assert config["AllowedPublishers"] == PUBLISHERS
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    assert config["Description"] == "ours"

    changed = lambda_client.update_code_signing_config(
        CodeSigningConfigArn=arn, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"}
    )["CodeSigningConfig"]
    assert changed["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
    assert changed["Description"] == "ours"
    assert lambda_client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"] == changed

    lambda_client.delete_code_signing_config(CodeSigningConfigArn=arn)
    missing = ("ResourceNotFoundException", 404, f"The Lambda code signing configuration {arn} can not be found.")
    for operation in ("get_code_signing_config", "update_code_signing_config", "delete_code_signing_config"):
        assert refused(getattr(lambda_client, operation), CodeSigningConfigArn=arn) == missing


def test_configurations_are_listed_page_by_page(lambda_client: Any) -> None:
    made = {create(lambda_client)["CodeSigningConfigArn"] for _ in range(3)}
    pages = list(lambda_client.get_paginator("list_code_signing_configs").paginate(PaginationConfig={"PageSize": 2}))
    assert len(pages) >= 2
    assert made <= {config["CodeSigningConfigArn"] for page in pages for config in page["CodeSigningConfigs"]}


def test_a_function_has_a_configuration_until_it_is_taken_away(lambda_client: Any) -> None:
    arn = create(lambda_client)["CodeSigningConfigArn"]
    with function(lambda_client) as name:
        assert "CodeSigningConfigArn" not in lambda_client.get_function_code_signing_config(FunctionName=name)
        put = lambda_client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
        assert (put["CodeSigningConfigArn"], put["FunctionName"]) == (arn, name)
        got = lambda_client.get_function_code_signing_config(FunctionName=name)
        assert (got["CodeSigningConfigArn"], got["FunctionName"]) == (arn, name)
        users = lambda_client.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)["FunctionArns"]
        assert users == [arn_of(name)]
        assert refused(lambda_client.delete_code_signing_config, CodeSigningConfigArn=arn)[0] == (
            "ResourceConflictException"
        )
        lambda_client.delete_function_code_signing_config(FunctionName=name)
        assert "CodeSigningConfigArn" not in lambda_client.get_function_code_signing_config(FunctionName=name)
        lambda_client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    lambda_client.delete_code_signing_config(CodeSigningConfigArn=arn)  # the function has gone, and with it its use


def test_a_configuration_has_tags(lambda_client: Any) -> None:
    arn = create(lambda_client, Tags={"team": "a"})["CodeSigningConfigArn"]
    lambda_client.tag_resource(Resource=arn, Tags={"stage": "test"})
    lambda_client.untag_resource(Resource=arn, TagKeys=["team"])
    assert lambda_client.list_tags(Resource=arn)["Tags"] == {"stage": "test"}


def test_a_function_may_be_created_with_a_configuration(lambda_client: Any) -> None:
    arn = create(lambda_client)["CodeSigningConfigArn"]
    with function(lambda_client, CodeSigningConfigArn=arn) as name:
        assert lambda_client.get_function_code_signing_config(FunctionName=name)["CodeSigningConfigArn"] == arn


def test_a_function_does_not_get_a_configuration_that_is_not_there(lambda_client: Any) -> None:
    message = (
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "
        f"{UNKNOWN}."
    )
    with function(lambda_client) as name:
        found = refused(lambda_client.put_function_code_signing_config, FunctionName=name, CodeSigningConfigArn=UNKNOWN)
    assert found == ("CodeSigningConfigNotFoundException", 404, message)
    found = refused(lambda_client.get_function_code_signing_config, FunctionName="doesnotexist")
    assert found[2] == f"Function not found: {arn_of('doesnotexist')}"
