"""What a run printed and answered, made readable: links into the code, laid out JSON, classes of log lines."""

from __future__ import annotations

import json
import time

import pytest

from sandbox.function import LogEvent
from webapp.pages import json_text
from webapp.pages.code_links import CodeLinks
from webapp.pages.logs import log_line, log_view
from webapp.pages.payload import MAX_SHOWN, payload_view

FILES = ["lambda_function.py", "lib/util.py", "index.mjs", "example/Handler.java", "main.go", "bootstrap"]
LINKS = CodeLinks(lambda: FILES)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('  File "/var/task/lambda_function.py", line 4, in handler', "lambda_function.py", 4),
        ('  File "/var/task/lambda_function.py" Line 3', "lambda_function.py", 3),
        ("Syntax error in module 'lambda_function': '(' was never closed (lambda_function.py, line 7)",
         "lambda_function.py", 7),
        ('  File "/var/task/lib/util.py", line 12, in parse', "lib/util.py", 12),
        ("    at handler (file:///var/task/index.mjs:3:5)", "index.mjs", 3),
        ("    at Runtime.handler (/var/task/index.mjs:30:5)", "index.mjs", 30),
        ("example.Handler.handleRequest(Handler.java:12)", "example/Handler.java", 12),
        ("example/Handler.java:7: error: ';' expected", "example/Handler.java", 7),
        ("./main.go:12:5: undefined: x", "main.go", 12),
        ("\t/tmp/build-1/main.go:9 +0x1d", "main.go", 9),
        ("/var/task/bootstrap: line 5: jq: command not found", "bootstrap", 5),
    ],
)  # fmt: skip
def test_every_runtimes_way_to_name_a_line_links_to_it(text: str, path: str, line: int) -> None:
    assert f'data-file="{path}" data-line="{line}"' in LINKS(text)


@pytest.mark.parametrize(
    "text",
    [
        '  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode',
        '  File "/var/task/elsewhere.py", line 1, in f',
        '  File "/usr/lib/python3/util.py", line 3, in f',
        "    at Runtime.handle (/var/runtime/index.mjs:1173:29)",
        "at node_modules/x/index.mjs:3:5",
        "at 10:30 on 2026-11-24",
    ],
)
def test_a_line_of_a_file_that_is_not_in_the_package_is_no_link(text: str) -> None:
    assert "<a" not in LINKS(text)


def test_what_a_function_prints_is_never_markup() -> None:
    shown = LINKS('<script>alert(1)</script> File "/var/task/lambda_function.py", line 1, <img>')
    assert "<script" not in shown
    assert "<img" not in shown
    assert "<a " in shown


@pytest.mark.parametrize("text", ["a" * 60_000, "a." * 30_000, "x.py " * 12_000, 'File "' * 10_000])
def test_hostile_text_costs_no_time(text: str) -> None:
    began = time.perf_counter()
    LINKS(text)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("message", "source", "kind"),
    [
        ("START RequestId: x Version: $LATEST", "platform", "platform"),
        ("REPORT RequestId: x\tDuration: 1.00 ms\t", "platform", "report"),
        ("REPORT RequestId: x\tDuration: 1.00 ms\tStatus: timeout", "platform", "report failed"),
        ("2026-11-24T10:00:00.000Z x Task timed out after 3.00 seconds", "platform", "error"),
        ("START of my own", "function", ""),
        ("[ERROR] KeyError: 'x'\nTraceback (most recent call last):", "function", "error"),
        ("[WARNING]\t2026-11-24T10:00:00.000Z\tx\tcareful", "function", "warning"),
        ("[INFO]\t2026-11-24T10:00:00.000Z\tx\tfine", "function", "info"),
        ("2026-11-24T10:00:00.000Z\tx\tERROR\tInvoke Error", "function", "error"),
        ("2026-11-24T10:00:00.000Z\tx\tWARN\tcareful", "function", "warning"),
        ('{"timestamp": "2026", "level": "ERROR", "message": "x"}', "function", "error"),
        ('{"time":"2026","type":"platform.report","record":{"status":"success"}}', "platform", "report"),
        ("[not a level]", "function", ""),
    ],
)
def test_a_log_line_says_by_its_class_what_it_is(message: str, source: str, kind: str) -> None:
    assert log_line(LogEvent(0, message, source), LINKS).kind == kind


def test_a_long_log_shows_its_end_and_counts_the_rest() -> None:
    view = log_view([LogEvent(0, f"line {number} " + "x" * 100) for number in range(10_000)], LINKS)
    assert str(view.lines[-1].text).startswith("line 9999 ")
    assert view.hidden == 10_000 - len(view.lines) > 0


def test_json_is_laid_out_as_it_was_sent() -> None:
    text = r'{"a":[],"b":{},"n":[1.10,1e400,12345678901234567890],"s":"\u00e9 {\"x\":1} \ud800","a":null}'
    shown, cut = json_text.laid_out(text, 10_000)
    assert not cut
    assert "".join(shown.split()) == "".join(text.split())
    assert json.loads(shown.replace("1e400", "1")) == json.loads(text.replace("1e400", "1"))
    assert '  "n": [\n    1.10,' in shown


def test_a_large_response_is_cut_and_costs_little() -> None:
    payload = json.dumps([{"id": number, "name": "x" * 50} for number in range(60_000)]).encode()
    began = time.perf_counter()
    view = payload_view(payload)
    assert time.perf_counter() - began < 1
    assert view.kind == "JSON"
    assert view.cut
    assert view.size == len(payload)
    assert len(view.html.striptags()) <= MAX_SHOWN


def test_a_response_that_is_no_json_is_shown_for_what_it_is() -> None:
    assert payload_view(b"").kind == "empty"
    assert payload_view(b"null").note == "The handler returned nothing, which is null in JSON."
    assert payload_view(b"<h1>Hello</h1>", "text/html").html == "&lt;h1&gt;Hello&lt;/h1&gt;"
    binary = payload_view(bytes(range(256)))
    assert binary.kind == "binary"
    assert "00000010  10 11 12 13" in binary.html
    assert payload_view(b"[" * 100_000).kind == "text"


def test_a_streamed_web_response_shows_its_status_and_headers_apart_from_its_body() -> None:
    payload = b'{"statusCode":200}' + b"\0" * 8 + b"<p>Hi</p>"
    view = payload_view(payload, "application/vnd.awslambda.http-integration-response")
    assert "statusCode" in view.prelude
    assert view.html == "&lt;p&gt;Hi&lt;/p&gt;"
