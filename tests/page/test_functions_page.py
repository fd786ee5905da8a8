"""The pages of saved functions, "Save as function", and the commands for a terminal, which are run as they stand."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Server, boto3_client
from tests.page.visitor import HELLO, Answer, Visitor, run_id_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
ROLE = "arn:aws:iam::123456789012:role/lambda-role"
AWKWARD = """it's "quoted" $HOME `id` \\ and ünïcode"""
ECHO = (
    "import os\n"
    "def lambda_handler(event, context):\n"
    "    return {'event': event, 'variable': os.environ.get('WORDS'), 'memory': context.memory_limit_in_mb}\n"
)


def zipped(source: str = HELLO) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("lambda_function.py", source)
    return data.getvalue()


def create(client: Any, name: str, source: str = HELLO, role: str = ROLE, **more: Any) -> None:
    client.create_function(
        FunctionName=name, Runtime=PYTHON, Role=role, Handler="lambda_function.lambda_handler",
        Code={"ZipFile": zipped(source)}, **more,
    )  # fmt: skip
    client.get_waiter("function_active_v2").wait(FunctionName=name)


def save(visitor: Visitor, name: str, *, htmx: bool = True, **fields: str) -> Answer:
    form = {
        "runtime": PYTHON, "handler": "lambda_function.lambda_handler", "file:lambda_function.py": HELLO,
        "event": "{}", "function_name": name, **fields,
    }  # fmt: skip
    return visitor.post("/functions", form, **({"HX_Request": "true"} if htmx else {}))


