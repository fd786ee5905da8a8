"""The playground as it is served: runs by the page and by the API, one at a time and by twenty browsers at once."""

from __future__ import annotations

import io
import re
import statistics
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.config import Config

from benchmarks.library import EVENT, HELLO
from benchmarks.timing import elapsed_ms

BROWSERS = 20
RUNS_EACH = 10


@contextmanager
def playground(data: Path) -> Iterator[str]:
    """The URL of a playground of our own."""
    command = [sys.executable, "-m", "webapp.cli", "serve", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            printed = (re.search(r"Lambda playground: (\S+)", line) for line in server.stdout)
            yield next(found[1] for found in printed if found)
        finally:
            server.terminate()


class Browser:
    """One browser on the page: a connection that is kept, and the form as the page sends it."""

    def __init__(self, url: str, runtime: str) -> None:
        address = urlsplit(url)
        self._connection = HTTPConnection(str(address.hostname), address.port, timeout=60)
        self._form = {
            "runtime": runtime,
            "handler": "lambda_function.lambda_handler",
            "file:lambda_function.py": HELLO.decode(),
            "event": EVENT.decode(),
        }
        self._headers = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}

    def run(self, **fields: str) -> None:
        """Press Run and read the result."""
        self._connection.request("POST", "/runs", urlencode(self._form | fields), self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        assert b"World" in body, body
        if cookie := answer.getheader("Set-Cookie"):
            self._headers["Cookie"] = cookie.partition(";")[0]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def api_client(url: str, runtime: str) -> Any:
    """boto3's client, with the function `hello` created."""
    config = Config(retries={"total_max_attempts": 1})
    client = boto3.client(
        "lambda", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
        config=config,
    )  # fmt: skip
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("lambda_function.py", HELLO)
    client.create_function(
        FunctionName="hello", Runtime=runtime, Handler="lambda_function.lambda_handler",
        Role="arn:aws:iam::123456789012:role/lambda-role", Code={"ZipFile": archive.getvalue()},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName="hello")
    return client


def crowd(url: str, runtime: str) -> tuple[float, float, float]:
    """The median of a run in ms for one browser and for twenty at once, and how many runs a second these get."""
    alone = Browser(url, runtime)
    alone_ms = statistics.median(elapsed_ms(alone.run) for _ in range(RUNS_EACH * 5))
    alone.close()
    browsers = [Browser(url, runtime) for _ in range(BROWSERS)]
    for browser in browsers:
        browser.run()
    everybody = threading.Barrier(BROWSERS + 1)
    times: list[float] = []

    def hurry(browser: Browser) -> None:
        everybody.wait()
        times.extend(elapsed_ms(browser.run) for _ in range(RUNS_EACH))

    threads = [threading.Thread(target=hurry, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    everybody.wait()

    def finish() -> None:
        for thread in threads:
            thread.join()

    total_ms = elapsed_ms(finish)
    for browser in browsers:
        browser.close()
    if len(times) != BROWSERS * RUNS_EACH:
        raise RuntimeError("a browser's run failed: see above")
    return alone_ms, statistics.median(times), len(times) / total_ms * 1000
