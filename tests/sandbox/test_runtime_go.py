"""Go functions: the executable of a package, or source that is built first; go1.x and the provided runtimes alike."""

from __future__ import annotations

import json
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from sandbox import Invocation, Sandbox
from sandbox.runtimes import golang, runtime
from tests.sandbox.host_runtimes import answer, failure, found, lines
from webapp.starters import starter

(GO,) = found("go")
pytestmark = pytest.mark.skipif(bool(runtime("go1.x").missing), reason=runtime("go1.x").missing)

SOURCE = """package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type Event struct {
	Do   string `json:"do"`
	Name string `json:"name"`
}

type QuotaError struct{}

func (*QuotaError) Error() string { return "too much" }

func handle(ctx context.Context, event Event) (any, error) {
	caller, _ := lambdacontext.FromContext(ctx)
	switch event.Do {
	case "error":
		return nil, errors.New("bad")
	case "own error":
		return nil, &QuotaError{}
	case "panic":
		panic("all is lost")
	case "exit":
		os.Exit(4)
	case "wait":
		time.Sleep(20 * time.Second)
	case "context":
		deadline, _ := ctx.Deadline()
		soon := time.Until(deadline) > time.Second
		name, memory := lambdacontext.FunctionName, lambdacontext.MemoryLimitInMB
		return []any{name, memory, caller.InvokedFunctionArn, caller.AwsRequestID, soon}, nil
	case "environment":
		return []string{os.Getenv("_HANDLER"), os.Getenv("GREETING"), os.Getenv("AWS_EXECUTION_ENV")}, nil
	case "log":
		fmt.Println("one")
		log.SetFlags(0)
		log.Println("two")
	}
	return map[string]string{"message": "Hello, " + event.Name}, nil
}

func main() { lambda.Start(handle) }
"""


def run(sandbox: Sandbox, event: Any = None, files: Any = SOURCE, **fields: Any) -> Invocation:
    fields = {"runtime": "go1.x", "memory_mb": 512, "timeout_s": 10, **fields}
    return sandbox.run(files, "main", event or {}, **fields)


@pytest.mark.parametrize("identifier", ["go1.x", "provided.al2023", "provided.al2"])
def test_source_is_built_and_answers(sandbox: Sandbox, identifier: str) -> None:
    result = run(sandbox, {"name": "World"}, {"main.go": SOURCE}, runtime=identifier)
    assert answer(result) == {"message": "Hello, World"}
    assert not run(sandbox, {"name": "World"}, {"main.go": SOURCE}, runtime=identifier).cold


def test_the_starter_runs(sandbox: Sandbox) -> None:
    example = starter("go-hello")
    result = sandbox.run(dict(example.files), example.handler, {"name": "you"}, runtime="go1.x")
    assert answer(result) == {"message": "Hello, you"}


def test_context_and_environment_are_lambdas(sandbox: Sandbox) -> None:
    result = run(sandbox, {"do": "context"})
    arn = "arn:aws:lambda:us-east-1:123456789012:function:playground"
    assert answer(result) == ["playground", 512, arn, result.request_id, True]
    result = run(sandbox, {"do": "environment"}, environment={"GREETING": "hi"})
    assert answer(result) == ["main", "hi", "AWS_Lambda_go1.x"]
    result = run(sandbox, {"do": "environment"}, {"main.go": SOURCE}, runtime="provided.al2023")
    assert answer(result) == ["main", "", ""]


def test_what_it_prints_and_logs_is_the_log(sandbox: Sandbox) -> None:
    assert lines(run(sandbox, {"do": "log"})) == ["one", "two"]


@pytest.mark.parametrize(
    ("action", "error_type", "message"),
    [("error", "errorString", "bad"), ("own error", "QuotaError", "too much")],
)
def test_an_error_is_named_after_its_go_type(sandbox: Sandbox, action: str, error_type: str, message: str) -> None:
    assert failure(run(sandbox, {"do": action})) == {"errorMessage": message, "errorType": error_type}


def test_a_panic_is_an_error_with_a_stack_trace(sandbox: Sandbox) -> None:
    error = failure(run(sandbox, {"do": "panic"}))
    assert (error["errorType"], error["errorMessage"]) == ("string", "all is lost")
    assert {"path": "function/main.go", "line": 32, "label": "handle"} in error["stackTrace"]
    assert run(sandbox, {"name": "again"}).cold


def test_exit_ends_the_environment(sandbox: Sandbox) -> None:
    result = run(sandbox, {"do": "exit"})
    message = f"RequestId: {result.request_id} Error: Runtime exited with error: exit status 4"
    assert failure(result) == {"errorType": "Runtime.ExitError", "errorMessage": message}


def test_a_handler_that_takes_too_long_is_ended(sandbox: Sandbox) -> None:
    result = run(sandbox, {"do": "wait"}, timeout_s=1)
    message = f"RequestId: {result.request_id} Error: Task timed out after 1.00 seconds"
    assert failure(result) == {"errorType": "Sandbox.Timedout", "errorMessage": message}


def test_a_panic_while_loading_fails_the_init(sandbox: Sandbox) -> None:
    result = run(sandbox, {}, SOURCE + '\nfunc init() { panic("not today") }\n')
    message = f"RequestId: {result.request_id} Error: Runtime exited with error: exit status 2"
    assert failure(result) == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert "panic: not today" in lines(result)


