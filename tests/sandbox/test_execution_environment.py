"""The life of an execution environment: cold, warm, frozen, ended; and what it can reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox import Function, Invocation, Sandbox
from sandbox.errors import TooManyRequestsException
from sandbox.function import LogEvent, ResponseChunk
from sandbox.manager import default_runtime
from tests.sandbox.handlers import COUNTER, ECHO, SLEEP


def answer(invocation: Invocation) -> Any:
    return json.loads(invocation.payload)


def function(sandbox: Sandbox, code: str, **fields: Any) -> Function:
    package = sandbox.packages.put_files({"lambda_function.py": code.encode()})
    return Function(package.sha256, "lambda_function.lambda_handler", runtime=default_runtime(), **fields)


def test_the_first_invocation_is_cold_and_the_next_is_warm(sandbox: Sandbox) -> None:
    first, second = (sandbox.run(COUNTER, name="warm") for _ in range(2))
    assert (first.cold, second.cold) == (True, False)
    assert [answer(first)["count"], answer(second)["count"]] == [1, 2]
    assert first.log_stream == second.log_stream
    assert first.billed_duration_ms >= first.duration_ms + (first.init_duration_ms or 0)


def test_a_cold_start_can_be_forced(sandbox: Sandbox) -> None:
    counter = function(sandbox, COUNTER, name="forced")
    counts = [answer(sandbox.invoke(counter, b"{}", force_cold=cold))["count"] for cold in (False, False, True)]
    assert counts == [1, 2, 1]


@pytest.mark.parametrize(
    "change", [{"memory_mb": 256}, {"environment": {"A": "1"}}, {"timeout_s": 4}, {"version": "2"}, {"name": "other"}]
)
def test_another_configuration_never_shares_an_environment(sandbox: Sandbox, change: dict[str, Any]) -> None:
    base = {"name": "apart", **change}
    sandbox.run(COUNTER, name="apart")
    first = sandbox.run(COUNTER, **base)
    assert first.cold


def test_files_in_tmp_are_there_again_when_warm_and_only_then(sandbox: Sandbox) -> None:
    code = """
import os
def lambda_handler(event, context):
    seen = os.path.exists("/tmp/mark")
    open("/tmp/mark", "w").close()
    return seen
"""
    tmp = function(sandbox, code)
    seen = [answer(sandbox.invoke(tmp, b"{}", force_cold=cold)) for cold in (False, False, True)]
    assert seen == [False, True, False]


def test_an_environment_that_failed_is_replaced(sandbox: Sandbox) -> None:
    code = COUNTER.replace("count += 1", "count += 1\n    if event.get('die'): os._exit(1)")
    dies = function(sandbox, code)
    assert answer(sandbox.invoke(dies, b"{}"))["count"] == 1
    assert sandbox.invoke(dies, b'{"die": 1}').error_type == "Runtime.ExitError"
    assert answer(sandbox.invoke(dies, b"{}"))["count"] == 1


def test_an_exception_keeps_the_environment_warm(sandbox: Sandbox) -> None:
    code = COUNTER.replace("count += 1", "count += 1\n    if event.get('raise'): raise ValueError")
    raises = function(sandbox, code)
    sandbox.invoke(raises, b'{"raise": 1}')
    assert answer(sandbox.invoke(raises, b"{}"))["count"] == 2


def test_a_thread_does_not_go_on_between_invocations(sandbox: Sandbox) -> None:
    code = """
import threading, time
ticks = 0
def tick():
    global ticks
    while True:
        time.sleep(0.01)
        ticks += 1
threading.Thread(target=tick, daemon=True).start()
def lambda_handler(event, context):
    return ticks
