"""InvokeWithResponseStream: a real event stream, which boto3 decodes piece by piece."""

from __future__ import annotations

import base64
import json
import struct
import time
from binascii import crc32
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import function, refused
from webapp.api.event_stream import event

STREAMING = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("first ");
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (event.fail) throw new Error("in the middle");
  stream.write("second");
  stream.end();
});
"""


@pytest.fixture(scope="module")
def buffered(lambda_client: Any) -> Iterator[str]:
    code = "def handler(event, context):\n    assert 'fail' not in event, 'failed'\n    return event\n"
    with function(lambda_client, code) as made:
        yield made


def stream(client: Any, name: str, event: Any = None, **parameters: Any) -> tuple[dict[str, Any], list[Any]]:
    """The answer and all its events."""
    answer = client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event or {}), **parameters)
    return answer, list(answer["EventStream"])


def test_a_response_that_is_not_streamed_comes_in_one_piece(lambda_client: Any, buffered: str) -> None:
    answer, events = stream(lambda_client, buffered, {"a": 1})
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    assert events == [{"PayloadChunk": {"Payload": b'{"a": 1}'}}, {"InvokeComplete": {}}]


def test_the_log_is_in_the_last_event(lambda_client: Any, buffered: str) -> None:
    last = stream(lambda_client, buffered, LogType="Tail")[1][-1]["InvokeComplete"]
    assert b"REPORT RequestId: " in base64.b64decode(last["LogResult"])


def test_an_error_is_in_the_last_event(lambda_client: Any, buffered: str) -> None:
    (last,) = stream(lambda_client, buffered, {"fail": 1})[1]
    assert last["InvokeComplete"]["ErrorCode"] == "Unhandled"
    assert json.loads(last["InvokeComplete"]["ErrorDetails"])["errorType"] == "AssertionError"


def test_a_refusal_comes_as_an_error_and_not_as_a_stream(lambda_client: Any, buffered: str) -> None:
    call = lambda_client.invoke_with_response_stream
    assert refused(call, FunctionName="none")[:2] == ("ResourceNotFoundException", 404)
    assert refused(call, FunctionName=buffered, Payload=b"text")[:2] == ("InvalidRequestContentException", 400)
    lambda_client.put_function_concurrency(FunctionName=buffered, ReservedConcurrentExecutions=0)
    assert refused(call, FunctionName=buffered)[:2] == ("TooManyRequestsException", 429)
    lambda_client.delete_function_concurrency(FunctionName=buffered)


def test_a_streaming_handler_is_heard_while_it_writes(lambda_client: Any) -> None:
    with function(lambda_client, STREAMING, file="index.mjs", Runtime=node_runtime()) as name:
        list(lambda_client.invoke_with_response_stream(FunctionName=name)["EventStream"])  # warm from now on
        arrived: list[tuple[float, Any]] = []
        for each in lambda_client.invoke_with_response_stream(FunctionName=name)["EventStream"]:
            arrived.append((time.monotonic(), each))
        payload = b"".join(each["PayloadChunk"]["Payload"] for _, each in arrived if "PayloadChunk" in each)
        assert payload == b"first second"
        assert arrived[-1][0] - arrived[0][0] > 0.2, "the first piece did not wait for the second"
        failed = stream(lambda_client, name, {"fail": True})[1]
        assert failed[0] == {"PayloadChunk": {"Payload": b"first "}}
        assert "in the middle" in failed[-1]["InvokeComplete"]["ErrorDetails"]


def node_runtime() -> str:
    """The Node.js of this host."""
    from sandbox.runtimes import runtimes

    for found in runtimes():
        if found.family == "nodejs" and found.available:
            return found.identifier
    pytest.skip("Node.js is not on this machine")


def test_a_message_is_framed_as_aws_frames_it() -> None:
    framed = event("PayloadChunk", b"data", "application/octet-stream")
    total, headers = struct.unpack(">II", framed[:8])
    assert total == len(framed)
    assert struct.unpack(">I", framed[8:12])[0] == crc32(framed[:8])
    assert struct.unpack(">I", framed[-4:])[0] == crc32(framed[:-4])
    assert framed[12 + headers : -4] == b"data"
