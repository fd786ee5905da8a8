"""Code and configuration are changed: what was not asked for stays, and every change is a new revision."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, eventually, function, refused, zip_files

WRONG_REVISION = (
    "PreconditionFailedException",
    412,
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
    "the latest Revision Id",
)


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as made:
        yield made


def answering(text: str) -> bytes:
    """A package whose handler answers that text."""
    return zip_files({"main.py": f"def handler(event, context):\n    return {text!r}\n"})


def settled(client: Any, name: str) -> dict[str, Any]:
    """The configuration once the last update is through."""
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    shown: dict[str, Any] = client.get_function_configuration(FunctionName=name)
    return shown


def test_new_code_runs_at_the_next_invocation(lambda_client: Any, name: str) -> None:
    assert lambda_client.invoke(FunctionName=name, Payload=b'"old"')["Payload"].read() == b'"old"'
    package = answering("new")
    updated = lambda_client.update_function_code(FunctionName=name, ZipFile=package)
    assert updated["LastUpdateStatus"] == "InProgress"
    assert (updated["LastUpdateStatusReason"], updated["State"]) == ("The function is being created.", "Active")
    assert updated["CodeSha256"] == base64.b64encode(hashlib.sha256(package).digest()).decode()
    assert lambda_client.invoke(FunctionName=name, Payload=b'"old"')["Payload"].read() == b'"new"'
    assert settled(lambda_client, name)["LastUpdateStatus"] == "Successful"


def test_an_update_always_starts_new_environments(lambda_client: Any) -> None:
    counter = "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n\n"
    with function(lambda_client, counter) as name:
        counts = [lambda_client.invoke(FunctionName=name)["Payload"].read() for _ in range(2)]
        lambda_client.update_function_configuration(FunctionName=name)
        counts.append(lambda_client.invoke(FunctionName=name)["Payload"].read())
        assert counts == [b"1", b"2", b"1"]


def test_a_configuration_is_changed_by_what_is_given(lambda_client: Any, name: str) -> None:
    lambda_client.update_function_configuration(
        FunctionName=name, Description="one", Environment={"Variables": {"AA": "1"}}, MemorySize=256
    )
    lambda_client.update_function_configuration(FunctionName=name, Timeout=7)
    shown = settled(lambda_client, name)
    assert (shown["Description"], shown["MemorySize"], shown["Timeout"]) == ("one", 256, 7)
    assert shown["Environment"] == {"Variables": {"AA": "1"}}
    lambda_client.update_function_configuration(FunctionName=name, Environment={}, Description="")
    shown = settled(lambda_client, name)
    assert (shown["Environment"], shown["Description"], shown["Timeout"]) == ({"Variables": {}}, "", 7)


def test_a_log_format_brings_its_levels(lambda_client: Any, name: str) -> None:
    update = lambda_client.update_function_configuration
    update(FunctionName=name, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"})
    assert settled(lambda_client, name)["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": f"/aws/lambda/{name}",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "WARN",
    }
    update(FunctionName=name, LoggingConfig={"LogFormat": "Text"})
    assert settled(lambda_client, name)["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}


def test_every_step_of_an_update_is_a_new_revision(lambda_client: Any, name: str) -> None:
    before = lambda_client.get_function_configuration(FunctionName=name)["RevisionId"]
    assert refused(lambda_client.update_function_code, FunctionName=name, ZipFile=answering("x"), RevisionId="x") == (
        WRONG_REVISION
    )
    during = lambda_client.update_function_code(FunctionName=name, ZipFile=answering("y"), RevisionId=before)
    after = settled(lambda_client, name)["RevisionId"]
    assert len({before, during["RevisionId"], after}) == 3
    assert (
        refused(lambda_client.update_function_configuration, FunctionName=name, Timeout=4, RevisionId=before)
        == WRONG_REVISION
    )
    again = lambda_client.update_function_configuration(FunctionName=name, Timeout=4, RevisionId=after)
    assert again["RevisionId"] != after


def test_a_dry_run_changes_nothing(lambda_client: Any, name: str) -> None:
    before = lambda_client.get_function_configuration(FunctionName=name)
    tried = lambda_client.update_function_code(FunctionName=name, ZipFile=answering("z"), DryRun=True)
    assert tried["CodeSha256"] != before["CodeSha256"]
    after = lambda_client.get_function_configuration(FunctionName=name)
    assert (after["CodeSha256"], after["RevisionId"]) == (before["CodeSha256"], before["RevisionId"])


def test_code_can_be_published_as_it_is_updated(lambda_client: Any, name: str) -> None:
    made = lambda_client.update_function_code(FunctionName=name, ZipFile=answering("one"), Publish=True)
    assert (made["Version"], made["FunctionArn"], made["State"]) == ("1", arn_of(name, "1"), "Pending")
    eventually(lambda: lambda_client.get_function_configuration(FunctionName=arn_of(name, "1"))["State"] == "Active")
    lambda_client.update_function_code(FunctionName=name, ZipFile=answering("two"))
    assert lambda_client.invoke(FunctionName=name, Qualifier="1")["Payload"].read() == b'"one"'
    assert lambda_client.invoke(FunctionName=name)["Payload"].read() == b'"two"'


def test_a_version_can_not_be_updated(lambda_client: Any, name: str) -> None:
    lambda_client.publish_version(FunctionName=name)
    for call in (lambda_client.update_function_configuration, lambda_client.update_function_code):
        code, status, message = refused(call, FunctionName=arn_of(name, "1"))
        assert (code, status) == ("InvalidParameterValueException", 400)
        assert message.startswith("This operation is permitted on Lambda functions only.")


def test_a_refused_update_leaves_everything_as_it_was(lambda_client: Any, name: str) -> None:
    before = lambda_client.get_function_configuration(FunctionName=name)
    assert (
        refused(
            lambda_client.update_function_configuration,
            FunctionName=name,
            Timeout=99,
            Environment={"Variables": {"AWS_REGION": "mars"}},
        )[1]
        == 400
    )
    after = lambda_client.get_function_configuration(FunctionName=name)
    before.pop("ResponseMetadata"), after.pop("ResponseMetadata")
    assert after == before


def test_a_strict_playground_refuses_what_is_too_early(strict_client: Any) -> None:
    from tests.api.support import ROLE, python_runtime, unique

    name = unique()
    strict_client.create_function(
        FunctionName=name,
        Runtime=python_runtime(),
        Role=ROLE,
        Handler="main.handler",
        Code={"ZipFile": answering("x")},
    )
    pending = (
        "ResourceConflictException",
        409,
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    )
    assert refused(strict_client.update_function_configuration, FunctionName=name, Timeout=5) == pending
    assert refused(strict_client.update_function_code, FunctionName=name, ZipFile=answering("y")) == pending
    assert refused(strict_client.publish_version, FunctionName=name) == pending
    assert refused(strict_client.invoke, FunctionName=name) == pending
    strict_client.get_waiter("function_active_v2").wait(FunctionName=name)
    strict_client.update_function_configuration(FunctionName=name, Timeout=5)
    assert refused(strict_client.update_function_code, FunctionName=name, ZipFile=answering("y")) == (
        "ResourceConflictException",
        409,
        f"The operation cannot be performed at this time. An update is in progress for resource: {arn_of(name)}",
    )
    assert strict_client.invoke(FunctionName=name)["Payload"].read() == b'"x"', "an update leaves a function usable"
    strict_client.get_waiter("function_updated_v2").wait(FunctionName=name)
    strict_client.update_function_code(FunctionName=name, ZipFile=answering("y"))


def test_a_beginner_need_not_wait(lambda_client: Any) -> None:
    from tests.api.support import ROLE, python_runtime, unique

    name = unique()
    made = lambda_client.create_function(
        FunctionName=name,
        Runtime=python_runtime(),
        Role=ROLE,
        Handler="main.handler",
        Code={"ZipFile": answering("at once")},
    )
    assert made["State"] == "Pending"
    assert lambda_client.invoke(FunctionName=name)["Payload"].read() == b'"at once"'
    lambda_client.update_function_configuration(FunctionName=name, Timeout=5)
    lambda_client.update_function_code(FunctionName=name, ZipFile=answering("and again"))
    assert lambda_client.invoke(FunctionName=name)["Payload"].read() == b'"and again"'
    lambda_client.delete_function(FunctionName=name)
