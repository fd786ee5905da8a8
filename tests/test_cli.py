"""The command `lambda-playground`: what it prints, what it exits with, and what is left of it afterwards."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

import pytest

from sandbox.client import SandboxClient
from sandbox.errors import ManagerUnavailable
from sandbox.function import Function
from sandbox.package import PackageStore
from tests.conftest import ROOT, Server, free_port

HELLO = "def lambda_handler(event, context):\n    print('hi there')\n    return {'hello': event.get('name')}\n"
PYTHON = f"python3.{sys.version_info.minor}"
WAIT_S = 15

T = TypeVar("T")


def playground(*arguments: str, stdin: str = "", data: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    environment = {**os.environ, **({"LAMBDA_PLAYGROUND_DATA": str(data)} if data else {})}
    return subprocess.run(
        [sys.executable, "-m", "webapp.cli", *arguments],
        cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that the runs of this file share."""
    return tmp_path_factory.mktemp("cli")


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A handler in a file."""
    file = tmp_path / "lambda_function.py"
    file.write_text(HELLO)
    return file


def test_help_names_every_command() -> None:
    shown = playground("--help")
    assert shown.returncode == 0
    assert {"serve", "invoke"} <= set(re.findall(r"^  (\w+) ", shown.stdout, re.MULTILINE))


def test_version_is_a_number() -> None:
    assert re.fullmatch(
        r"lambda-playground \d+\.\d+\.\d+\n|lambda-playground unknown\n", playground("--version").stdout
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["invoke", "there-is-no-such-file.py"],
        ["invoke"],
        ["serve", "--port", "many"],
        ["serve", "--port", "70000"],
        ["frobnicate"],
        ["serve", "--host", "no.such.host.invalid", "--port", "0"],
        ["serve", "--reload", "--host", "0.0.0.0"],
    ],
)
def test_a_wrong_argument_is_one_sentence_and_status_2(arguments: list[str], tmp_path: Path) -> None:
    refused = playground(*arguments, data=tmp_path)
    assert refused.returncode == 2
    assert re.fullmatch(r"lambda-playground: .+\.\n", refused.stderr)
    assert refused.stdout == ""


def test_invoke_prints_the_response_and_the_log_goes_to_stderr(hello: Path, tmp_path: Path, data: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"name": "World"}')
    ran = playground("invoke", str(hello), "--event", str(event), data=data)
    assert json.loads(ran.stdout) == {"hello": "World"}
    first_words = [line.split()[0] for line in ran.stderr.splitlines()]
    assert first_words == ["INIT_START", "START", "hi", "END", "REPORT"]
    assert ran.returncode == 0


def test_invoke_exits_1_on_a_function_error_and_prints_its_json(tmp_path: Path, data: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("def handler(event, context):\n    raise ValueError('no')\n")
    ran = playground("invoke", str(file), data=data)
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["errorType"] == "ValueError"
    assert "[ERROR] ValueError: no" in ran.stderr


def test_invoke_reads_the_code_or_the_event_from_stdin(hello: Path, data: Path) -> None:
    assert json.loads(playground("invoke", "-", stdin=HELLO, data=data).stdout) == {"hello": None}
    ran = playground("invoke", str(hello), "--event", "-", stdin='{"name": "pipe"}', data=data)
    assert json.loads(ran.stdout) == {"hello": "pipe"}
    assert playground("invoke", "-", "--event", "-", data=data).returncode == 2


def test_invoke_takes_a_zip_and_finds_its_handler(tmp_path: Path, data: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "import helper\ndef handler(event, context):\n    return helper.VALUE\n")
        archive.writestr("helper.py", "VALUE = 42\n")
    file = tmp_path / "package.zip"
    file.write_bytes(buffer.getvalue())
    assert playground("invoke", str(file), data=data).stdout == "42\n"


def test_invoke_runs_an_executable_bootstrap(data: Path) -> None:
    bootstrap = ROOT / "webapp" / "starters" / "shell-bootstrap" / "bootstrap"
    ran = playground("invoke", str(bootstrap), data=data)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)


def test_invoke_passes_configuration_to_the_function(tmp_path: Path, data: Path) -> None:
    file = tmp_path / "conf.py"
    file.write_text(
        "import os\n"
        "def handler(event, context):\n"
        "    return [os.environ['FIRST'], os.environ['SECOND'], context.memory_limit_in_mb,\n"
        "            9000 < context.get_remaining_time_in_millis() <= 10000]\n"
    )
    variables = ["--env", "FIRST=1=2", "--env", "SECOND=two words"]
    options = [*variables, "--memory", "256", "--timeout", "10", "--runtime", PYTHON, "--handler", "conf.handler"]
    ran = playground("invoke", str(file), *options, data=data)
    assert json.loads(ran.stdout) == ["1=2", "two words", "256", True]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--memory", "64"], "64"),
        (["--timeout", "901"], "901"),
        (["--runtime", "cobol85"], "cobol85"),
        (["--handler", "lambda_function.nothing"], "nothing"),
        (["--env", "NOVALUE"], "NOVALUE"),
        (["--env", "AWS_REGION=moon"], "AWS_REGION"),
    ],
)
def test_invoke_refuses_bad_configuration_in_one_sentence(
    hello: Path, data: Path, options: list[str], word: str
) -> None:
    refused = playground("invoke", str(hello), *options, data=data)
    assert refused.returncode == 2
    assert word in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""


@pytest.mark.parametrize("event", ["{", "", "{'a': 1}"])
def test_invoke_refuses_an_event_that_is_not_json(hello: Path, tmp_path: Path, data: Path, event: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(event)
    refused = playground("invoke", str(hello), "--event", str(file), data=data)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content"), [("empty.py", b""), ("binary.py", b"\x00\x01"), ("broken.zip", b"PK"), ("notes.txt", b"hi")]
)
def test_invoke_refuses_code_that_is_none(tmp_path: Path, data: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    refused = playground("invoke", str(file), data=data)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, to be stopped and killed."""
    server = Server(tmp_path / "data")
    server.start()
    yield server
    server.stop()


