"""Functions are invoked: at once, later, or only as a trial."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, eventually, function, refused

CODE = """
import json

def handler(event, context):
    print("in the handler")
    if "raise" in event:
        raise ValueError(event["raise"])
    if "exit" in event:
        import os
        os._exit(event["exit"])
    custom = context.client_context.custom if context.client_context else None
    return {"event": event, "arn": context.invoked_function_arn, "custom": custom, "id": context.aws_request_id}
"""


@pytest.fixture(scope="module")
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client, CODE) as made:
        yield made


def invoke(client: Any, name: str, event: Any = None, **parameters: Any) -> tuple[dict[str, Any], Any]:
    """Invoke's answer and its decoded payload."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event or {}), **parameters)
    return answer, json.loads(answer["Payload"].read())


def test_the_answer_is_the_handlers(lambda_client: Any, name: str) -> None:
    answer, payload = invoke(lambda_client, name, {"x": [1, "é"]})
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert not {"FunctionError", "LogResult"} & answer.keys()
    assert (payload["event"], payload["arn"]) == ({"x": [1, "é"]}, arn_of(name))
    metadata = answer["ResponseMetadata"]
    assert payload["id"] == metadata["RequestId"], "the request's id is the invocation's"
    assert metadata["HTTPHeaders"]["x-amzn-trace-id"].startswith("Root=1-")


def test_the_arn_is_the_one_that_was_called(lambda_client: Any, name: str) -> None:
    assert invoke(lambda_client, name, Qualifier="$LATEST")[1]["arn"] == arn_of(name, "$LATEST")
    assert invoke(lambda_client, arn_of(name))[1]["arn"] == arn_of(name)


def test_the_log_comes_along_when_it_is_asked_for(lambda_client: Any, name: str) -> None:
    answer, payload = invoke(lambda_client, name, LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert f"START RequestId: {payload['id']} Version: $LATEST\nin the handler\nEND RequestId: {payload['id']}" in log
    assert "REPORT RequestId: " in log
    assert "LogResult" not in invoke(lambda_client, name, LogType="None")[0]


def test_no_payload_is_an_empty_event(lambda_client: Any, name: str) -> None:
    assert json.loads(lambda_client.invoke(FunctionName=name)["Payload"].read())["event"] == {}


def test_an_error_of_the_function_is_no_error_of_the_call(lambda_client: Any, name: str) -> None:
    answer, payload = invoke(lambda_client, name, {"raise": "no luck"})
    assert (answer["StatusCode"], answer["FunctionError"], answer["ExecutedVersion"]) == (200, "Unhandled", "$LATEST")
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "no luck")
    answer, payload = invoke(lambda_client, name, {"exit": 3})
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


def test_a_client_context_arrives(lambda_client: Any, name: str) -> None:
    context = base64.b64encode(json.dumps({"custom": {"color": "blue"}}).encode()).decode()
    assert invoke(lambda_client, name, ClientContext=context)[1]["custom"] == {"color": "blue"}
    code, status, _ = refused(lambda_client.invoke, FunctionName=name, ClientContext="no base64!")
    assert (code, status) == ("InvalidParameterValueException", 400)


@pytest.mark.parametrize("payload", [b"hello", b'{"a": ', b"eyJuYW1lIjogIldvcmxkIn0=", b"\xff\xfe\xfd"])
def test_a_payload_that_is_not_json_gets_a_hint(lambda_client: Any, name: str, payload: bytes) -> None:
    for kind in ("RequestResponse", "Event"):
        code, status, message = refused(lambda_client.invoke, FunctionName=name, Payload=payload, InvocationType=kind)
        assert (code, status) == ("InvalidRequestContentException", 400)
        assert message.startswith("Could not parse request body into json: ")
        assert "--cli-binary-format raw-in-base64-out" in message


def test_an_event_may_have_6_mb_and_an_asynchronous_one_less(lambda_client: Any, name: str) -> None:
    text = "x" * (6_291_456 - len('{"y": ""}'))
    answer = lambda_client.invoke(FunctionName=name, Payload=json.dumps({"y": text}))
    assert answer["StatusCode"] == 200, "6 MB is allowed (what comes back is then too large)"
    assert refused(lambda_client.invoke, FunctionName=name, Payload=json.dumps({"y": text + "x"})) == (
        "RequestTooLargeException",
        413,
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    )
    assert refused(lambda_client.invoke, FunctionName=name, Payload=f'"{text}"', InvocationType="Event")[:2] == (
        "RequestTooLargeException",
        413,
    )


def test_a_dry_run_only_checks_the_call(lambda_client: Any, name: str) -> None:
    answer = lambda_client.invoke(FunctionName=name, InvocationType="DryRun")
    assert (answer["StatusCode"], answer["Payload"].read()) == (204, b"")
    assert refused(lambda_client.invoke, FunctionName="none", InvocationType="DryRun")[1] == 404


def test_an_asynchronous_event_is_queued_and_handled(lambda_client: Any) -> None:
    counting = """
import os
count = 0
def handler(event, context):
    global count
    if event.get("add"):
        count += 1
    return count
"""
    with function(lambda_client, counting) as name:
        lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
        answer = lambda_client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"add": true}')
        assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
        assert lambda_client.invoke_async(FunctionName=name, InvokeArgs=b'{"add": true}')["Status"] == 202
        assert eventually(lambda: handled(lambda_client, name) == 2)


def handled(client: Any, name: str) -> int:
    """How many events the one environment of the function has handled; -1 while it is at work."""
    try:
        return int(client.invoke(FunctionName=name)["Payload"].read())
    except client.exceptions.TooManyRequestsException:
        return -1


def test_an_odd_invocation_type_is_refused(careless_client: Any, name: str) -> None:
    assert refused(careless_client.invoke, FunctionName=name, InvocationType="Later") == (
        "ValidationException",
        400,
        "1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: Member must "
        "satisfy enum value set: [Event, RequestResponse, DryRun]",
    )