def codes(answer: Answer, tab: str) -> list[str]:
    """The pieces of code of one tab, as the Copy button copies them."""
    found = re.findall(rf'<code id="code-{tab}-\d+">(.*?)</code>', answer.text, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", code)) for code in found]


def bash(script: str, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=environment, cwd=folder, capture_output=True, text=True,
        timeout=90, check=False,
    )  # fmt: skip


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return Visitor(server.url)


def test_without_functions_the_list_gives_the_command_to_make_one(tmp_path: Path) -> None:
    fresh = Server(tmp_path / "data")
    fresh.start()
    try:
        answer = Visitor(fresh.url).get("/functions")
    finally:
        fresh.stop()
    assert "No functions yet" in answer.words
    assert "aws lambda create-function --function-name my-function" in answer.words
    assert f"AWS_ENDPOINT_URL={fresh.url}" in re.sub(r"<[^>]+>", "", answer.text)


def test_a_function_made_by_the_api_is_in_the_list_with_its_url(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, "list-me", MemorySize=256, Timeout=7)
    url = lambda_client.create_function_url_config(FunctionName="list-me", AuthType="NONE")["FunctionUrl"]
    words = visitor.get("/functions").words
    assert "list-me" in words
    assert "256 MB 7 s" in words
    assert url in words


def test_functions_of_another_region_are_listed_opened_and_loaded(visitor: Visitor, server: Server) -> None:
    import boto3

    west = boto3.client("lambda", endpoint_url=server.url, region_name="eu-west-1")
    create(west, "over-there")
    answer = visitor.get("/functions")
    assert "over-there eu-west-1" in answer.words
    shown = visitor.get("/functions/over-there?region=eu-west-1")
    assert "arn:aws:lambda:eu-west-1:123456789012:function:over-there" in shown.words
    assert visitor.get("/functions/over-there").status == 404
    loaded = re.search(r'href="(/\?function=[^"]+)"', shown.text)
    assert loaded is not None
    opened = visitor.get(unescape(loaded[1]))
    assert opened.status == 200
    assert "event.get(" in unescape(opened.text)


def test_the_page_of_a_function_shows_everything_that_belongs_to_it(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, "whole", Description="Counts things", Environment={"Variables": {"TABLE": "things"}},
           Tags={"team": "counting"}, EphemeralStorage={"Size": 1024})  # fmt: skip
    layer = lambda_client.publish_layer_version(LayerName="helpers", Content={"ZipFile": zipped()})["LayerVersionArn"]
    lambda_client.update_function_configuration(FunctionName="whole", Layers=[layer])
    lambda_client.get_waiter("function_updated_v2").wait(FunctionName="whole")
    lambda_client.publish_version(FunctionName="whole", Description="the first")
    lambda_client.create_alias(FunctionName="whole", Name="live", FunctionVersion="1")
    lambda_client.create_event_source_mapping(
        FunctionName="whole", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:orders", BatchSize=5
    )
    words = visitor.get("/functions/whole").words
    for expected in (
        "Counts things", "TABLE things", "Tag team counting", "1,024 MB", layer, "1 the first",
        "live leads to version 1", "arn:aws:sqs:us-east-1:123456789012:orders", "batches of 5", ROLE,
    ):  # fmt: skip
        assert expected in words, expected
    assert "is a placeholder" not in words


def test_a_placeholder_role_gives_a_warning_on_the_functions_page(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, "placeholder", role="arn:aws:iam::your-account-id:role/your-lambda-role")
    words = visitor.get("/functions/placeholder").words
    assert "arn:aws:iam::your-account-id:role/your-lambda-role, is a placeholder" in words


def test_a_state_that_passes_is_said_in_words(visitor: Visitor, lambda_client: Any) -> None:
    lambda_client.create_function(
        FunctionName="young", Runtime=PYTHON, Role=ROLE, Handler="lambda_function.lambda_handler",
        Code={"ZipFile": zipped()},
    )  # fmt: skip
    assert "Pending. It is being created." in visitor.get("/functions/young").words
    lambda_client.get_waiter("function_active_v2").wait(FunctionName="young")
    assert "Pending" not in visitor.get("/functions/young").words


def test_a_function_that_is_not_there_is_a_sentence_not_a_trace(visitor: Visitor) -> None:
    for name in ("nothing-here", "a%20b", "%3Cscript%3E"):
        answer = visitor.get(f"/functions/{name}")
        assert answer.status == 404
        assert "<script>" not in answer.text.partition("<main")[2].partition("</main>")[0]


def test_invoking_on_the_page_shows_the_result_and_keeps_the_run(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, "callable")
    answer = visitor.post("/functions/callable/invoke", {"event": '{"name": "Ada"}'}, HX_Request="true")
    assert '"hello" : "Ada"' in answer.words
    again = visitor.get(f"/runs/{run_id_of(answer)}")
    assert '"hello" : "Ada"' in again.words
    plain = visitor.post("/functions/callable/invoke", {"event": '{"name": "Ada"}'})
    assert plain.status == 303
    assert plain.headers["location"].startswith("/runs/")


def test_an_event_that_is_no_json_is_a_sentence_at_the_event(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, "strict-reader")
    answer = visitor.post("/functions/strict-reader/invoke", {"event": "{"}, HX_Request="true")
    assert answer.status == 422
    assert "Could not parse request body into json: line 1" in answer.words
    plain = visitor.post("/functions/strict-reader/invoke", {"event": "{ keep me"})
    assert plain.status == 422
    assert "{ keep me" in plain.words


def test_a_version_or_an_alias_can_be_invoked_on_the_page(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, "versioned", "def lambda_handler(event, context):\n    return context.function_version\n")
    lambda_client.publish_version(FunctionName="versioned")
    lambda_client.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    assert "<option>live</option>" in visitor.get("/functions/versioned").text
    answer = visitor.post("/functions/versioned/invoke", {"event": "{}", "qualifier": "live"}, HX_Request="true")
    assert '"1"' in answer.words


def test_deleting_needs_no_script(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, "short-lived")
    answer = visitor.post("/functions/short-lived/delete")
    assert answer.status == 303
    assert "short-lived is deleted." in visitor.get(answer.headers["location"]).words
    with pytest.raises(lambda_client.exceptions.ResourceNotFoundException):
        lambda_client.get_function(FunctionName="short-lived")


def test_another_sites_form_deletes_nothing(visitor: Visitor, lambda_client: Any) -> None:
    create(lambda_client, "guarded")
    assert visitor.post("/functions/guarded/delete", Origin="http://evil.example").status == 403
    assert lambda_client.get_function(FunctionName="guarded")


def test_saving_creates_a_function_and_saving_again_updates_it(visitor: Visitor, lambda_client: Any) -> None:
    created = save(visitor, "kept", memory_mb="256", environment="WORDS=one")
    assert "Created." in created.words
    names = [item["FunctionName"] for item in lambda_client.list_functions()["Functions"]]
    assert "kept" in names
    updated = save(visitor, "kept", memory_mb="512", environment="WORDS=two", **{"file:lambda_function.py": ECHO})
    assert "Updated." in updated.words
    lambda_client.get_waiter("function_updated_v2").wait(FunctionName="kept")
    found = lambda_client.get_function_configuration(FunctionName="kept")
    assert (found["MemorySize"], found["Environment"]["Variables"]) == (512, {"WORDS": "two"})
    answer = json.load(lambda_client.invoke(FunctionName="kept", Payload=b"7")["Payload"])
    assert answer == {"event": 7, "variable": "two", "memory": "512"}


def test_updating_by_the_page_keeps_what_the_form_has_no_field_for(visitor: Visitor, lambda_client: Any) -> None:
    role = "arn:aws:iam::123456789012:role/special"
    create(lambda_client, "careful", role=role, Description="kept", Tags={"a": "b"})
    assert "Updated." in save(visitor, "careful", timeout_s="9").words
    found = lambda_client.get_function(FunctionName="careful")
    assert found["Configuration"]["Role"] == role
    assert found["Configuration"]["Description"] == "kept"
    assert found["Configuration"]["Timeout"] == 9
    assert found["Tags"] == {"a": "b"}


def test_a_name_that_lambda_refuses_is_refused_in_its_words_at_the_name(visitor: Visitor) -> None:
    refused = save(visitor, "no spaces please")
    assert refused.status == 422
    error = re.search(r'id="error-function_name"[^>]*>(.*?)</p>', refused.text, re.DOTALL)
    assert error is not None
    assert "'functionName' failed to satisfy constraint" in unescape(error[1])
    assert "Name the function" in save(visitor, "").words


def test_without_htmx_a_refused_name_keeps_the_whole_form(visitor: Visitor) -> None:
    refused = save(visitor, "no spaces please", htmx=False, event='{"typed": true}')
    assert refused.status == 422
    assert 'value="no spaces please"' in refused.text
    assert '{"typed": true}' in unescape(refused.text)
    saved = save(visitor, "by-plain-form", htmx=False)
    assert saved.status == 303
    assert "Created." in visitor.get(saved.headers["location"]).words


def test_wrong_settings_are_said_at_their_fields_and_save_nothing(visitor: Visitor, lambda_client: Any) -> None:
    refused = save(visitor, "never-made", memory_mb="64")
    assert refused.status == 422
    assert "'memorySize' failed to satisfy constraint" in unescape(refused.text)
    with pytest.raises(lambda_client.exceptions.ResourceNotFoundException):
        lambda_client.get_function(FunctionName="never-made")


def test_an_event_that_is_no_json_does_not_keep_a_function_from_being_saved(visitor: Visitor) -> None:
    assert "Created." in save(visitor, "any-event", event="{ half-typed").words


def test_the_cli_commands_of_a_run_work_as_they_stand(
    visitor: Visitor, aws_environment: dict[str, str], tmp_path: Path, lambda_client: Any
) -> None:
    event = {"name": AWKWARD, "number": 1.50, "list": [1, {"deep": None}]}
    run = visitor.run(ECHO, event, environment=f"WORDS={AWKWARD}", memory_mb="256", timeout_s="5")
    steps = codes(visitor.get(f"/runs/{run_id_of(run)}/commands", HX_Request="true"), "cli")
    assert "--cli-binary-format raw-in-base64-out" in "".join(steps)
    for_version_1 = [step for step in steps if "raw-in-base64-out" not in step]
    done = bash("\n".join(for_version_1).replace("my-function", "by-cli"), aws_environment, tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "response.json").read_text())
    assert answer == {"event": event, "variable": AWKWARD, "memory": "256"}
    assert lambda_client.get_function_configuration(FunctionName="by-cli")["Timeout"] == 5


