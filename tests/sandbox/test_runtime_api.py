"""The Runtime API as a runtime meets it, asked from inside a handler."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Invocation, Sandbox

ASKS = """
import http.client, json, os
def ask(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"], timeout=2)
    connection.request(method, "/2018-06-01/runtime" + path, body, headers)
    response = connection.getresponse()
    return [response.status, json.loads(response.read() or "null")]
def lambda_handler(event, context):
    ID = context.aws_request_id
    return eval(event)
"""


def answer(invocation: Invocation) -> Any:
    return json.loads(invocation.payload)


@pytest.mark.parametrize(
    ("call", "status", "error_type"),
    [
        ("ask('POST', '/invocation/nobody/response', '1')", 400, "InvalidRequestID"),
        ("ask('POST', '/invocation/nobody/error', '{}')", 400, "InvalidRequestID"),
        ("ask('POST', '/init/error', '{}')", 403, "InvalidStateTransition"),
        ("ask('GET', '/invocation/next')", 403, "InvalidStateTransition"),
        ("ask('GET', '/invocation/else')", 404, "NotFound"),
        ("ask('DELETE', '/invocation/next')", 404, "NotFound"),
    ],
)
def test_a_call_out_of_turn_is_refused(sandbox: Sandbox, call: str, status: int, error_type: str) -> None:
    got_status, body = answer(sandbox.run(ASKS, event=call))
    assert (got_status, body["errorType"]) == (status, error_type)


def test_the_first_response_counts_and_a_second_is_refused(sandbox: Sandbox) -> None:
    call = "[ask('POST', f'/invocation/{ID}/response', '\"first\"'), ask('POST', f'/invocation/{ID}/response', '2')]"
    code = ASKS.replace("return eval(event)", "print(eval(event))")
    invocation = sandbox.run(code, event=call)
    assert answer(invocation) == "first"
    assert any("[[202, {'status': 'OK'}], [403, " in event.message for event in invocation.log)


def test_an_error_may_say_its_type_in_a_header(sandbox: Sandbox) -> None:
    call = (
        "ask('POST', f'/invocation/{ID}/error', '{\"errorMessage\": \"m\"}', "
        "{'Lambda-Runtime-Function-Error-Type': 'Shop.Closed'})"
    )
    invocation = sandbox.run(ASKS, event=call)
    assert (invocation.function_error, invocation.error_type) == ("Unhandled", "Shop.Closed")
    assert answer(invocation) == {"errorMessage": "m"}


def test_what_is_not_http_harms_nobody_but_its_connection(sandbox: Sandbox) -> None:
    code = """
import os, socket
def lambda_handler(event, context):
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    for _ in range(300):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"\\0\\1\\2 not http\\r\\n\\r\\n")
    with socket.create_connection((host, int(port))) as connection:
        try:
            connection.sendall(b"GET /" + b"x" * (64 << 20))
        except OSError:
            pass
    return "fine"
"""
    assert answer(sandbox.run(code, timeout_s=20, memory_mb=1769)) == "fine"


def test_a_streamed_response_comes_piece_by_piece_and_may_fail_midway(sandbox: Sandbox) -> None:
    code = """
import base64, json, os, socket, time
def lambda_handler(event, context):
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            f"POST /2018-06-01/runtime/invocation/{context.aws_request_id}/response HTTP/1.1\\r\\n"
            "Host: x\\r\\nTransfer-Encoding: chunked\\r\\nContent-Type: text/plain\\r\\n"
            "Lambda-Runtime-Function-Response-Mode: streaming\\r\\n"
            "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\\r\\n\\r\\n".encode())
        for word in (b"one ", b"two "):
            connection.sendall(b"%x\\r\\n%s\\r\\n" % (len(word), word))
            time.sleep(0.2)
        end = b"0\\r\\n"
        if event.get("fail"):
            body = base64.b64encode(json.dumps({"errorMessage": "midway", "errorType": "Broken"}).encode())
            end += b"Lambda-Runtime-Function-Error-Type: Broken\\r\\n"
            end += b"Lambda-Runtime-Function-Error-Body: " + body + b"\\r\\n"
        connection.sendall(end + b"\\r\\n")
        connection.recv(4096)
"""
    from sandbox import Function, ResponseChunk
    from sandbox.manager import default_runtime

    package = sandbox.packages.put_files({"lambda_function.py": code.encode()})
    function = Function(package.sha256, "lambda_function.lambda_handler", runtime=default_runtime())
    items = list(sandbox.invoke_stream(function, b"{}"))
    chunks = [item for item in items if isinstance(item, ResponseChunk)]
    assert [chunk.data for chunk in chunks] == [b"one ", b"two "]
    assert chunks[0].content_type == "text/plain"
    whole = items[-1]
    assert isinstance(whole, Invocation)
    assert (whole.payload, whole.content_type, whole.function_error) == (b"one two ", "text/plain", None)
    broken = list(sandbox.invoke_stream(function, b'{"fail": 1}'))[-1]
    assert isinstance(broken, Invocation)
    assert (broken.function_error, broken.error_type) == ("Unhandled", "Broken")
    assert answer(broken) == {"errorMessage": "midway", "errorType": "Broken"}
