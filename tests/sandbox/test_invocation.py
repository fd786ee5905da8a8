"""What one invocation of a Python handler gives: response, error JSON and log lines, as Lambda words them."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from sandbox import Function, Invocation, Sandbox
from sandbox.errors import (
    InvalidParameterValueException,
    InvalidRequestContentException,
    RequestTooLargeException,
)
from sandbox.manager import default_runtime
from tests.sandbox.handlers import ECHO


def answer(invocation: Invocation) -> Any:
    return json.loads(invocation.payload)


def lines(invocation: Invocation) -> list[str]:
    return [event.message for event in invocation.log]


def test_the_response_is_what_the_handler_returns(sandbox: Sandbox) -> None:
    event = {"text": "grüße", "list": [1, 2.5, None, True], "nested": {"a": {}}}
    invocation = sandbox.run(ECHO, event=event)
    assert answer(invocation) == event
    assert invocation.succeeded
    assert invocation.executed_version == "$LATEST"


def test_an_event_may_be_any_json_value(sandbox: Sandbox) -> None:
    for event in ("text", 7, [1], False):
        assert answer(sandbox.run(ECHO, event=event)) == event


def test_start_end_and_report_surround_the_functions_lines(sandbox: Sandbox) -> None:
    code = "def lambda_handler(event, context):\n    print('one')\n    print('two', end='')\n"
    invocation = sandbox.run(code)
    request_id = invocation.request_id
    init, start, one, two, end, report = lines(invocation)
    assert re.fullmatch(
        r"INIT_START Runtime Version: python:3\.\d+\.v\d+\t"
        r"Runtime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}",
        init,
    )
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert (one, two) == ("one", "two")
    assert end == f"END RequestId: {request_id}"
    assert re.fullmatch(
        rf"REPORT RequestId: {request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t",
        report,
    )


def test_logging_gives_level_time_and_request_id(sandbox: Sandbox) -> None:
    code = """
import logging
logger = logging.getLogger()
def lambda_handler(event, context):
    logger.info("not shown")
    logger.warning("two\\nlines")
