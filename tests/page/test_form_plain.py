"""The form without scripts: every button posts it, and the whole page comes back with everything kept."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from urllib.request import Request

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server
from tests.page.visitor import Answer, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()


def test_what_is_typed_runs(plain: Page) -> None:
    plain.get_by_label("lambda_function.py").fill("def lambda_handler(event, context):\n    return event['n'] + 1\n")
    plain.get_by_label("Event, as JSON").fill('{"n": 41}')
    plain.get_by_label("Handler", exact=True).press("Enter")
    expect(plain.locator("#result")).to_contain_text("42")
    expect(plain.get_by_label("Event, as JSON")).to_have_value('{"n": 41}')


def test_errors_stand_at_their_fields_and_the_rest_is_kept(plain: Page) -> None:
    plain.locator("#configuration summary").click()
    plain.get_by_label("Memory").fill("64")
    plain.get_by_label("Environment variables, a line KEY=value each").fill("AWS_REGION=x")
    plain.get_by_label("lambda_function.py").fill("lambda_handler = print  # mine\n")
    plain.locator("#run").click()
    expect(plain.locator("#error-memory_mb")).to_contain_text("greater than or equal to 128")
    expect(plain.locator("#error-memory_mb")).to_be_visible()
    expect(plain.locator("#error-environment")).to_contain_text("AWS_REGION")
    expect(plain.locator("#error-handler")).to_be_empty()
    expect(plain.get_by_label("Memory")).to_have_value("64")
    expect(plain.get_by_label("lambda_function.py")).to_have_value("lambda_handler = print  # mine\n")


def test_an_event_is_picked_laid_out_and_saved(plain: Page) -> None:
    plain.get_by_label("lambda_function.py").fill("# mine\n")
    plain.locator("#event-pick").click()
    plain.locator("[data-sample=sqs]").click()
    expect(plain.locator("#event-name")).to_have_text("SQS")
    expect(plain.get_by_label("lambda_function.py")).to_have_value("# mine\n")
    plain.get_by_label("Event, as JSON").fill('{"a":1}')
    plain.get_by_role("button", name="Format").click()
    expect(plain.get_by_label("Event, as JSON")).to_have_value('{\n  "a": 1\n}')
    plain.get_by_role("button", name="Save", exact=True).and_(plain.locator("[popovertarget]")).click()
    plain.locator("#event_name").fill("Plain")
    plain.locator("#event-save-button").click()
    plain.locator("#event-pick").click()
    expect(plain.get_by_role("button", name="Plain", exact=True)).to_be_visible()


def test_a_starter_is_a_link(plain: Page) -> None:
    plain.get_by_role("button", name="Starters").click()
    plain.get_by_role("link", name="A helper module").click()
    expect(plain.get_by_label("greetings.py")).to_have_value('def greet(name):\n    return f"Hello, {name}"\n')


def test_a_package_is_sent_and_its_files_opened(plain: Page) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("app.py", "import other\n\ndef handler(event, context):\n    return other.x\n")
        archive.writestr("other.py", "x = 'opened'\n")
    upload = {"name": "p.zip", "mimeType": "application/zip", "buffer": data.getvalue()}
    plain.set_input_files("#upload", upload)  # type: ignore[arg-type]
    plain.get_by_role("button", name="Send the file").click()
    expect(plain.get_by_label("Handler", exact=True)).to_have_value("app.handler")
    plain.get_by_role("button", name="other.py").click()
    plain.get_by_label("other.py", exact=True).fill("x = 'changed'\n")
    plain.locator("#run").click()
    expect(plain.locator("#result")).to_contain_text("changed")


def test_sixty_megabytes_get_a_sentence_at_the_upload_and_no_dead_connection(server: Server) -> None:
    for size in (60, 200):
        answer = post_file(Visitor(server.url), "/packages", bytes(size * 1024 * 1024))
        assert answer.status in (413, 422)
        assert "The upload is too large: a deployment package may have 50 MB zipped." in answer.words


@pytest.mark.parametrize("kind", ["parent", "absolute", "link", "bomb", "truncated"])
def test_a_hostile_zip_gets_one_sentence_and_the_draft_is_kept(server: Server, kind: str) -> None:
    visitor = Visitor(server.url)
    answer = post_file(visitor, "/packages", hostile_zip(kind), {"handler": "mine.handler"})
    assert answer.status == 422
    sentence = re.search(r'id="error-upload">([^<]+)<', answer.text)
    assert sentence
    assert "Traceback" not in answer.text
    assert 'value="mine.handler"' in answer.text
    assert 'name="base_package" value=""' in answer.text


def hostile_zip(kind: str) -> bytes:
    """A zip that must not be unpacked."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "x = 1\n")
        if kind == "parent":
            archive.writestr("../../escaped.py", "x = 1\n")
        if kind == "absolute":
            archive.writestr("/tmp/escaped.py", "x = 1\n")
        if kind == "link":
            link = zipfile.ZipInfo("link")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        if kind == "bomb":
            archive.writestr("zeros", bytes(300 * 1024 * 1024))
    return data.getvalue()[:-30] if kind == "truncated" else data.getvalue()


def test_a_form_of_another_site_is_refused(server: Server) -> None:
    visitor = Visitor(server.url)
    for path in ("/runs", "/packages", "/events", "/handler"):
        answer = visitor.post(path, {}, Origin="https://example.com")
        assert answer.status == 403
        assert "another site" in answer.words


def test_every_page_forbids_frames_and_foreign_scripts(server: Server) -> None:
    for path in ("/", "/nowhere"):
        headers = Visitor(server.url).get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def post_file(visitor: Visitor, path: str, content: bytes, fields: Mapping[str, str] | None = None) -> Answer:
    """POST a file, and fields beside it, as a form does."""
    parts = [
        f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (fields or {}).items()
    ]
    parts.append('--cut\r\nContent-Disposition: form-data; name="upload"; filename="big.zip"\r\n\r\n')
    request = Request(visitor.url + path, "".join(parts).encode() + content + b"\r\n--cut--\r\n")
    request.add_header("Content-Type", "multipart/form-data; boundary=cut")
    return visitor._send(request)