"""
    ticking = function(sandbox, code, memory_mb=1769)
    before = answer(sandbox.invoke(ticking, b"{}"))
    time.sleep(0.6)
    assert answer(sandbox.invoke(ticking, b"{}")) - before < 20


def test_an_environment_serves_one_invocation_at_a_time(sandbox: Sandbox) -> None:
    code = "import time\ndef lambda_handler(event, context):\n    time.sleep(0.4)\n    return context.log_stream_name\n"
    slow = function(sandbox, code)
    with ThreadPoolExecutor(3) as pool:
        streams = [answer(found) for found in pool.map(lambda _: sandbox.invoke(slow, b"{}"), range(3))]
    assert len(set(streams)) == 3


def test_reserved_concurrency_throttles(sandbox: Sandbox) -> None:
    slow = function(sandbox, SLEEP, name="reserved", reserved_concurrency=1)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(sandbox.invoke, slow, b'{"s": 1}')
        time.sleep(0.4)
        with pytest.raises(TooManyRequestsException) as refused:
            sandbox.invoke(slow, b'{"s": 0}')
        assert (refused.value.message, refused.value.reason) == (
            "Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded",
        )  # fmt: skip
        assert answer(running.result()) == "awake"
    with pytest.raises(TooManyRequestsException):
        sandbox.invoke(function(sandbox, SLEEP, name="off", reserved_concurrency=0), b"{}")


def test_provisioned_environments_are_initialised_before_they_are_needed(sandbox: Sandbox) -> None:
    ready = function(sandbox, COUNTER, name="provisioned")
    assert sandbox.provision(ready, 2) == 2
    assert not sandbox.invoke(ready, b"{}").cold
    assert sandbox.provision(ready, 0) >= 0


def test_idle_environments_are_ended_after_a_while() -> None:
    with Sandbox(idle_s=0.4) as own:
        own.run(COUNTER)
        deadline = time.monotonic() + 5
        while own.status().environments and time.monotonic() < deadline:
            time.sleep(0.05)
        assert own.status().environments == 0
        assert own.run(COUNTER).cold


def test_an_asynchronous_invocation_runs_in_the_background(sandbox: Sandbox) -> None:
    counter = function(sandbox, COUNTER, name="background")
    assert sandbox.invoke_async(counter, b"{}")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        time.sleep(0.1)
        if not (found := sandbox.invoke(counter, b"{}")).cold:
            break
    assert answer(found)["count"] >= 2


def test_a_run_can_be_followed_live_and_by_many(sandbox: Sandbox) -> None:
    code = "import time\ndef lambda_handler(event, context):\n    print('first')\n    time.sleep(0.5)\n    return 1\n"
    run_id = sandbox.start(function(sandbox, code), b"{}")
    started = time.monotonic()
    early = []
    for item in sandbox.follow(run_id):
        if isinstance(item, LogEvent) and item.message == "first":
            early.append(time.monotonic() - started)
        last = item
    assert early[0] < time.monotonic() - started - 0.3
    assert isinstance(last, Invocation)
    assert list(sandbox.follow(run_id))[-1] == last


def test_following_ends_with_none_when_its_time_is_up(sandbox: Sandbox) -> None:
    run_id = sandbox.start(function(sandbox, SLEEP), b'{"s": 1}')
    assert list(sandbox.follow(run_id, timeout_s=0.2))[-1] is None
    assert isinstance(list(sandbox.follow(run_id))[-1], Invocation)


def test_a_run_can_be_stopped(sandbox: Sandbox) -> None:
    run_id = sandbox.start(function(sandbox, SLEEP, timeout_s=60), b'{"s": 50}')
    time.sleep(0.5)
    sandbox.stop(run_id)
    *_, last = sandbox.follow(run_id)
    assert isinstance(last, Invocation)
    assert last.stopped
    assert last.error_type == "Sandbox.Stopped"
    assert last.duration_ms < 10_000


def test_a_plain_response_is_no_stream(sandbox: Sandbox) -> None:
    items = list(sandbox.invoke_stream(function(sandbox, ECHO), b'{"a": 1}'))
    assert not any(isinstance(item, ResponseChunk) for item in items)
    assert isinstance(items[-1], Invocation)


def test_user_code_reaches_neither_host_nor_network_nor_other_code(sandbox: Sandbox) -> None:
    code = """
import os, socket, subprocess
def attempt(what):
    try:
        what()
        return "allowed"
    except Exception as error:
        return type(error).__name__
def lambda_handler(event, context):
    return {
        "home": os.path.exists("/home") and bool(os.listdir("/home")),
        "etc": sorted(os.listdir("/etc")),
        "processes": sorted(int(n) for n in os.listdir("/proc") if n.isdigit()),
        "write code": attempt(lambda: open("/var/task/x", "w")),
        "write root": attempt(lambda: open("/x", "w")),
        "write usr": attempt(lambda: open("/usr/x", "w")),
        "connect": attempt(lambda: socket.create_connection(("192.0.2.1", 80), 1)),
        "mount": subprocess.run(["mount", "-t", "tmpfs", "x", "/tmp"], capture_output=True).returncode,
        "unshare": subprocess.run(["unshare", "-U", "true"], capture_output=True).returncode,
        "chroot": attempt(lambda: os.chroot("/tmp")),
        "setuid": attempt(lambda: os.setuid(0)),
        "uid": os.getuid(),
        "environ": sorted(k for k in os.environ if k.startswith("LAMBDA_PLAYGROUND")),
    }
"""
    os.environ["LAMBDA_PLAYGROUND_SECRET"] = "1"
    seen = answer(sandbox.run(code, timeout_s=10, memory_mb=512))
    assert seen["home"] is False
    assert not {"shadow", "ssh", "hostname", "machine-id"} & set(seen["etc"])
    assert len(seen["processes"]) <= 4
    assert seen["environ"] == []
    assert seen["uid"] != 0
    for forbidden in ("write code", "write root", "write usr", "connect", "chroot", "setuid"):
        assert seen[forbidden] != "allowed", forbidden
    assert seen["mount"] != 0
    assert seen["unshare"] != 0


def test_a_fork_bomb_stays_inside(sandbox: Sandbox) -> None:
    code = """
import os, time
def lambda_handler(event, context):
    made = 0
    try:
        while True:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
    except OSError as error:
        return made
"""
    invocation = sandbox.run(code, timeout_s=20, memory_mb=3008)
    assert invocation.function_error or answer(invocation) <= 1024
    assert answer(sandbox.run(ECHO, event="still here")) == "still here"


def test_nothing_is_left_when_the_sandbox_closes_or_its_process_is_killed(tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from sandbox import Sandbox
sandbox = Sandbox(Path({str(tmp_path)!r}))
assert sandbox.run({COUNTER!r}).succeeded
print("ready", flush=True)
time.sleep(60)
"""
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert _processes_of(tmp_path)
        process.kill()
    deadline = time.monotonic() + 5
    while _processes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _processes_of(tmp_path)


def _processes_of(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if "bwrap" in command and str(folder) in command:
                found.append(entry.name)
    return found