"""
    invocation = sandbox.run(code)
    (line,) = [event.message for event in invocation.log if event.source == "function"]
    assert re.fullmatch(
        rf"\[WARNING\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{invocation.request_id}\ttwo\nlines", line
    )


def test_an_exception_becomes_the_errors_json_with_its_stack_trace(sandbox: Sandbox) -> None:
    code = "class Refused(Exception): pass\ndef lambda_handler(event, context):\n    raise Refused('no')\n"
    invocation = sandbox.run(code)
    assert invocation.function_error == "Unhandled"
    assert invocation.error_type == "Refused"
    assert answer(invocation) == {
        "errorMessage": "no",
        "errorType": "Refused",
        "requestId": invocation.request_id,
        "stackTrace": ["  File \"/var/task/lambda_function.py\", line 3, in lambda_handler\n    raise Refused('no')\n"],
    }
    assert any(line.startswith("[ERROR] Refused: no\nTraceback") for line in lines(invocation))
    assert "Status:" not in lines(invocation)[-1]


@pytest.mark.parametrize(
    ("code", "handler", "error_type", "message"),
    [
        ("import nope\n", "lambda_function.lambda_handler", "Runtime.ImportModuleError",
         "Unable to import module 'lambda_function': No module named 'nope'"),
        ("def x(:\n", "lambda_function.lambda_handler", "Runtime.UserCodeSyntaxError",
         "Syntax error in module 'lambda_function': invalid syntax (lambda_function.py, line 1)"),
        (ECHO, "lambda_function.other", "Runtime.HandlerNotFound",
         "Handler 'other' missing on module 'lambda_function'"),
        (ECHO, "other.lambda_handler", "Runtime.ImportModuleError",
         "Unable to import module 'other': No module named 'other'"),
        (ECHO, "nodots", "Runtime.MalformedHandlerName",
         "Bad handler 'nodots': not enough values to unpack (expected 2, got 1)"),
    ],
)  # fmt: skip
def test_an_init_that_fails_is_tried_again_and_reported(
    sandbox: Sandbox, code: str, handler: str, error_type: str, message: str
) -> None:
    invocation = sandbox.run(code, handler)
    assert (invocation.function_error, invocation.error_type) == ("Unhandled", error_type)
    assert (answer(invocation)["errorType"], answer(invocation)["errorMessage"]) == (error_type, message)
    reports = [line for line in lines(invocation) if line.startswith("INIT_REPORT")]
    assert [re.sub(r"[\d.]+ ms", "N ms", line) for line in reports] == [
        f"INIT_REPORT Init Duration: N ms\tPhase: {phase}\tStatus: error\tError Type: {error_type}"
        for phase in ("init", "invoke")
    ]
    assert lines(invocation)[-1].endswith(f"Status: error\tError Type: {error_type}")


def test_a_response_that_is_not_json_is_a_marshal_error(sandbox: Sandbox) -> None:
    invocation = sandbox.run("def lambda_handler(event, context):\n    return {1, 2}\n")
    assert answer(invocation)["errorType"] == "Runtime.MarshalError"
    assert answer(invocation)["errorMessage"] == (
        "Unable to marshal response: Object of type set is not JSON serializable"
    )


def test_a_handler_that_takes_too_long_times_out(sandbox: Sandbox) -> None:
    code = "import time\ndef lambda_handler(event, context):\n    print('on my way')\n    time.sleep(30)\n"
    invocation = sandbox.run(code, timeout_s=1)
    request_id = invocation.request_id
    assert answer(invocation) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    assert "on my way" in lines(invocation)
    assert re.fullmatch(rf"[-\dT:.]+Z {request_id} Task timed out after 1\.00 seconds", lines(invocation)[-3])
    assert "Duration: 1000.00 ms" in lines(invocation)[-1]
    assert lines(invocation)[-1].endswith("Status: timeout")
    assert not sandbox.run(ECHO, event=1, timeout_s=1).error_type


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_runtime_that_exits_is_an_exit_error(sandbox: Sandbox, statement: str, words: str) -> None:
    invocation = sandbox.run(f"import os, sys\ndef lambda_handler(event, context):\n    {statement}\n")
    assert answer(invocation) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: {words}",
    }
    assert lines(invocation)[-1].endswith("Status: error\tError Type: Runtime.ExitError")


def test_a_function_that_takes_more_than_its_memory_is_killed(sandbox: Sandbox) -> None:
    code = "def lambda_handler(event, context):\n    return len(b'1' * (event << 20))\n"
    invocation = sandbox.run(code, event=400, timeout_s=20)
    assert answer(invocation)["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert invocation.max_memory_used_mb == 128
    assert lines(invocation)[-1].endswith("Status: error\tError Type: Runtime.OutOfMemory")
    assert answer(sandbox.run(code, event=50, memory_mb=256)) == 50 << 20


def test_a_response_over_6_mb_is_too_large(sandbox: Sandbox) -> None:
    code = "def lambda_handler(event, context):\n    return 'x' * event\n"
    invocation = sandbox.run(code, event=6 * 1024 * 1024 + 200, memory_mb=512)
    assert answer(invocation) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert len(sandbox.run(code, event=6 * 1024 * 1024, memory_mb=512).payload) == 6 * 1024 * 1024 + 2


def test_an_event_of_6_mb_arrives_whole_and_a_larger_one_is_refused(sandbox: Sandbox) -> None:
    code = "def lambda_handler(event, context):\n    return len(event)\n"
    size = 6 * 1024 * 1024 - 2
    assert answer(sandbox.run(code, event="x" * size, memory_mb=512)) == size
    with pytest.raises(RequestTooLargeException):
        sandbox.run(code, event="x" * (size + 1), memory_mb=512)


@pytest.mark.parametrize("event", [b"{", b"{'a': 1}", b"\xff", b"[" * 100_000])
def test_an_event_that_is_not_json_is_refused(sandbox: Sandbox, event: bytes) -> None:
    package = sandbox.packages.put_files({"lambda_function.py": ECHO.encode()})
    with pytest.raises(InvalidRequestContentException, match="Could not parse request body into json"):
        sandbox.invoke(Function(package.sha256, "lambda_function.lambda_handler"), event)


def test_an_unknown_runtime_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidParameterValueException):
        sandbox.run(ECHO, runtime="cobol85")


def test_the_context_tells_about_invocation_and_function(sandbox: Sandbox) -> None:
    code = """
