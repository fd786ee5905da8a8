"""The manager as a process of its own, and its client: the same calls, and what is said when it dies."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Function, Invocation, LogEvent
from sandbox.client import SandboxClient
from sandbox.errors import (
    InvalidRequestContentException,
    ManagerUnavailable,
    ResourceNotFoundException,
    TooManyRequestsException,
)
from sandbox.manager import default_runtime
from sandbox.package import PackageStore
from tests.sandbox.handlers import COUNTER, ECHO, SLEEP

ROOT = Path(__file__).resolve().parents[2]


class Manager:
    def __init__(self, folder: Path) -> None:
        self.socket = folder / "m.sock"
        self.data = folder / "data"
        self.packages = PackageStore(self.data)
        self.client = SandboxClient(self.socket)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.server", "--socket", str(self.socket), "--data", str(self.data)], cwd=ROOT
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self.client.status()
                return
            except ManagerUnavailable:
                time.sleep(0.05)
        pytest.fail("the manager does not answer")

    def function(self, code: str, **fields: int) -> Function:
        package = self.packages.put_files({"lambda_function.py": code.encode()})
        return Function(package.sha256, "lambda_function.lambda_handler", runtime=default_runtime(), **fields)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    running = Manager(tmp_path_factory.mktemp("m"))
    yield running
    running.process.terminate()
    assert running.process.wait(10) == 0
    assert not running.socket.exists()


def test_environments_are_shared_by_every_client(manager: Manager) -> None:
    function = manager.function(COUNTER)
    other = SandboxClient(manager.socket)
    counts = [json.loads(client.invoke(function, b"{}").payload)["count"] for client in (manager.client, other)]
    assert counts == [1, 2]
    other.close()


def test_a_result_crosses_the_socket_whole(manager: Manager) -> None:
    invocation = manager.client.invoke(manager.function(ECHO, memory_mb=512), json.dumps("ü" * 1_000_000).encode())
    assert json.loads(invocation.payload) == "ü" * 1_000_000
    assert [event.message.split()[0] for event in invocation.log] == ["INIT_START", "START", "END", "REPORT"]


def test_errors_cross_the_socket_as_themselves(manager: Manager) -> None:
    with pytest.raises(InvalidRequestContentException):
        manager.client.invoke(manager.function(ECHO), b"{")
    with pytest.raises(TooManyRequestsException) as refused:
        manager.client.invoke(manager.function(ECHO, reserved_concurrency=0), b"{}")
    assert refused.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    with pytest.raises(ResourceNotFoundException):
        list(manager.client.follow("nobody"))
    with pytest.raises(TooManyRequestsException):
        list(manager.client.follow(manager.client.start(manager.function(ECHO, reserved_concurrency=0), b"{}")))


def test_a_run_is_followed_and_stopped_from_outside(manager: Manager) -> None:
    run_id = manager.client.start(manager.function(SLEEP, timeout_s=60), b'{"s": 50}')
    seen = []
    for item in manager.client.follow(run_id):
        seen.append(item)
        if isinstance(item, LogEvent) and item.message == "asleep":
            manager.client.stop(run_id)
    assert isinstance(seen[-1], Invocation)
    assert seen[-1].stopped


def test_twenty_at_once_each_get_their_own_answer(manager: Manager) -> None:
    code = "import time\ndef lambda_handler(e, c):\n    time.sleep(0.2)\n    return e\n"
    function = manager.function(code, timeout_s=30)
    answers: dict[int, int] = {}

    def ask(number: int) -> None:
        answers[number] = json.loads(manager.client.invoke(function, str(number).encode()).payload)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: number for number in range(20)}


def test_a_killed_manager_is_said_and_the_next_one_serves(manager: Manager) -> None:
    run_id = manager.client.start(manager.function(SLEEP, timeout_s=60), b'{"s": 50}')
    followed = manager.client.follow(run_id)
    next(followed)
    manager.process.kill()
    manager.process.wait()
    with pytest.raises(ManagerUnavailable, match="in the middle of this call"):
        list(followed)
    with pytest.raises(ManagerUnavailable, match="not running"):
        manager.client.invoke(manager.function(ECHO), b"1")
    manager.start()
    assert manager.client.invoke(manager.function(ECHO), b"1").payload == b"1"
