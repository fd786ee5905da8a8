"""Making functions, reading errors and waiting, for the tests of what hangs on a function."""

from __future__ import annotations

import io
import itertools
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/lambda-role"
ACCOUNT = "123456789012"
HANDLER = "def handler(event, context):\n    return event\n"

_numbers = itertools.count(1)


def unique(stem: str = "function") -> str:
    """A name that no other test of this run uses."""
    return f"{stem}-{next(_numbers)}-{time.time_ns() % 1_000_000}"


def zip_files(files: dict[str, str]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def python_runtime() -> str:
    """A Python that this host has, as the server finds it."""
    from sandbox.manager import default_runtime

    return default_runtime()


@contextmanager
def function(client: Any, code: str = HANDLER, *, file: str = "main.py", **parameters: Any) -> Iterator[str]:
    """A function with that source in `file`, deleted at the end; its name."""
    name = unique()
    client.create_function(
        FunctionName=name,
        Runtime=parameters.pop("Runtime", python_runtime()),
        Role=parameters.pop("Role", ROLE),
        Handler=f"{file.partition('.')[0]}.handler",
        Code={"ZipFile": zip_files({file: code})},
        **parameters,
    )
    eventually(lambda: client.get_function_configuration(FunctionName=name)["State"] == "Active")
    yield name
    client.delete_function(FunctionName=name)


def arn_of(name: str, qualifier: str = "") -> str:
    """A function's ARN."""
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, int, str]:
    """The error that a call answers: its code, its HTTP status and its message."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        found = error.response
        return found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"], found["Error"]["Message"]
    raise AssertionError(f"not refused: {answer}")


def eventually(holds: Callable[[], Any], timeout_s: float = 30.0) -> Any:
    """What `holds` gives as soon as that is true."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = holds()
        if found or time.monotonic() > deadline:
            assert found, "it did not come to hold"
            return found
        time.sleep(0.05)