def lambda_handler(event, context):
    return {"id": context.aws_request_id, "name": context.function_name, "version": context.function_version,
            "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb, "group": context.log_group_name,
            "stream": context.log_stream_name, "left": context.get_remaining_time_in_millis()}
"""
    invocation = sandbox.run(code, name="shop", memory_mb=192, timeout_s=5)
    seen = answer(invocation)
    assert seen.pop("id") == invocation.request_id
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", seen.pop("stream"))
    assert 4000 < seen.pop("left") <= 5000
    assert seen == {
        "name": "shop",
        "version": "$LATEST",
        "memory": "192",
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:shop",
        "group": "/aws/lambda/shop",
    }


def test_the_environment_holds_lambdas_variables_and_the_functions_own(sandbox: Sandbox) -> None:
    code = "import os\ndef lambda_handler(event, context):\n    return dict(os.environ)\n"
    seen = answer(sandbox.run(code, environment={"TABLE": "orders"}, name="shop"))
    assert seen["TABLE"] == "orders"
    assert seen["_HANDLER"] == "lambda_function.lambda_handler"
    assert seen["AWS_EXECUTION_ENV"].startswith("AWS_Lambda_python3.")
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "us-east-1"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert seen["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert seen["LAMBDA_TASK_ROOT"] == "/var/task"
    assert seen["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:9001"
    assert seen["TZ"] == ":UTC"
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert seen["_X_AMZN_TRACE_ID"].startswith("Root=1-")


def test_the_aws_sdk_is_there(sandbox: Sandbox) -> None:
    code = "import boto3\ndef lambda_handler(event, context):\n    return boto3.client('s3').meta.region_name\n"
    assert answer(sandbox.run(code, memory_mb=512, timeout_s=20)) == "us-east-1"


def test_json_logs_are_objects(sandbox: Sandbox) -> None:
    code = """
import logging
def lambda_handler(event, context):
    logging.getLogger().error("bad %s", "luck")
"""
    invocation = sandbox.run(code, log_format="JSON")
    records = [json.loads(line) for line in lines(invocation)]
    assert [record.get("type", record.get("level")) for record in records] == [
        "platform.initStart", "platform.start", "ERROR", "platform.report",
    ]  # fmt: skip
    assert (records[2]["message"], records[2]["requestId"]) == ("bad luck", invocation.request_id)
    assert records[3]["record"]["status"] == "success"
    assert records[3]["record"]["metrics"]["memorySizeMB"] == 128


def test_a_client_context_reaches_the_handler(sandbox: Sandbox) -> None:
    code = b"def lambda_handler(event, context):\n    return context.client_context.custom\n"
    package = sandbox.packages.put_files({"lambda_function.py": code})
    function = Function(package.sha256, "lambda_function.lambda_handler", runtime=default_runtime())
    context = base64.b64encode(json.dumps({"custom": {"who": "me"}}).encode()).decode()
    assert answer(sandbox.invoke(function, b"{}", client_context=context)) == {"who": "me"}
    with pytest.raises(InvalidParameterValueException):
        sandbox.invoke(function, b"{}", client_context="not base64!")


def test_a_flood_of_log_lines_is_cut_not_kept(sandbox: Sandbox) -> None:
    code = "def lambda_handler(event, context):\n    for _ in range(120):\n        print('x' * 100_000)\n    return 1\n"
    invocation = sandbox.run(code, timeout_s=30, memory_mb=1024)
    assert answer(invocation) == 1
    assert sum(len(line) for line in lines(invocation)) < 7 * 1024 * 1024
    assert any("the rest is dropped" in line for line in lines(invocation))
