"""The guide: its commands work as they stand, and its Check says how far one is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Server
from tests.page.test_functions_page import PYTHON, zipped
from tests.page.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Page

FUNCTION = "my-lambda-function"


def steps_of(visitor: Visitor) -> dict[str, str]:
    """Every step's code by its key."""
    found = re.findall(r'<code id="guide-(\w+)">(.*?)</code>', visitor.get("/guide").text, re.DOTALL)
    return {key: unescape(re.sub(r"<[^>]+>", "", code)) for key, code in found}


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return Visitor(server.url)


@pytest.fixture
def no_function(lambda_client: Any) -> Iterator[None]:
    """The guide's function is not there, before and after."""

    def remove() -> None:
        if any(item["FunctionName"] == FUNCTION for item in lambda_client.list_functions()["Functions"]):
            lambda_client.delete_function(FunctionName=FUNCTION)

    remove()
    yield
    remove()


def create(client: Any, source: str) -> None:
    client.create_function(
        FunctionName=FUNCTION, Runtime=PYTHON, Role="arn:aws:iam::your-account-id:role/your-lambda-role",
        Handler="lambda_function.lambda_handler", Code={"ZipFile": zipped(source)},
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)


GREETING = "def lambda_handler(event, context):\n    return {'message': f'Hello, {event[\"name\"]}'}\n"


def test_the_guide_has_this_servers_address_in_its_first_step(visitor: Visitor, server: Server) -> None:
    assert f"export AWS_ENDPOINT_URL={server.url}" in steps_of(visitor)["point"]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("go"), reason="Go is not installed (Debian's package is `golang-go`)")
@pytest.mark.skipif(not shutil.which("zip"), reason="zip is not installed (Debian's package is `zip`)")
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("no_function")
def test_the_guides_commands_from_an_empty_folder_answer_hello_world(
    visitor: Visitor, aws_environment: dict[str, str], tmp_path: Path
) -> None:
    steps = steps_of(visitor)
    program = steps.pop("code")
    order = ["point", "module", "library", "build", "zip", "create", "invoke", "read"]
    assert list(steps) == order
    script = steps["module"] + f"\ncat > main.go <<'EOF'\n{program}\nEOF\n"
    script = "\n".join([steps["point"], script, *(steps[key] for key in order[2:])])
    go = {key: value for key, value in os.environ.items() if key.startswith("GO")}
    home = Path.home()
    caches = {"GOPATH": str(home / "go"), "GOCACHE": str(home / ".cache" / "go-build"), "GOFLAGS": "-modcacherw"}
    environment = {**caches, **aws_environment, **go}
    del environment["AWS_ENDPOINT_URL"]  # the first step says it
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True,
        timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith('{"message":"Hello, World"}')
    words = visitor.get("/guide/check").words
    assert "my-lambda-function is there: Active." in words
    assert "answered as it should." in words


@pytest.mark.usefixtures("no_function")
def test_check_goes_along_with_the_learner(visitor: Visitor, lambda_client: Any) -> None:
    assert "There is no function my-lambda-function yet." in visitor.get("/guide/check").words
    create(lambda_client, GREETING)
    words = visitor.get("/guide/check").words
    assert "my-lambda-function is there: Active." in words
    assert "Its role is the placeholder" in words
    assert "It was not invoked yet." in words
    with pytest.raises(lambda_client.exceptions.InvalidRequestContentException):
        lambda_client.invoke(FunctionName=FUNCTION, Payload=b"\x9d\xa9\x9e")  # what version 2 makes of the payload
    assert "With AWS CLI version 2, see the trap at step 8." in visitor.get("/guide/check").words
    lambda_client.invoke(FunctionName=FUNCTION, Payload=b"{}")
    assert "answered with an error." in visitor.get("/guide/check").words
    lambda_client.invoke(FunctionName=FUNCTION, Payload=b'{"name": "you"}')
    assert "answered something else." in visitor.get("/guide/check").words
    lambda_client.invoke(FunctionName=FUNCTION, Payload=b'{"name": "World"}')
    assert "answered as it should." in visitor.get("/guide/check").words


@pytest.mark.usefixtures("no_function")
def test_the_answer_of_a_function_that_was_deleted_counts_no_more(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, GREETING)
    lambda_client.invoke(FunctionName=FUNCTION, Payload=b'{"name": "World"}')
    lambda_client.delete_function(FunctionName=FUNCTION)
    create(lambda_client, GREETING)
    assert "It was not invoked yet." in visitor.get("/guide/check").words


def test_check_works_without_scripts(visitor: Visitor) -> None:
    assert 'class="check-list"' in visitor.get("/guide?check=1").text
    assert 'class="check-list"' not in visitor.get("/guide").text


def test_every_lesson_opens_its_starter(visitor: Visitor) -> None:
    found = re.findall(r'href="(/\?starter=[\w-]+)"', visitor.get("/guide").text)
    assert len(found) >= 10
    assert all(visitor.get(path).status == 200 for path in found[:3])


@pytest.mark.browser
@pytest.mark.usefixtures("no_function")
def test_a_learner_copies_a_command_and_checks(page: Page, lambda_client: Any) -> None:
    page.goto("/guide")
    page.locator("#step-create").get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("aws lambda create-function --function-name my-lambda-function")
    assert page.get_by_text("The role is a placeholder").is_visible()
    page.get_by_role("button", name="Check").click()
    page.get_by_text("There is no function my-lambda-function yet.").wait_for()
    create(lambda_client, GREETING)
    lambda_client.invoke(FunctionName=FUNCTION, Payload=b'{"name": "World"}')
    page.get_by_role("button", name="Check").click()
    page.get_by_text("answered as it should.").wait_for()