def test_a_long_event_is_sent_from_a_file(visitor: Visitor, aws_environment: dict[str, str], tmp_path: Path) -> None:
    event = {"Records": [{"body": f"{AWKWARD} {number}\nEND_OF_EVENT"} for number in range(30)]}
    run = visitor.run(ECHO, event)
    steps = codes(visitor.get(f"/runs/{run_id_of(run)}/commands"), "cli")
    done = bash("\n".join(steps).replace("my-function", "by-file"), aws_environment, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "response.json").read_text())["event"] == event


def test_a_handler_that_looks_like_an_address_is_not_fetched_by_the_cli(visitor: Visitor, tmp_path: Path) -> None:
    from webapp.pages.commands_cli import create as create_step
    from webapp.pages.recipe import Recipe

    recipe = Recipe("f", "provided.al2023", "file:///etc/passwd", 128, 3, {}, "x86_64", 512, "{}",
                    "http://h/z.zip", "http://h", "us-east-1", "123456789012")  # fmt: skip
    code = create_step(recipe).code
    assert "--handler" not in code
    assert '--cli-input-json \'{"Handler": "file:///etc/passwd"}\'' in code


def test_the_boto3_program_of_a_run_works_as_it_stands(
    visitor: Visitor, aws_environment: dict[str, str], tmp_path: Path, lambda_client: Any
) -> None:
    event = {"name": AWKWARD, "flag": True, "nothing": None}
    run = visitor.run(ECHO, event, environment=f"WORDS={AWKWARD}", ephemeral_storage_mb="600")
    program = "\n".join(codes(visitor.get(f"/runs/{run_id_of(run)}/commands"), "boto3"))
    program = program.replace("my-function", "by-boto3")
    done = subprocess.run(
        [sys.executable, "-c", program], env=aws_environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    status, answer = done.stdout.strip().split("\n")
    assert status == "200 no error"
    assert json.loads(answer) == {"event": event, "variable": AWKWARD, "memory": "128"}
    assert lambda_client.get_function_configuration(FunctionName="by-boto3")["EphemeralStorage"] == {"Size": 600}


def test_the_sam_template_holds_the_same_configuration(visitor: Visitor) -> None:
    import yaml

    run = visitor.run(ECHO, {}, environment=f"WORDS={AWKWARD}\nYES=yes", memory_mb="256")
    steps = codes(visitor.get(f"/runs/{run_id_of(run)}/commands"), "sam")
    template = yaml.safe_load(next(step for step in steps if step.startswith("AWSTemplateFormatVersion")))
    properties = template["Resources"]["Function"]["Properties"]
    assert properties["MemorySize"] == 256
    assert properties["Environment"]["Variables"] == {"WORDS": AWKWARD, "YES": "yes"}


def test_the_commands_of_a_saved_function_work_as_they_stand(
    visitor: Visitor, aws_environment: dict[str, str], tmp_path: Path, lambda_client: Any
) -> None:
    create(lambda_client, "has-commands", ECHO, Environment={"Variables": {"WORDS": AWKWARD}})
    page = visitor.get("/functions/has-commands")
    steps = [step for step in codes(page, "cli") if "raw-in-base64-out" not in step]
    done = bash("\n".join(steps), aws_environment, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "response.json").read_text())["variable"] == AWKWARD


