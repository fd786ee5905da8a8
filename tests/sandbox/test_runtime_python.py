"""Every Python of this host that is a Lambda runtime runs functions by AWS's own client."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.errors import InvalidParameterValueException
from sandbox.runtimes import runtime, runtimes
from tests.sandbox.host_runtimes import answer, failure, found, lines

PYTHONS = found("python")

HANDLER = """
import os
import sys

print("loaded")

def lambda_handler(event, context):
    action = event.get("do")
    if action == "raise":
        raise KeyError("x")
    if action == "exit":
        sys.exit(3)
    if action == "context":
        return [context.function_name, context.memory_limit_in_mb, context.get_remaining_time_in_millis() > 1000]
    if action == "environment":
        return {name: os.environ.get(name) for name in ("AWS_EXECUTION_ENV", "_HANDLER", "GREETING", "PYTHONPATH")}
    if action == "path":
        return sys.path
    if action == "boto3":
        import boto3
        return boto3.client("s3", region_name="us-east-1").meta.service_model.service_name
    return {"message": f"Hello, {event['name']}", "version": "%d.%d" % sys.version_info[:2]}
"""
CONFIGURATION: dict[str, Any] = {"environment": {"GREETING": "hi"}, "memory_mb": 512, "timeout_s": 10}


@pytest.mark.parametrize("identifier", PYTHONS)
def test_a_function_runs_on_the_interpreter_that_its_runtime_names(sandbox: Sandbox, identifier: str) -> None:
    result = sandbox.run(HANDLER, event={"name": "World"}, runtime=identifier, **CONFIGURATION)
    assert answer(result) == {"message": "Hello, World", "version": identifier.removeprefix("python")}
    assert "loaded" in lines(result) or not result.cold


@pytest.mark.parametrize("identifier", PYTHONS)
def test_context_and_environment_are_lambdas(sandbox: Sandbox, identifier: str) -> None:
    result = sandbox.run(HANDLER, event={"do": "context"}, runtime=identifier, **CONFIGURATION)
    assert answer(result) == ["playground", "512", True]
    result = sandbox.run(HANDLER, event={"do": "environment"}, runtime=identifier, **CONFIGURATION)
    assert answer(result) == {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{identifier}",
        "_HANDLER": "lambda_function.lambda_handler",
        "GREETING": "hi",
        "PYTHONPATH": "/var/runtime",
    }


@pytest.mark.parametrize("identifier", PYTHONS)
def test_an_exception_is_the_error_the_caller_gets(sandbox: Sandbox, identifier: str) -> None:
    result = sandbox.run(HANDLER, event={"do": "raise"}, runtime=identifier, **CONFIGURATION)
    error = failure(result)
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'x'")
    assert error["requestId"] == result.request_id
    assert error["stackTrace"][0].startswith('  File "/var/task/lambda_function.py", line 10, in lambda_handler\n')


@pytest.mark.parametrize("identifier", PYTHONS)
def test_exit_ends_the_environment(sandbox: Sandbox, identifier: str) -> None:
    result = sandbox.run(HANDLER, event={"do": "exit"}, runtime=identifier, **CONFIGURATION)
    assert failure(result) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {result.request_id} Error: Runtime exited with error: exit status 3",
    }


@pytest.mark.parametrize("identifier", PYTHONS)
def test_modules_are_looked_for_in_the_package_then_the_layers_then_the_runtime(
    sandbox: Sandbox, identifier: str
) -> None:
    path = answer(sandbox.run(HANDLER, event={"do": "path"}, runtime=identifier, **CONFIGURATION))
    layers = [f"/opt/python/lib/{identifier}/site-packages", "/opt/python"]
    assert path[:4] == ["/var/task", *layers, "/var/runtime"]
    assert not any("site-packages" in entry or "dist-packages" in entry for entry in path[4:])


@pytest.mark.parametrize("identifier", PYTHONS)
def test_boto3_is_there_without_being_packaged(sandbox: Sandbox, identifier: str) -> None:
    assert answer(sandbox.run(HANDLER, event={"do": "boto3"}, runtime=identifier, **CONFIGURATION)) == "s3"


def test_the_interpreter_that_runs_us_needs_nothing_installed() -> None:
    own = runtime(f"python3.{sys.version_info.minor}")
    assert own.available, own.missing


def test_no_runtime_mounts_a_home_or_the_whole_machine() -> None:
    homes = [Path.home(), *Path.home().parents]
    for item in runtimes():
        if item.available:
            assert not {mount.host for mount in item.mounts()} & {*homes, Path("/")}, item.identifier


def test_a_runtime_that_can_not_run_says_in_one_sentence_what_to_install() -> None:
    for item in runtimes():
        if not item.available:
            assert item.missing.endswith(".")
            assert "install" in item.missing


def test_an_unknown_runtime_is_refused_in_lambdas_words() -> None:
    with pytest.raises(InvalidParameterValueException, match="Value nope9 at 'runtime' failed to satisfy constraint"):
        runtime("nope9")
