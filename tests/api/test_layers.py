"""Layers: published in versions, found by functions at /opt, and never changed."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.request import urlopen

import pytest

from tests.api.support import ACCOUNT, function, refused, unique, zip_files

ZIP = zip_files({"python/greeting.py": "WORD = 'Hello'\n"})
OTHER_ZIP = zip_files({"python/greeting.py": "WORD = 'Goodbye'\n"})


def layer_arn(name: str, version: int | str = "") -> str:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:{name}"
    return f"{arn}:{version}" if version else arn


def publish(client: Any, name: str, data: bytes = ZIP, **parameters: Any) -> Any:
    return client.publish_layer_version(LayerName=name, Content={"ZipFile": data}, **parameters)


def test_a_published_layer_version_says_all_about_itself(lambda_client: Any) -> None:
    name = unique("layer")
    answer = publish(
        lambda_client, name, Description="words", LicenseInfo="MIT",
        CompatibleRuntimes=["python3.11", "python3.12"], CompatibleArchitectures=["x86_64"],
    )  # fmt: skip
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert answer["LayerArn"] == layer_arn(name)
    assert answer["LayerVersionArn"] == layer_arn(name, 1)
    assert answer["Version"] == 1
    assert (answer["Description"], answer["LicenseInfo"]) == ("words", "MIT")
    assert answer["CompatibleRuntimes"] == ["python3.11", "python3.12"]
    assert answer["CompatibleArchitectures"] == ["x86_64"]
    assert answer["Content"]["CodeSize"] == len(ZIP)
    assert answer["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(ZIP).digest()).decode()


def test_its_content_can_be_downloaded(lambda_client: Any) -> None:
    answer = publish(lambda_client, unique("layer"))
    with urlopen(answer["Content"]["Location"]) as download:
        assert download.read() == ZIP


def test_a_version_is_found_by_name_and_number_by_the_layers_arn_and_by_its_own_arn(lambda_client: Any) -> None:
    name = unique("layer")
    published = publish(lambda_client, name)
    found = [
        lambda_client.get_layer_version(LayerName=name, VersionNumber=1),
        lambda_client.get_layer_version(LayerName=layer_arn(name), VersionNumber=1),
        lambda_client.get_layer_version_by_arn(Arn=layer_arn(name, 1)),
    ]
    for answer in found:
        assert answer["LayerVersionArn"] == published["LayerVersionArn"]
        assert answer["Content"]["CodeSha256"] == published["Content"]["CodeSha256"]


def test_versions_are_listed_with_the_newest_first_and_page_by_page(lambda_client: Any) -> None:
    name = unique("layer")
    for _ in range(3):
        publish(lambda_client, name)
    first = lambda_client.list_layer_versions(LayerName=name, MaxItems=2)
    second = lambda_client.list_layer_versions(LayerName=name, Marker=first["NextMarker"])
    assert [v["Version"] for v in first["LayerVersions"]] == [3, 2]
    assert [v["Version"] for v in second["LayerVersions"]] == [1]
    assert "NextMarker" not in second
    assert lambda_client.list_layer_versions(LayerName=unique("no-layer"))["LayerVersions"] == []


def test_layers_are_listed_with_their_newest_version_that_matches(lambda_client: Any) -> None:
    name = unique("layer")
    publish(lambda_client, name, CompatibleRuntimes=["nodejs20.x"], CompatibleArchitectures=["arm64"])
    publish(lambda_client, name, CompatibleRuntimes=["python3.13"])

    def newest(**filters: str) -> int | None:
        pages = lambda_client.get_paginator("list_layers").paginate(**filters)
        layers = [layer for page in pages for layer in page["Layers"]]
        return next((x["LatestMatchingVersion"]["Version"] for x in layers if x["LayerName"] == name), None)

    assert newest() == 2
    assert newest(CompatibleRuntime="nodejs20.x") == 1
    assert newest(CompatibleArchitecture="arm64") == 1
    assert newest(CompatibleRuntime="nodejs20.x", CompatibleArchitecture="x86_64") is None


def test_a_deleted_version_is_gone_and_its_number_is_not_used_again(lambda_client: Any) -> None:
    name = unique("layer")
    publish(lambda_client, name)
    for _ in range(2):  # the second time there is nothing to delete, and no error
        answer = lambda_client.delete_layer_version(LayerName=name, VersionNumber=1)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert lambda_client.list_layer_versions(LayerName=name)["LayerVersions"] == []
    code, status, message = refused(lambda_client.get_layer_version, LayerName=name, VersionNumber=1)
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message == "The resource you requested does not exist."
    assert publish(lambda_client, name)["Version"] == 2


@pytest.mark.parametrize("operation", ["get_layer_version", "delete_layer_version", "get_layer_version_policy"])
@pytest.mark.parametrize("number", [0, -1])
def test_versions_count_from_one(lambda_client: Any, operation: str, number: int) -> None:
    code, status, message = refused(getattr(lambda_client, operation), LayerName="layer", VersionNumber=number)
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert message == "Layer Version Cannot be less than 1"


def test_what_is_no_layer_is_refused_before_anything_is_made(lambda_client: Any) -> None:
    name = unique("layer")
    client = lambda_client
    assert refused(publish, client=client, name=name, data=b"no zip")[0] == "InvalidParameterValueException"
    code, _, message = refused(
        client.publish_layer_version, LayerName=name, Content={"S3Bucket": "bucket", "S3Key": "key"}
    )
    assert code == "InvalidParameterValueException"
    assert "S3" in message
    code, _, message = refused(publish, client=client, name=name, CompatibleRuntimes=["cobol"])
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value '[cobol]' at 'compatibleRuntimes' failed")
    assert client.list_layer_versions(LayerName=name)["LayerVersions"] == []


def test_unknown_filters_are_refused(lambda_client: Any) -> None:
    assert refused(lambda_client.list_layers, CompatibleRuntime="cobol")[0] == "ValidationException"
    assert refused(lambda_client.list_layers, CompatibleArchitecture="mips")[0] == "ValidationException"


def test_a_layer_version_has_a_policy_that_grows_and_shrinks(lambda_client: Any) -> None:
    name = unique("layer")
    publish(lambda_client, name)
    key = {"LayerName": name, "VersionNumber": 1}
    allow = {"Action": "lambda:GetLayerVersion", "Principal": "*"}
    assert refused(lambda_client.get_layer_version_policy, **key) == (
        "ResourceNotFoundException", 404, "No policy is associated with the given resource.",
    )  # fmt: skip

    added = lambda_client.add_layer_version_permission(StatementId="s1", **key, **allow)
    statement = {
        "Sid": "s1", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion",
        "Resource": layer_arn(name, 1),
    }  # fmt: skip
    assert json.loads(added["Statement"]) == statement
    policy = lambda_client.get_layer_version_policy(**key)
    assert json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    assert policy["RevisionId"] == added["RevisionId"]

    account = lambda_client.add_layer_version_permission(
        StatementId="s2",
        OrganizationId="o-1234567890",
        Action="lambda:GetLayerVersion",
        Principal="210987654321",
        **key,
    )
    assert json.loads(account["Statement"])["Principal"] == {"AWS": "arn:aws:iam::210987654321:root"}
    assert json.loads(account["Statement"])["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}

    assert refused(lambda_client.add_layer_version_permission, StatementId="s1", **key, **allow)[:2] == (
        "ResourceConflictException", 409,
    )  # fmt: skip
    stale = refused(lambda_client.remove_layer_version_permission, StatementId="s1", RevisionId="old", **key)
    assert stale[:2] == ("PreconditionFailedException", 412)
    lambda_client.remove_layer_version_permission(StatementId="s1", **key)
    missing = refused(lambda_client.remove_layer_version_permission, StatementId="s1", **key)
    assert missing[2] == "Statement s1 is not found in resource policy."


def test_a_function_finds_its_layers_below_opt_even_when_they_are_deleted(lambda_client: Any) -> None:
    name = unique("layer")
    arn = publish(lambda_client, name)["LayerVersionArn"]
    code = "import greeting\ndef handler(event, context):\n    return greeting.WORD\n"
    with function(lambda_client, code, Layers=[arn]) as function_name:
        shown = lambda_client.get_function_configuration(FunctionName=function_name)["Layers"]
        assert shown == [{"Arn": arn, "CodeSize": len(ZIP)}]
        assert lambda_client.invoke(FunctionName=function_name)["Payload"].read() == b'"Hello"'

        newer = publish(lambda_client, name, OTHER_ZIP)["LayerVersionArn"]
        lambda_client.update_function_configuration(FunctionName=function_name, Layers=[newer])
        lambda_client.delete_layer_version(LayerName=name, VersionNumber=2)
        lambda_client.get_waiter("function_updated_v2").wait(FunctionName=function_name, WaiterConfig={"Delay": 1})
        assert lambda_client.invoke(FunctionName=function_name)["Payload"].read() == b'"Goodbye"'


def test_a_function_has_no_layers_that_lambda_refuses(lambda_client: Any) -> None:
    name = unique("layer")
    for _ in range(2):
        publish(lambda_client, name)
    six = [publish(lambda_client, unique("layer"))["LayerVersionArn"] for _ in range(6)]
    lambda_client.delete_layer_version(LayerName=name, VersionNumber=2)
    missing = layer_arn("doesnotexist", 1)
    elsewhere = layer_arn(name, 1).replace("us-east-1", "eu-west-1")
    with function(lambda_client) as function_name:
        for layers, message in (
            (six, "Cannot reference more than 5 layers."),
            ([missing], f"Layer version {missing} does not exist."),
            ([layer_arn(name, 2)], f"Layer version {layer_arn(name, 2)} does not exist."),
            (
                [layer_arn(name, 1), layer_arn(name, 1)],
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{layer_arn(name, 1)} and {layer_arn(name, 1)} are versions of the same layer.",
            ),
            (
                [elsewhere],
                "Layers are not in the same region as the function. Layers are expected to be in region us-east-1.",
            ),
        ):
            found = refused(lambda_client.update_function_configuration, FunctionName=function_name, Layers=layers)
            assert found == ("InvalidParameterValueException", 400, message)
