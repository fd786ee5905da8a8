"""Functions are made, shown, listed and deleted as Lambda does it."""

from __future__ import annotations

import base64
import hashlib
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from tests.api.support import ACCOUNT, ROLE, arn_of, function, python_runtime, refused, unique, zip_files
from tests.conftest import Server, boto3_client

ZIP = zip_files({"main.py": "def handler(event, context):\n    return event\n"})


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client, Tags={"team": "blue"}) as made:
        yield made


def create(client: Any, name: str, **parameters: Any) -> dict[str, Any]:
    """CreateFunction with what every function needs."""
    given = {"Runtime": python_runtime(), "Role": ROLE, "Handler": "main.handler", "Code": {"ZipFile": ZIP}}
    answer: dict[str, Any] = client.create_function(FunctionName=name, **{**given, **parameters})
    return answer


def test_a_new_function_has_lambdas_defaults(lambda_client: Any) -> None:
    name = unique()
    made = create(lambda_client, name)
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made.pop("LastModified"))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.pop("RevisionId"))
    runtime_arn = made.pop("RuntimeVersionConfig")["RuntimeVersionArn"]
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", runtime_arn)
    assert made == {
        "FunctionName": name,
        "FunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}",
        "Runtime": python_runtime(),
        "Role": ROLE,
        "Handler": "main.handler",
        "CodeSize": len(ZIP),
        "CodeSha256": base64.b64encode(hashlib.sha256(ZIP).digest()).decode(),
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": "$LATEST",
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    lambda_client.delete_function(FunctionName=name)


def test_a_function_is_shown_as_it_was_configured(lambda_client: Any) -> None:
    asked: dict[str, Any] = {
        "Description": "what it is for",
        "Timeout": 20,
        "MemorySize": 1769,
        "Environment": {"Variables": {"GREETING": "héllo", "EMPTY": ""}},
        "EphemeralStorage": {"Size": 1024},
        "Architectures": ["arm64"],
        "TracingConfig": {"Mode": "Active"},
        "KMSKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:letters"},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "/my/group"},
    }
    with function(lambda_client, **asked, VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}) as name:
        shown = lambda_client.get_function_configuration(FunctionName=name)
        asked["LoggingConfig"]["SystemLogLevel"] = "INFO"
        assert {member: shown[member] for member in asked} == asked
        assert shown["VpcConfig"] == {
            "SubnetIds": ["subnet-1"],
            "SecurityGroupIds": ["sg-1"],
            "VpcId": "",
            "Ipv6AllowedForDualStack": False,
        }


def test_get_function_says_where_the_code_is_and_what_its_tags_are(lambda_client: Any, name: str) -> None:
    got = lambda_client.get_function(FunctionName=name)
    assert got["Code"]["RepositoryType"] == "S3"
    assert got["Tags"] == {"team": "blue"}
    assert got["Configuration"]["State"] == "Active"
    assert got["Configuration"]["LastUpdateStatus"] == "Successful"
    zipped = urlopen(got["Code"]["Location"], timeout=10).read()
    assert base64.b64encode(hashlib.sha256(zipped).digest()).decode() == got["Configuration"]["CodeSha256"]
    with pytest.raises(HTTPError, match="404"):
        urlopen(re.sub(r"[0-9a-f]{64}", "0" * 64, got["Code"]["Location"]), timeout=10)


def test_the_waiters_of_boto3_succeed(lambda_client: Any) -> None:
    name = unique()
    first = create(lambda_client, name)
    lambda_client.get_waiter("function_active_v2").wait(FunctionName=name)
    lambda_client.get_waiter("function_exists").wait(FunctionName=name)
    active = lambda_client.get_function_configuration(FunctionName=name)
    assert active["RevisionId"] != first["RevisionId"], "becoming active is a new revision"
    lambda_client.update_function_configuration(FunctionName=name, Timeout=5)
    lambda_client.get_waiter("function_updated_v2").wait(FunctionName=name)
    lambda_client.delete_function(FunctionName=name)


def test_a_function_is_named_by_name_partial_arn_or_arn(lambda_client: Any, name: str) -> None:
    for form in (name, f"{ACCOUNT}:function:{name}", f"function:{name}", arn_of(name)):
        assert lambda_client.get_function_configuration(FunctionName=form)["FunctionArn"] == arn_of(name)
    for form in (f"{name}:$LATEST", f"{ACCOUNT}:function:{name}:$LATEST", arn_of(name, "$LATEST")):
        shown = lambda_client.get_function_configuration(FunctionName=form)
        assert shown["FunctionArn"] == arn_of(name, "$LATEST")
    made = create(lambda_client, arn_of(f"{name}-by-arn"))
    assert made["FunctionName"] == f"{name}-by-arn"
    lambda_client.delete_function(FunctionName=made["FunctionArn"])