def test_serve_prints_the_url_that_answers(own_server: Server) -> None:
    _eventually(lambda: own_server.url in own_server.log())
    with urlopen(own_server.url) as page:
        assert page.status == 200


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_server_leaves_no_process(own_server: Server, how: signal.Signals) -> None:
    _hello(own_server)
    family = _descendants(own_server.process.pid)
    assert len(family) >= 5  # the manager, gunicorn, two workers, an environment
    began = time.monotonic()
    assert own_server.stop(how) == 0
    assert time.monotonic() - began < 6
    assert not _alive(family)


def test_a_server_killed_by_signal_9_leaves_no_process_and_starts_again(own_server: Server) -> None:
    _hello(own_server)
    family = _descendants(own_server.process.pid)
    own_server.process.kill()
    own_server.process.wait()
    _eventually(lambda: not _alive(family))
    own_server.start()
    assert _hello(own_server) == b'{"hello": null}'


def test_the_manager_is_started_again_when_it_is_killed(own_server: Server) -> None:
    _hello(own_server)
    killed = _manager(own_server)
    environments = _descendants(killed)
    os.kill(killed, signal.SIGKILL)
    _eventually(lambda: not _alive(environments))
    _eventually(lambda: _manager(own_server) not in (0, killed))
    assert _eventually(lambda: _hello(own_server)) == b'{"hello": null}'


def test_a_run_whose_manager_is_killed_says_so(own_server: Server) -> None:
    packages = PackageStore(own_server.data)
    package = packages.put_files({"m.py": b"import time\ndef f(event, context):\n    time.sleep(60)\n"})
    client = SandboxClient(own_server.data / "manager.sock")
    run = client.start(Function(package.sha256, "m.f", runtime=PYTHON, timeout_s=60), b"{}")
    time.sleep(0.3)
    os.kill(_manager(own_server), signal.SIGKILL)
    with pytest.raises(ManagerUnavailable):
        list(client.follow(run))