def test_a_reader_becomes_the_body_of_a_web_response(sandbox: Sandbox) -> None:
    source = """package main

import (
	"io"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func handle() (*events.LambdaFunctionURLStreamingResponse, error) {
	reader, writer := io.Pipe()
	go func() {
		for _, word := range []string{"one ", "two"} {
			io.WriteString(writer, word)
			time.Sleep(100 * time.Millisecond)
		}
		writer.Close()
	}()
	return &events.LambdaFunctionURLStreamingResponse{StatusCode: 201, Body: reader}, nil
}

func main() { lambda.Start(handle) }
"""
    result = run(sandbox, {}, source)
    head, _, body = result.payload.partition(b"\0" * 8)
    assert json.loads(head) == {"statusCode": 201}
    assert body == b"one two"
    assert result.content_type == "application/vnd.awslambda.http-integration-response"


@pytest.mark.parametrize("identifier", ["go1.x", "provided.al2023"])
def test_a_compile_error_names_its_line_and_column(sandbox: Sandbox, identifier: str) -> None:
    broken = SOURCE.replace("event.Name}", "event.Nam}")
    result = run(sandbox, {}, {"main.go": broken}, runtime=identifier)
    assert failure(result) == {
        "errorType": "Runtime.BuildError",
        "errorMessage": "main.go:49:56: event.Nam undefined (type Event has no field or method Nam)",
    }


def test_source_may_bring_its_own_go_mod_packages_and_files(sandbox: Sandbox) -> None:
    files = {
        "go.mod": "module example.com/mine\n\ngo 1.21\n\nrequire github.com/aws/aws-lambda-go v1.55.1\n",
        "main.go": """package main

import (
	_ "embed"
	"os"

	"example.com/mine/words"
	"github.com/aws/aws-lambda-go/lambda"
)

//go:embed embedded.txt
var embedded string

func main() {
	lambda.Start(func() ([]string, error) {
		read, err := os.ReadFile("data/read.txt")
		return []string{words.Hello, embedded, string(read)}, err
	})
}
""",
        "words/words.go": 'package words\n\nconst Hello = "hello"\n',
        "embedded.txt": "embedded",
        "data/read.txt": "read",
    }
    assert answer(run(sandbox, {}, files)) == ["hello", "embedded", "read"]


def test_a_package_that_is_not_main_is_a_clear_error(sandbox: Sandbox) -> None:
    error = failure(run(sandbox, {}, "package handler\n"))
    assert error["errorMessage"] == "The package is not main: a function is built from package main."


@pytest.mark.parametrize(
    "files",
    [
        {"main.go": 'package main\n\n// #include <stdio.h>\nimport "C"\n\nfunc main() { C.puts(nil) }\n'},
        {"main.go": 'package main\n\nimport _ "embed"\n\n//go:embed /etc/hostname\nvar x string\n\nfunc main() {}\n'},
        {"main.go": "package main\n\nfunc main() {}\n", "go.mod": "module m\n\ngo 1.21\n\ntoolchain go1.99.0\n"},
    ],
    ids=["cgo", "embed-outside", "toolchain"],
)
def test_the_compiler_does_nothing_else_for_its_source(sandbox: Sandbox, files: dict[str, str]) -> None:
    result = run(sandbox, {}, files)
    if "toolchain" in files.get("go.mod", ""):  # a suggestion; no other toolchain is fetched
        assert failure(result)["errorType"] in ("Runtime.BuildError", "Runtime.ExitError")
    else:
        assert failure(result)["errorType"] == "Runtime.BuildError"


def test_the_guides_zip_runs_the_executable_that_its_handler_names(sandbox: Sandbox, tmp_path: Path) -> None:
    example = starter("go-hello")
    package = sandbox.packages.put_files({name: text.encode() for name, text in example.files.items()})
    executable = (golang.build(package.path) / "bootstrap").read_bytes()
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        info = zipfile.ZipInfo("main")
        info.external_attr = 0o100755 << 16
        file.writestr(info, executable)
    assert answer(run(sandbox, {"name": "World"}, archive.getvalue())) == {"message": "Hello, World"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"other": "x"}, "fork/exec /var/task/main: no such file or directory"),
        ({"main": "x"}, "fork/exec /var/task/main: permission denied"),
        ({"main": "#!/bin/nothing-there\n"}, "fork/exec /var/task/main: no such file or directory"),
    ],
    ids=["missing", "not-executable", "no-interpreter"],
)
def test_an_executable_that_can_not_be_run_is_a_path_error(
    sandbox: Sandbox, files: dict[str, str], message: str
) -> None:
    assert failure(run(sandbox, {}, files)) == {"errorType": "PathError", "errorMessage": message}


def test_a_build_is_kept_by_what_it_is_built_from(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir(mode=0o755)
    (source / "main.go").write_text("package main\n\nfunc main() {}\n")
    first = golang.build(source)
    assert golang.build(source) == first
    (source / "main.go").write_text("package main\n\n// changed\nfunc main() {}\n")
    assert golang.build(source) != first
    assert subprocess.run([first / "bootstrap"], check=False).returncode == 0
