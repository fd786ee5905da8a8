"""Node.js functions run by AWS's own client: every kind of handler, and TypeScript without a build step."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox import Function, Invocation, ResponseChunk, Sandbox
from sandbox.runtimes.nodejs import NodejsRuntime
from tests.sandbox.host_runtimes import answer, failure, found, lines
from webapp.starters import starter

NODES = found("nodejs")
pytestmark = pytest.mark.parametrize("node", NODES)

HANDLER = """
console.log("loaded");

export const handler = async (event, context) => {
  switch (event.do) {
    case "throw": throw new TypeError("no such thing");
    case "exit": process.exit(3);
    case "exit-zero": process.exit(0);
    case "wait": return new Promise((resolve) => setTimeout(resolve, 20_000));
    case "reject": Promise.reject(new Error("nobody waits")); await new Promise((resolve) => setTimeout(resolve, 50));
    case "context": return [
      context.functionName, context.functionVersion, context.memoryLimitInMB, context.invokedFunctionArn,
      context.awsRequestId, context.getRemainingTimeInMillis() > 500,
    ];
    case "environment": return [process.env.AWS_EXECUTION_ENV, process.env._HANDLER, process.env.GREETING];
    case "log": console.log("one\\ntwo"); console.error("three", { four: 5 }); return null;
    case "version": return process.version;
  }
  return { message: `Hello, ${event.name}` };
};
"""


def run(sandbox: Sandbox, node: str, event: Any = None, files: Any = HANDLER, **fields: Any) -> Invocation:
    fields = {"memory_mb": 512, "timeout_s": 10, **fields}
    return sandbox.run(files, "index.handler", event or {}, runtime=node, **fields)


def test_an_es_module_answers(sandbox: Sandbox, node: str) -> None:
    result = run(sandbox, node, {"name": "World"})
    assert answer(result) == {"message": "Hello, World"}


def test_the_interpreter_is_the_one_that_the_runtime_names(sandbox: Sandbox, node: str) -> None:
    assert answer(run(sandbox, node, {"do": "version"})).startswith(f"v{node[6:8]}.")


def test_a_commonjs_handler_may_be_async(sandbox: Sandbox, node: str) -> None:
    files = {"index.js": "exports.handler = async (event) => event.number + 1;"}
    assert answer(run(sandbox, node, {"number": 1}, files)) == 2


def test_a_js_file_is_an_es_module_where_package_json_says_so(sandbox: Sandbox, node: str) -> None:
    files = {"index.js": "export const handler = async () => import.meta.url;", "package.json": '{"type": "module"}'}
    assert answer(run(sandbox, node, {}, files)) == "file:///var/task/index.js"


def test_a_callback_handler_answers_up_to_node_22(sandbox: Sandbox, node: str) -> None:
    files = {"index.js": "exports.handler = (event, context, callback) => callback(null, event);"}
    result = run(sandbox, node, {"a": 1}, files)
    if node <= "nodejs22.x":
        assert answer(result) == {"a": 1}
    else:
        assert failure(result)["errorType"] == "Runtime.CallbackHandlerDeprecated"


def test_a_handler_that_returns_nothing_answers_null(sandbox: Sandbox, node: str) -> None:
    assert answer(run(sandbox, node, {}, {"index.js": "exports.handler = async () => {};"})) is None


def test_context_and_environment_are_lambdas(sandbox: Sandbox, node: str) -> None:
    result = run(sandbox, node, {"do": "context"})
    arn = "arn:aws:lambda:us-east-1:123456789012:function:playground"
    assert answer(result) == ["playground", "$LATEST", "512", arn, result.request_id, True]
    result = run(sandbox, node, {"do": "environment"}, environment={"GREETING": "hi"})
    assert answer(result) == [f"AWS_Lambda_{node}", "index.handler", "hi"]


def test_console_lines_carry_time_request_and_level(sandbox: Sandbox, node: str) -> None:
    result = run(sandbox, node, {"do": "log"})
    logged = [line for line in lines(result) if "loaded" not in line]
    stamp = rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{result.request_id}"
    assert re.fullmatch(rf"{stamp}\tINFO\tone\ntwo", logged[0])
    assert re.fullmatch(rf"{stamp}\tERROR\tthree {{ four: 5 }}", logged[1])


def test_what_a_handler_throws_is_the_error_the_caller_gets(sandbox: Sandbox, node: str) -> None:
    result = run(sandbox, node, {"do": "throw"})
    error = failure(result)
    assert (error["errorType"], error["errorMessage"]) == ("TypeError", "no such thing")
    assert error["trace"][0] == "TypeError: no such thing"
    assert "handler (file:///var/task/index.mjs:6:" in error["trace"][1]
    assert any("\tERROR\tInvoke Error" in line for line in lines(result))


def test_a_callbacks_error_is_the_error_the_caller_gets(sandbox: Sandbox, node: str) -> None:
    if node > "nodejs22.x":
        return
    files = {"index.js": "exports.handler = (event, context, callback) => callback(new RangeError('bad'));"}
    error = failure(run(sandbox, node, {}, files))
    assert (error["errorType"], error["errorMessage"]) == ("RangeError", "bad")


@pytest.mark.parametrize(
    ("files", "error_type", "message"),
    [
        (
            {"other.js": "exports.handler = async () => 1;"},
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'index'",
        ),
        ({"index.js": "require('nope');"}, "Runtime.ImportModuleError", "Error: Cannot find module 'nope'"),
        ({"index.js": "exports.other = 1;"}, "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ({"index.js": "exports.handler = {{"}, "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token '{'"),
        ({"index.mjs": "throw new RangeError('while loading')"}, "RangeError", "while loading"),
    ],
    ids=["no-module", "no-import", "no-handler", "syntax", "throws"],
)
def test_a_module_that_can_not_be_loaded_fails_the_init(
    sandbox: Sandbox, node: str, files: dict[str, str], error_type: str, message: str
) -> None:
    error = failure(run(sandbox, node, {}, files))
    assert error["errorType"] == error_type
    assert error["errorMessage"].startswith(message)


@pytest.mark.parametrize(
    ("action", "words"), [("exit", "Runtime exited with error: exit status 3"),
                          ("exit-zero", "Runtime exited without providing a reason")],
)  # fmt: skip
def test_exit_ends_the_environment(sandbox: Sandbox, node: str, action: str, words: str) -> None:
    result = run(sandbox, node, {"do": action})
    message = f"RequestId: {result.request_id} Error: {words}"
    assert failure(result) == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert run(sandbox, node, {"name": "again"}).cold


def test_a_rejection_that_nobody_waits_for_is_an_error(sandbox: Sandbox, node: str) -> None:
    error = failure(run(sandbox, node, {"do": "reject"}))
    if node <= "nodejs22.x":
        assert error["errorType"] == "Runtime.UnhandledPromiseRejection"
        assert error["errorMessage"] == "Error: nobody waits"


def test_a_handler_that_takes_too_long_is_ended(sandbox: Sandbox, node: str) -> None:
    result = run(sandbox, node, {"do": "wait"}, timeout_s=1)
    message = f"RequestId: {result.request_id} Error: Task timed out after 1.00 seconds"
    assert failure(result) == {"errorType": "Sandbox.Timedout", "errorMessage": message}


def test_a_streamed_response_comes_piece_by_piece(sandbox: Sandbox, node: str) -> None:
    example = starter("node-streaming")
    result = sandbox.run(dict(example.files), example.handler, {"name": "you"}, runtime=node, timeout_s=10)
    assert result.payload == b"Hello, you\n"
    assert result.content_type == "text/plain"

    package = sandbox.packages.put_files({name: text.encode() for name, text in example.files.items()})
    function = Function(package.sha256, example.handler, runtime=node, timeout_s=10)
    *pieces, last = sandbox.invoke_stream(function, b'{"name": "you"}')
    data = [piece.data for piece in pieces if isinstance(piece, ResponseChunk)]
    assert [piece for piece in data if piece] == [b"Hello, ", b"you", b"\n"]
    assert last is not None


def test_a_stream_that_breaks_is_an_error(sandbox: Sandbox, node: str) -> None:
    code = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("part");
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw new Error("midway");
});
"""
    error = failure(run(sandbox, node, {}, code))
    assert (error["errorType"], error["errorMessage"]) == ("Error", "midway")