@pytest.mark.browser
def test_a_person_saves_a_function_finds_it_invokes_it_and_deletes_it(page: Page, server: Server) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/")
    page.wait_for_selector("#playground[data-ready]")
    page.get_by_role("button", name="Save as function").click()
    page.keyboard.type("two words")
    page.keyboard.press("Enter")
    page.get_by_text("failed to satisfy constraint").wait_for()
    page.get_by_role("textbox", name="Name").fill("from-the-page")
    page.keyboard.press("Enter")
    page.get_by_text("Created.").wait_for()
    names = [item["FunctionName"] for item in boto3_client(server.url).list_functions()["Functions"]]
    assert "from-the-page" in names
    page.get_by_role("link", name="Open from-the-page").click()
    page.get_by_role("heading", name="from-the-page").wait_for()
    page.get_by_label("Event, as JSON").fill('{"name": "Grace"}')
    page.keyboard.press("Control+Enter")
    page.get_by_text("Succeeded in").wait_for()
    assert "Hello, Grace" in page.locator("#response-text").inner_text()

    page.get_by_role("link", name="Open in the playground").click()
    page.wait_for_selector("#playground[data-ready]")
    assert "def lambda_handler" in page.locator("#code-editor").inner_text()
    assert page.locator("#function-name").input_value() == "from-the-page"
    page.go_back()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete it").click()
    page.get_by_text("from-the-page is deleted.").wait_for()
    assert not problems


@pytest.mark.browser
def test_the_commands_below_a_result_are_tabs_that_the_keyboard_walks(page: Page) -> None:
    page.goto("/")
    page.wait_for_selector("#playground[data-ready]")
    page.locator("#run").click()
    page.wait_for_selector("[data-ended]")
    page.get_by_text("The same from your terminal").click()
    first = page.get_by_role("tab", name="AWS CLI")
    first.focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="boto3").get_attribute("aria-selected") == "true"
    assert page.get_by_text("client.create_function").is_visible()
    panel = page.locator("#panel-boto3")
    panel.get_by_role("button", name="Copy").first.click()
    assert "import boto3" in page.evaluate("navigator.clipboard.readText()")
    assert not page.locator("#panel-cli").is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/functions", "/functions/narrow-function", "/guide"])
def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, lambda_client: Any, path: str) -> None:
    if "narrow" in path and not any(
        item["FunctionName"] == "narrow-function" for item in lambda_client.list_functions()["Functions"]
    ):
        create(lambda_client, "narrow-function", Environment={"Variables": {"LONG": "x" * 400}})
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
