"""The OS-only runtimes run the package's own bootstrap, whatever it is written in."""

from __future__ import annotations

import shutil
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from sandbox import Function, Sandbox
from sandbox.runtimes.executable import exec_failure
from tests.sandbox.host_runtimes import answer, failure, lines
from webapp.starters import starter

PROVIDED = ("provided.al2023", "provided.al2")
needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="curl is not on this machine: install the package curl."
)


@needs_curl
@pytest.mark.parametrize("identifier", PROVIDED)
def test_a_runtime_may_be_a_shell_script(sandbox: Sandbox, identifier: str) -> None:
    example = starter("shell-bootstrap")
    result = sandbox.run(dict(example.files), example.handler, {"a": 1}, runtime=identifier, memory_mb=512)
    assert answer(result) == {"message": "Hello from a shell"}
    assert lines(result) == ["an event of 8 characters"]
    assert not sandbox.run(dict(example.files), example.handler, {}, runtime=identifier, memory_mb=512).cold


def test_it_has_no_execution_environment_of_lambdas(sandbox: Sandbox) -> None:
    code = '#!/bin/sh\nenv\necho "args $#"\npwd\nexit 1\n'
    result = sandbox.run(
        {"bootstrap": code}, "my.handler", {}, runtime="provided.al2023", environment={"GREETING": "hi"}
    )
    printed = lines(result)
    assert "_HANDLER=my.handler" in printed
    assert "GREETING=hi" in printed
    assert "args 0" in printed
    assert "/var/task" in printed
    assert not any(line.startswith("AWS_EXECUTION_ENV=") for line in printed)


def test_a_package_without_bootstrap_is_an_invalid_entrypoint(sandbox: Sandbox) -> None:
    result = sandbox.run({"handler.sh": "x"}, "handler", {}, runtime="provided.al2023")
    looked_at = "[/var/task/bootstrap /opt/bootstrap]"
    assert failure(result) == {
        "errorType": "Runtime.InvalidEntrypoint",
        "errorMessage": f"RequestId: {result.request_id} Error: Couldn't find valid bootstrap(s): {looked_at}",
    }


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (b"#!/bin/sh\nexit 0\n", 0o644, "permission denied"),
        (b"#!/bin/nothing-there\n", 0o755, "no such file or directory"),
        (b"not a program", 0o755, "exec format error"),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00" + bytes(40), 0o755, "exec format error"),
    ],
    ids=["not-executable", "no-interpreter", "text", "other-machine"],
)
def test_a_bootstrap_that_can_not_be_executed_says_why(sandbox: Sandbox, content: bytes, mode: int, words: str) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = (0o100000 | mode) << 16
        file.writestr(info, content)
    result = sandbox.run(archive.getvalue(), "handler", {}, runtime="provided.al2023")
    error = failure(result)
    assert error["errorType"] == "Runtime.InvalidEntrypoint"
    assert error["errorMessage"] == f"RequestId: {result.request_id} Error: fork/exec /var/task/bootstrap: {words}"


@needs_curl
def test_a_bootstrap_may_come_from_a_layer(sandbox: Sandbox) -> None:
    script = starter("shell-bootstrap").files["bootstrap"]
    layer = sandbox.packages.put_files({"bootstrap": script.encode()})
    package = sandbox.packages.put_files({"data.txt": b"x"})
    function = Function(package.sha256, "handler", runtime="provided.al2023", layers=(layer.sha256,), memory_mb=512)
    assert answer(sandbox.invoke(function, b"{}")) == {"message": "Hello from a shell"}


def test_a_runtime_that_ends_before_it_asks_for_an_event_fails_the_init(sandbox: Sandbox) -> None:
    result = sandbox.run({"bootstrap": "#!/bin/sh\necho bye\nexit 5\n"}, "x", {}, runtime="provided.al2")
    message = f"RequestId: {result.request_id} Error: Runtime exited with error: exit status 5"
    assert failure(result) == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert "bye" in lines(result)


def test_an_error_that_the_runtime_reports_is_passed_on_word_for_word(sandbox: Sandbox) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine: install the package curl.")
    script = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  id=$(curl -sS -o /dev/null -D - "$api/next" | sed -n 's/^lambda-runtime-aws-request-id: *//Ip' | tr -d '\\r')
  curl -sS -o /dev/null -H 'Lambda-Runtime-Function-Error-Type: Shell.Broken' \\
    -d '{"errorMessage": "broken", "errorType": "Broken"}' "$api/$id/error"
done
"""
    result = sandbox.run({"bootstrap": script}, "x", {}, runtime="provided.al2023", memory_mb=512)
    assert result.payload == b'{"errorMessage": "broken", "errorType": "Broken"}'


def test_a_program_outside_of_what_the_sandbox_sees_is_not_looked_at(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    assert exec_failure(f"/var/task/../..{secret}", tmp_path, None) == "no such file or directory"
    assert exec_failure("/opt/bootstrap", tmp_path, None) == "no such file or directory"
    assert exec_failure("/bin/sh", tmp_path, None) == ""
