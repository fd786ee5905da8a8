"""POST /runs without a browser: what each end of a run says, and what the page does without scripts."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.runtimes import runtimes
from tests.conftest import Server
from tests.page.visitor import HELLO, Visitor, run_id_of


def _available(family: str) -> str:
    """A runtime of that family that this machine has; "" for none."""
    return next((item.identifier for item in runtimes() if item.family == family and item.available), "")


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return Visitor(server.url)


def test_a_run_says_how_it_ended_and_whether_it_was_cold_or_warm(visitor: Visitor) -> None:
    code = HELLO + "# said first\n"
    cold = visitor.run(code, {"name": "Ada"})
    assert cold.status == 200
    assert re.search(r"Succeeded in [\d.]+ ms, billed \d+ ms", cold.words)
    assert "Cold start." in cold.words
    assert "Init duration" in cold.words
    assert re.search(r'<span class="nt">.{0,6}hello.{0,6}</span>', cold.text), "the response is highlighted"
    warm = visitor.run(code)
    assert "Warm start." in warm.words
    assert "Init duration" not in warm.words
    assert "Cold start." in visitor.run(code, force_cold="1").words


def test_only_the_headline_is_read_out_by_a_screen_reader(visitor: Visitor) -> None:
    before, _, after = visitor.run().text.partition('aria-live="off"')
    assert "Succeeded in" in before
    assert "START RequestId" not in before
    assert "START RequestId" in after


def test_the_log_has_lambdas_lines_in_their_order(visitor: Visitor) -> None:
    code = "import logging\ndef lambda_handler(event, context):\n    print('mine')\n    logging.warning('careful')\n"
    answer = visitor.run(code, force_cold="1")
    lines = re.findall(r'<span class="log-text">(.*?)</span>', answer.text, re.DOTALL)
    assert [line.split()[0] for line in lines] == [
        "INIT_START",
        "START",
        "mine",
        "[WARNING]",
        "END",
        "REPORT",
    ]
    downloaded = visitor.get(f"/runs/{run_id_of(answer)}/log")
    assert downloaded.text.splitlines() == lines
    assert downloaded.headers["content-disposition"].startswith("attachment")


def test_an_exceptions_lines_link_into_the_code(visitor: Visitor) -> None:
    answer = visitor.run("def lambda_handler(event, context):\n    return event['<name>']\n")
    assert re.search(r"Failed: KeyError after [\d.]+ ms, billed \d+ ms", answer.words)
    assert "'<name>'" in answer.words
    assert answer.text.count('data-file="lambda_function.py" data-line="2"') >= 2  # in the error and in the log
    assert "<name>" not in answer.text


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        ("import nothing_of_this_name\n" + HELLO, "Runtime.ImportModuleError"),
        ("def lambda_handler(event, context):\n    return (\n", "Runtime.UserCodeSyntaxError"),
        ("def lambda_handler(event, context):\n    return {1, 2}\n", "Runtime.MarshalError"),
        ("import os\ndef lambda_handler(event, context):\n    os._exit(3)\n", "Runtime.ExitError"),
    ],
)
def test_lambdas_own_errors_are_named(visitor: Visitor, code: str, error_type: str) -> None:
    answer = visitor.run(code)
    assert f"Failed: {error_type}" in answer.words, answer.words[:500]


def test_a_syntax_errors_line_links_into_the_code(visitor: Visitor) -> None:
    answer = visitor.run("def lambda_handler(event, context):\n    x = = 3\n")
    assert 'data-file="lambda_function.py" data-line="2"' in answer.text


def test_a_timeout_is_said_in_the_headline(visitor: Visitor) -> None:
    answer = visitor.start("import time\ndef lambda_handler(e, c):\n    time.sleep(9)\n", timeout_s="1")
    assert "Running" in answer.words
    kinds = dict(visitor.stream(run_id_of(answer)))
    assert "Failed: timed out after" in kinds["result"]
    assert "Task timed out after 1.00 seconds" in kinds["result"]


def test_the_estimate_names_both_architectures_with_and_without_the_free_tier(visitor: Visitor) -> None:
    words = visitor.run(memory_mb="1024").words
    for text in (
        "x86_64",
        "arm64",
        "without free tier",
        "with free tier",
        "× 1,024 MB ÷ 1,024",
        "rounded up",
    ):
        assert text in words


def test_a_stream_tells_lines_as_they_come_and_goes_on_after_a_lost_connection(visitor: Visitor) -> None:
    code = (
        "import time\ndef lambda_handler(event, context):\n"
        "    for n in range(3):\n        print('line', n)\n        time.sleep(0.4)\n"
    )
    run_id = run_id_of(visitor.start(code))
    events = []
    for kind, data in visitor.stream(run_id):
        events.append((kind, data, time.monotonic()))
    mine = [at for kind, data, at in events if kind == "log" and ">line " in data]
    assert len(mine) == 3
    assert events[-1][0] == "result"
    assert mine[-1] < events[-1][2] - 0.2, "the last line is there before the end"
    again = [kind for kind, _ in visitor.stream(run_id, last=4)]
    assert again == ["result"], "a stream of a run that has ended has its result only"


def test_a_run_can_be_stopped(visitor: Visitor) -> None:
    answer = visitor.start("import time\ndef lambda_handler(e, c):\n    time.sleep(60)\n", timeout_s="90")
    began = time.monotonic()
    assert visitor.post(f"/runs/{run_id_of(answer)}/stop", HX_Request="true").status == 204
    result = dict(visitor.stream(run_id_of(answer)))["result"]
    assert "Stopped after" in result
    assert time.monotonic() - began < 5
    again = visitor.post(f"/runs/{run_id_of(answer)}/stop", HX_Request="true")
    assert again.status == 204, "stopping what has ended is no error"


def test_a_result_is_kept_though_nobody_watches(visitor: Visitor) -> None:
    run_id = run_id_of(
        visitor.start("import time\ndef lambda_handler(e, c):\n    time.sleep(0.6)\n    return 'kept'\n")
    )
    time.sleep(1.5)
    assert "Succeeded" in visitor.get("/history", HX_Request="true").words
    assert "kept" in visitor.get(f"/runs/{run_id}/result").words


def test_a_wrong_form_is_answered_at_its_fields_and_runs_nothing(visitor: Visitor) -> None:
    answer = visitor.run(HELLO, memory_mb="64", event="{,}")
    assert answer.status == 422
    assert answer.headers["hx-reswap"] == "none"
    assert "greater than or equal to 128" in answer.words
    assert "No runs yet." in visitor.get("/history", HX_Request="true").words


def test_without_scripts_a_wrong_form_comes_back_with_everything_in_it(visitor: Visitor) -> None:
    answer = visitor.start("# my code\n", memory_mb="64", environment="KEY=my value", htmx=False)
    assert answer.status == 422
    for text in ("# my code", "KEY=my value", 'value="64"', "greater than or equal to 128"):
        assert text in answer.text


def test_without_scripts_a_run_ends_on_its_own_page(visitor: Visitor) -> None:
    answer = visitor.start("def lambda_handler(e, c):\n    return 'by hand'\n", htmx=False)
    assert answer.status == 303
    page = visitor.get(_where_it_ends(visitor, answer.headers["location"]))
    assert "Succeeded in" in page.words
    assert "by hand" in page.text


def test_without_scripts_a_long_run_is_waited_for(visitor: Visitor) -> None:
    code = "import time\ndef lambda_handler(e, c):\n    print('so far')\n    time.sleep(1.5)\n    return 'late'\n"
    where = visitor.start(code, htmx=False).headers["location"]
    assert where.endswith("/wait")
    waiting = visitor.get(where)
    assert waiting.headers["refresh"] == "1"
    assert "so far" in waiting.text
    assert "late" in visitor.get(_where_it_ends(visitor, where)).text


def _where_it_ends(visitor: Visitor, where: str) -> str:
    """The address of the result, as a browser comes to it that obeys redirects and Refresh."""
    deadline = time.monotonic() + 20
    while where.endswith("/wait"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
        where = visitor.get(where).headers.get("location", where)
    return where.partition("#")[0]


def test_a_six_megabyte_response_is_shown_in_part_and_downloaded_whole(visitor: Visitor) -> None:
    code = "def lambda_handler(event, context):\n    return 'x' * 5_000_000\n"
    answer = visitor.run(code, memory_mb="512", timeout_s="20")
    run_id = run_id_of(answer)
    shown = answer.text
    assert len(shown) < 200_000
    assert "Download all" in shown
    whole = visitor.get(f"/runs/{run_id}/response")
    assert json.loads(whole.body) == "x" * 5_000_000
    assert whole.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in whole.headers["content-security-policy"]


def test_a_flood_of_log_lines_leaves_the_page_small(visitor: Visitor) -> None:
    code = "def lambda_handler(event, context):\n    for n in range(30_000):\n        print('line', n)\n"
    answer = visitor.run(code, timeout_s="20", memory_mb="512")
    shown = answer.text
    assert len(shown) < 700_000
    assert "line 29999" in shown
    assert "earlier ones are in the download" in shown


def test_another_sites_form_runs_nothing(visitor: Visitor) -> None:
    assert visitor.post("/runs", {"event": "{}"}, Origin="https://elsewhere.example").status == 403


def test_a_warm_hello_takes_less_than_fifty_milliseconds(visitor: Visitor) -> None:
    for _ in range(3):
        visitor.start()
    took = []
    for _ in range(20):
        began = time.perf_counter()
        assert "Warm start." in visitor.start().words
        took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.05


def test_twenty_browsers_run_at_once_and_each_gets_its_own_answer(server: Server) -> None:
    def one(number: int) -> str:
        visitor = Visitor(server.url)
        code = f"import time\ndef lambda_handler(e, c):\n    time.sleep(0.1)\n    return '{number} of ' + e['who']\n"
        answer = visitor.run(code, {"who": f"browser {number}"})
        return answer.words

    with ThreadPoolExecutor(20) as pool:
        for number, text in enumerate(pool.map(one, range(20))):
            assert f"{number} of browser {number}" in text


def test_an_init_that_fails_is_called_a_cold_start_and_never_a_warm_one(visitor: Visitor) -> None:
    words = visitor.run("raise RuntimeError('at import')\n" + HELLO).words
    assert "Failed: RuntimeError" in words
    assert "Cold start." in words
    assert "Warm start." not in words


@pytest.mark.skipif(not _available("go"), reason="Go is not on this machine")
def test_a_compile_error_links_to_its_line_and_costs_nothing(visitor: Visitor) -> None:
    code = "package main\n\nfunc main() {\n\tundefinedThing()\n}\n"
    form = {"runtime": _available("go"), "handler": "main", "file:main.go": code, "event": "{}"}
    shown = visitor.ended(visitor.post("/runs", form, HX_Request="true")).text
    assert "Failed: it does not compile" in shown
    assert 'data-file="main.go" data-line="4"' in shown
    assert "Cost estimate" not in shown


@pytest.mark.skipif(not _available("nodejs"), reason="Node.js is not on this machine")
def test_pieces_of_a_streamed_response_arrive_before_its_end(visitor: Visitor) -> None:
    code = (
        "export const handler = awslambda.streamifyResponse(async (event, stream) => {\n"
        "  stream.write('first, é');\n  await new Promise((done) => setTimeout(done, 900));\n"
        "  stream.write(' last');\n  stream.end();\n});\n"
    )
    form = {"runtime": _available("nodejs"), "handler": "index.handler", "file:index.mjs": code, "event": "{}"}
    answer = visitor.post("/runs", form, HX_Request="true")
    events = list(visitor.stream(run_id_of(answer)))
    assert [data for kind, data in events if kind == "chunk"] == ["first, é", " last"]
    assert "first, é last" in events[-1][1]
