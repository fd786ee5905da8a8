"""What the tests share: the real server, the library, Chromium and boto3, each started once, if asked for.

Nothing here stands in for anything: `server` is `lambda-playground serve` with its manager, its gunicorn and a
data folder of its own, and `sandbox` is the library in this process. Tests import the rest as `tests.conftest`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15

DUMMY_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_PAGER": "",
}

# Whoever runs the tests may be logged in to AWS, or have a playground configured: no test may see either.
for _name in [name for name in os.environ if name.startswith(("AWS_", "LAMBDA_PLAYGROUND_"))]:
    if _name != "LAMBDA_PLAYGROUND_ISOLATION":
        del os.environ[_name]
os.environ.update(DUMMY_CREDENTIALS)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A `lambda-playground serve`: `.url`, `.data` (its folder), `.process`, `.log()` (all that it printed)."""

    def __init__(self, data: Path, *arguments: str, port: int | None = None, **environment: str) -> None:
        self.data = data
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._environment = {**os.environ, "LAMBDA_PLAYGROUND_DATA": str(data), **environment}
        self._log = data.with_name(data.name + ".log")
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [sys.executable, "-m", "webapp.cli", "serve", "--port", str(self.port), *self._arguments]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.wait_ready()

    def wait_ready(self) -> None:
        """Return when the page answers; fail with the server's own words when it ends first."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                pytest.fail(f"The server ended with status {self.process.returncode}:\n{self.log()}")
            with suppress(OSError):
                try:
                    urlopen(self.url + "/", timeout=5).close()
                except HTTPError as error:
                    pytest.fail(f"The page answers {error.code}:\n{self.log()}")
                return
            time.sleep(0.05)
        pytest.fail(f"The server is not ready after {START_TIMEOUT_S} s:\n{self.log()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it by a signal; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            status = self.process.wait(STOP_TIMEOUT_S)
            self._wait_closed()
            return status
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"The server does not stop within {STOP_TIMEOUT_S} s:\n{self.log()}")

    def _wait_closed(self) -> None:
        """Return when nobody listens any more: a killed server's workers die a moment after it."""
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                return
            time.sleep(0.01)

    def restart(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it (SIGKILL tests what survives a crash) and start it on the same port and data folder."""
        self.stop(how)
        self.start()

    def log(self) -> str:
        """Everything that it printed so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The playground, served on a free port for the whole session. A test that stops it starts it again."""
    running = Server(tmp_path_factory.mktemp("server") / "data")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The library's manager, in this process, shared by the session."""
    from sandbox import Sandbox

    with Sandbox(tmp_path_factory.mktemp("sandbox")) as shared:
        yield shared


def boto3_client(url: str, service: str = "lambda", **options: Any) -> Any:
    """A boto3 client for the playground at `url`: dummy credentials, one attempt, a minute's patience."""
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1}, read_timeout=60, connect_timeout=5, **options)
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


@pytest.fixture(scope="session")
def lambda_client(server: Server) -> Any:
    """boto3's Lambda client, pointed at `server`."""
    return boto3_client(server.url)


@pytest.fixture
def aws_environment(server: Server, tmp_path: Path) -> dict[str, str]:
    """The environment to run the AWS CLI, SAM or Terraform in: pointed at `server`, in an empty home."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "HOME": str(tmp_path), "AWS_ENDPOINT_URL": server.url}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    from playwright.sync_api import Error, sync_playwright

    os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(chromium.DOWNLOADED))
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=chromium.system_chromium(), args=chromium.ARGUMENTS)
        except Error as error:
            if "Executable doesn't exist" in error.message:
                pytest.skip("Chromium is not installed (Debian's package is `chromium`)")
            raise
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """An empty tab of a browser that was never here before; "/" is the playground."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    yield tab
    context.close()