def test_a_gunicorn_worker_that_is_killed_is_replaced(own_server: Server) -> None:
    gunicorn = _child(own_server, b"webapp.gunicorn_settings")
    _eventually(lambda: len(_children(gunicorn)) == 2)
    workers = _children(gunicorn)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    _eventually(lambda: len(set(_children(gunicorn)) - set(workers)) == 2)
    urlopen(own_server.url, timeout=WAIT_S).close()


def test_gunicorn_is_started_again_when_it_is_killed(own_server: Server) -> None:
    gunicorn = _child(own_server, b"webapp.gunicorn_settings")
    workers = _descendants(gunicorn)
    os.kill(gunicorn, signal.SIGKILL)
    _eventually(lambda: not _alive(workers))
    urlopen(own_server.url, timeout=WAIT_S).close()  # waits in our listening socket's queue meanwhile


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = playground("serve", "--port", str(port), data=tmp_path)
    assert refused.returncode == 2
    assert f"Port {port} is in use" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_data_folder_is_served_once(own_server: Server) -> None:
    refused = playground("serve", "--port", str(free_port()), data=own_server.data)
    assert refused.returncode == 2
    assert own_server.url in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_two_servers_with_a_data_folder_each_run_side_by_side(own_server: Server, tmp_path: Path) -> None:
    deep = tmp_path / "a-folder-whose-path-is-too-long-for-the-path-of-a-unix-socket" / "and-even-longer" / "data"
    deep.parent.mkdir(parents=True)
    second = Server(deep, "--workers", "1", "--access-log")
    second.start()
    try:
        urlopen(second.url).close()
        urlopen(own_server.url).close()
        assert '"GET / HTTP/1.1" 200' in second.log()
        assert "GET /" not in own_server.log()
    finally:
        assert second.stop() == 0
    assert _hello(own_server) == b'{"hello": null}'


def test_serving_the_network_comes_with_a_warning(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--host", "0.0.0.0", "--workers", "1")
    server.start()
    try:
        _eventually(lambda: "there is no login" in server.log())
    finally:
        server.stop()


def test_reload_serves_by_flasks_debug_server(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--reload")
    server.start()
    try:
        with urlopen(server.url) as page:
            assert "Werkzeug" in page.headers["Server"]
        family = _descendants(server.process.pid)
    finally:
        assert server.stop() == 0
    assert not _alive(family)


def _hello(server: Server) -> bytes | None:
    """The response of a run straight through the server's manager; None while the manager is not there."""
    package = PackageStore(server.data).put_files({"lambda_function.py": HELLO.encode()})
    function = Function(package.sha256, "lambda_function.lambda_handler", runtime=PYTHON)
    client = SandboxClient(server.data / "manager.sock")
    try:
        return client.invoke(function, b"{}").payload
    except ManagerUnavailable:
        return None
    finally:
        client.close()


def _eventually(condition: Callable[[], T]) -> T:
    deadline = time.monotonic() + WAIT_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.02)
    return found


def _manager(server: Server) -> int:
    return _child(server, b"sandbox.server")


def _child(server: Server, word: bytes) -> int:
    """The process id of the server's child with `word` in its command line; 0 where there is none."""
    return next((pid for pid in _children(server.process.pid) if word in _command_line(pid)), 0)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _parents() -> dict[int, int]:
    """Every process but zombies: its parent, by process id."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, parent = (folder / "stat").read_text().rpartition(") ")[2].split()[:2]
            except OSError:
                continue
            if state not in "ZX":
                found[int(folder.name)] = int(parent)
    return found


def _children(pid: int) -> list[int]:
    return [child for child, parent in _parents().items() if parent == pid]


def _descendants(pid: int) -> list[int]:
    parents, found = _parents(), [pid]
    for ancestor in found:
        found += [child for child, parent in parents.items() if parent == ancestor]
    return found[1:]


def _alive(pids: list[int]) -> set[int]:
    return set(pids) & _parents().keys()