TYPESCRIPT = {
    "index.ts": """import { Context } from "aws-lambda";
import { greet, type Name, Unused } from "./lib/greet";

enum Kind { Plain, Loud }
interface Event { name: string }

export const handler = async (event: Event, context: Context): Promise<unknown> => {
  if (event.name === "error") throw new Error("typed");
  return { message: greet(event.name as Name), kind: Kind.Loud };
};
""",
    "lib/greet.ts": """export type Name = string;
export interface Unused {}
export function greet(name: Name): string { return `Hello, ${name}`; }
""",
}


def test_typescript_runs_without_a_build_step(sandbox: Sandbox, node: str) -> None:
    assert answer(run(sandbox, node, {"name": "World"}, TYPESCRIPT)) == {"message": "Hello, World", "kind": 1}


def test_a_stack_trace_names_the_typescript_line(sandbox: Sandbox, node: str) -> None:
    error = failure(run(sandbox, node, {"name": "error"}, TYPESCRIPT))
    assert "/var/task/index.ts:8:" in error["trace"][1]


def test_a_typescript_error_names_its_line_and_column(sandbox: Sandbox, node: str) -> None:
    result = run(sandbox, node, {}, {"index.ts": "export const handler = async () => {\n  const x: number = ;\n};\n"})
    assert failure(result) == {
        "errorType": "Runtime.BuildError",
        "errorMessage": "index.ts:2:21: Expression expected",
    }


def test_javascript_beside_its_typescript_is_run_as_it_was_built(sandbox: Sandbox, node: str) -> None:
    files = {"index.js": "exports.handler = async () => 'built';", "index.ts": "this is not even TypeScript {"}
    assert answer(run(sandbox, node, {}, files)) == "built"


def test_the_starters_run(sandbox: Sandbox, node: str) -> None:
    for slug in ("node-hello", "node-callback"):
        example = starter(slug)
        if slug == "node-callback" and node > "nodejs22.x":
            continue
        result = sandbox.run(dict(example.files), example.handler, {"name": "you"}, runtime=node)
        assert answer(result) == {"message": "Hello, you"}


def test_an_interpreter_of_another_version_is_not_taken_for_it(node: str) -> None:
    assert NodejsRuntime(7).missing == "Node.js 7 is not on this machine: install the package nodejs, version 7."
