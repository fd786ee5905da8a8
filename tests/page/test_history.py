"""The last runs of a browser: listed, reopened as they were, shared by a link, forgotten."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Server
from tests.page.visitor import HELLO, Visitor, run_id_of


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return Visitor(server.url)


def test_a_browser_that_never_ran_anything_has_no_history(visitor: Visitor) -> None:
    assert "No runs yet." in visitor.get("/history", HX_Request="true").words


def test_the_latest_run_comes_first_with_how_it_ended(visitor: Visitor) -> None:
    visitor.run()
    visitor.run("def lambda_handler(e, c):\n    raise ValueError('x')\n")
    words = visitor.get("/history", HX_Request="true").words
    assert words.index("Failed") < words.index("Succeeded")
    assert "ValueError" in words


def test_the_history_is_a_page_of_its_own_without_scripts(visitor: Visitor) -> None:
    visitor.run()
    page = visitor.get("/history")
    assert "<!doctype html>" in page.text
    assert "Succeeded" in page.words


def test_a_run_is_reopened_as_it_was(visitor: Visitor) -> None:
    fields = {
        "memory_mb": "300",
        "timeout_s": "7",
        "environment": "A_KEY=some value",
        "architecture": "arm64",
    }
    run_id = run_id_of(visitor.run("# as it was\n" + HELLO, {"name": "Grace"}, **fields))
    visitor.run()
    page = visitor.get(f"/runs/{run_id}")
    assert page.status == 200
    for text in (
        "# as it was",
        "Grace",
        'value="300"',
        'value="7"',
        "A_KEY=some value",
        f'data-ended="{run_id}"',
    ):
        assert text in page.text
    assert "Succeeded in" in page.words


def test_another_browser_sees_neither_the_run_nor_its_parts(visitor: Visitor, server: Server) -> None:
    run_id = run_id_of(visitor.run())
    other = Visitor(server.url)
    for path in ("", "/result", "/wait", "/stream", "/response", "/log"):
        assert other.get(f"/runs/{run_id}{path}").status == 404
    for path in ("/stop", "/share"):
        assert other.post(f"/runs/{run_id}{path}").status == 404
    assert "No runs yet." in other.get("/history", HX_Request="true").words


def test_the_cookie_is_unguessable_and_out_of_scripts_reach(visitor: Visitor) -> None:
    cookie = visitor.run().headers["set-cookie"]
    assert re.match(r"playground_browser=[\w-]{32};", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_shared_run_opens_in_any_browser_and_runs_there_as_its_own(visitor: Visitor, server: Server) -> None:
    run_id = run_id_of(visitor.run("# for you\n" + HELLO, {"name": "Grace"}))
    answer = visitor.post(f"/runs/{run_id}/share", HX_Request="true")
    link = re.search(r'value="(http[^"]*/r/([\w-]{22,}))"', answer.text)
    assert link is not None
    assert visitor.post(f"/runs/{run_id}/share", HX_Request="true").text == answer.text, "the same link each time"

    other = Visitor(server.url)
    page = other.get(f"/r/{link[2]}")
    for text in ("# for you", "Grace", "Somebody shared this run with you"):
        assert text in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    assert "Share this run" not in page.words
    assert other.get(f"/r/{link[2]}/response").body == b'{"hello": "Grace"}'
    assert "START RequestId" in other.get(f"/r/{link[2]}/log").text
    assert other.get(f"/runs/{run_id}").status == 404, "the link opens the copy, not the run itself"


def test_without_scripts_sharing_comes_back_to_the_run_with_its_link(visitor: Visitor) -> None:
    run_id = run_id_of(visitor.run())
    answer = visitor.post(f"/runs/{run_id}/share")
    assert answer.status == 303
    assert "/r/" in visitor.get(answer.headers["location"].partition("#")[0]).text


def test_a_wrong_link_is_told_so(visitor: Visitor) -> None:
    answer = visitor.get("/r/no-such-link")
    assert answer.status == 404
    assert "There is no shared run at this address" in answer.words


def test_a_browser_can_have_its_runs_forgotten_but_links_stay_good(visitor: Visitor) -> None:
    shared, other = run_id_of(visitor.run()), run_id_of(visitor.run())
    visitor.post(f"/runs/{shared}/share")
    assert other not in visitor.post("/history/clear", HX_Request="true").text
    assert visitor.get(f"/runs/{other}").status == 404
    assert visitor.get(f"/runs/{shared}").status == 200


def test_history_outlives_a_kill_of_the_whole_server(visitor: Visitor, server: Server) -> None:
    import signal

    run_id = run_id_of(visitor.run("# survives\n" + HELLO))
    server.restart(signal.SIGKILL)
    assert "# survives" in visitor.get(f"/runs/{run_id}").text
    assert "Succeeded" in visitor.get("/history", HX_Request="true").words