def test_a_function_that_is_not_there_is_not_found(lambda_client: Any) -> None:
    message = f"Function not found: arn:aws:lambda:us-east-1:{ACCOUNT}:function:nope"
    for call in (
        lambda_client.get_function,
        lambda_client.get_function_configuration,
        lambda_client.delete_function,
        lambda_client.invoke,
        lambda_client.publish_version,
        lambda_client.list_versions_by_function,
        lambda_client.list_aliases,
    ):
        assert refused(call, FunctionName="nope") == ("ResourceNotFoundException", 404, message)
    assert refused(lambda_client.get_function, FunctionName="nope", Qualifier="$LATEST")[2] == f"{message}:$LATEST"


def test_an_arn_must_be_of_this_region_and_account_and_agree_with_the_qualifier(lambda_client: Any, name: str) -> None:
    get = lambda_client.get_function
    assert refused(get, FunctionName=arn_of(name).replace("us-east-1", "eu-west-1")) == (
        "ResourceNotFoundException",
        404,
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )
    assert refused(get, FunctionName=arn_of(name).replace(ACCOUNT, "999999999999"))[:2] == (
        "AccessDeniedException",
        403,
    )
    assert refused(get, FunctionName=arn_of(name, "1"), Qualifier="2") == (
        "InvalidParameterValueException",
        400,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


def test_each_region_has_functions_of_its_own(server: Server, lambda_client: Any, name: str) -> None:
    import boto3

    elsewhere = boto3.client("lambda", endpoint_url=server.url, region_name="eu-central-1")
    assert refused(elsewhere.get_function, FunctionName=name)[:2] == ("ResourceNotFoundException", 404)
    made = create(elsewhere, name)
    assert made["FunctionArn"] == arn_of(name).replace("us-east-1", "eu-central-1")
    assert [f["FunctionName"] for f in elsewhere.list_functions()["Functions"]] == [name]
    elsewhere.delete_function(FunctionName=name)
    assert lambda_client.get_function(FunctionName=name)


def test_a_name_is_taken_once(lambda_client: Any, name: str) -> None:
    expected = ("ResourceConflictException", 409, f"Function already exist: {name}")
    assert refused(create, client=lambda_client, name=name) == expected


def test_of_many_creates_at_once_one_wins(server: Server, lambda_client: Any) -> None:
    name, outcomes = unique(), []
    barrier = threading.Barrier(8)

    def attempt() -> None:
        client = boto3_client(server.url)
        barrier.wait()
        try:
            create(client, name)
            outcomes.append("created")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ResourceConflictException"] * 7 + ["created"]
    lambda_client.delete_function(FunctionName=name)


def test_functions_are_listed_page_by_page(lambda_client: Any) -> None:
    stem = unique("paged")
    names = [f"{stem}-{letter}" for letter in "abcde"]
    for each in names:
        create(lambda_client, each)
    pages = list(lambda_client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
    assert all(len(page["Functions"]) <= 2 for page in pages)
    assert [f["FunctionName"] for p in pages for f in p["Functions"] if f["FunctionName"].startswith(stem)] == names
    listed = pages[0]["Functions"][0]
    assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & listed.keys(), "a list shows no states"
    lambda_client.publish_version(FunctionName=names[0])
    every = lambda_client.list_functions(FunctionVersion="ALL", MaxItems=10_000)["Functions"]
    arns = [each["FunctionArn"] for each in every if each["FunctionName"] == names[0]]
    assert arns == [arn_of(names[0], "$LATEST"), arn_of(names[0], "1")]
    assert lambda_client.list_functions(FunctionVersion="ALL", MasterRegion="us-west-2")["Functions"] == []
    for each in names:
        lambda_client.delete_function(FunctionName=each)


def test_a_broken_marker_is_refused(lambda_client: Any) -> None:
    assert refused(lambda_client.list_functions, Marker="?")[:2] == ("InvalidParameterValueException", 400)


def test_a_deleted_function_is_gone_with_its_versions(lambda_client: Any) -> None:
    with function(lambda_client) as name:
        lambda_client.publish_version(FunctionName=name)
        lambda_client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        answer = lambda_client.delete_function(FunctionName=name)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert refused(lambda_client.get_function, FunctionName=name, Qualifier="1")[:2] == (
            "ResourceNotFoundException",
            404,
        )
        create(lambda_client, name)
        assert lambda_client.list_aliases(FunctionName=name)["Aliases"] == []


def test_functions_survive_kill_9(tmp_path_factory: pytest.TempPathFactory) -> None:
    import signal

    running = Server(tmp_path_factory.mktemp("killed") / "data")
    running.start()
    try:
        client = boto3_client(running.url)
        made = create(client, "kept", Publish=True, Tags={"k": "v"})
        running.restart(signal.SIGKILL)
        got = client.get_function(FunctionName="kept")
        assert got["Tags"] == {"k": "v"}
        assert got["Configuration"]["CodeSha256"] == made["CodeSha256"]
        assert client.invoke(FunctionName="kept", Qualifier="1", Payload=b'{"still": "here"}')["Payload"].read() == (
            b'{"still": "here"}'
        )
    finally:
        running.stop()
