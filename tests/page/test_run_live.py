"""A run that goes on, in a real browser: its lines as they appear, Stop, and a manager that dies in the middle."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Server
from tests.page.test_run_story import headline, paste, run

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

COUNTING = (
    "import time\n\n\ndef lambda_handler(event, context):\n"
    "    for n in range(100):\n        print('line', n)\n        time.sleep(0.2)\n"
)


def start(page: Page, code: str, timeout_s: int = 30) -> None:
    """Run code that takes long, with a timeout that lets it."""
    page.goto("/")
    page.locator(".configuration > summary").click()
    page.locator("[name=timeout_s]").fill(str(timeout_s))
    paste(page, code)
    page.locator("#run").click()
    page.locator("[data-running]").wait_for()


def test_a_long_run_shows_that_it_runs_and_its_lines_as_they_appear_and_can_be_stopped(page: Page) -> None:
    start(page, COUNTING)
    assert "Running" in headline(page)
    page.wait_for_function("() => /line 1/.test(document.querySelector('[data-log]')?.textContent ?? '')")
    assert page.locator("#result [data-ended]").count() == 0
    first = page.locator("[data-elapsed]").inner_text()
    page.wait_for_function("first => document.querySelector('[data-elapsed]').textContent !== first", arg=first)
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    page.locator("#result [data-ended]").wait_for()
    assert page.evaluate("document.activeElement.className") == "result-status", "the focus is not lost with the button"
    assert headline(page).startswith("Stopped after")
    assert "line 1" in page.locator("#log").inner_text()
    assert page.locator("#response-heading").count() == 0
    page.locator(".history-run.is-stopped").wait_for()


def test_a_long_run_is_still_followed_after_a_reload_of_its_page(page: Page) -> None:
    start(
        page,
        "import time\n\n\ndef lambda_handler(event, context):\n    time.sleep(3)\n    return 'at last'\n",
    )
    run_id = page.locator("[data-running]").get_attribute("data-running")
    page.goto(f"/runs/{run_id}")
    page.locator("[data-running]").wait_for()
    page.locator("#result [data-ended]").wait_for()
    assert "at last" in page.locator("#response-text").inner_text()


def test_a_run_whose_manager_is_killed_says_so_and_the_next_run_works(page: Page, server: Server) -> None:
    start(page, COUNTING)
    page.wait_for_function("() => /line 0/.test(document.querySelector('[data-log]')?.textContent ?? '')")
    os.kill(manager_of(server), signal.SIGKILL)
    page.locator("#result [data-ended]").wait_for()
    assert headline(page) == "No result"
    assert "The manager was stopped in the middle of this run" in page.locator("#result").inner_text()
    paste(page, "def lambda_handler(event, context):\n    return 'up again'\n")
    assert run(page).startswith("Succeeded in")
    assert "up again" in page.locator("#response-text").inner_text()


def test_a_page_whose_server_is_gone_says_so_and_keeps_what_was_typed(page: Page, server: Server) -> None:
    page.goto("/")
    paste(page, "# typed\ndef lambda_handler(event, context):\n    return 'typed'\n")
    server.stop()
    try:
        page.locator("#run").click()
        page.get_by_text("The playground can't be reached").wait_for()
        assert "# typed" in page.locator("#code-editor .cm-content").inner_text()
    finally:
        server.start()
    assert run(page).startswith("Succeeded in")


def test_a_flood_of_log_lines_does_not_freeze_the_page(page: Page) -> None:
    start(
        page,
        "import time\n\n\ndef lambda_handler(event, context):\n"
        "    for n in range(20_000):\n        print('line', n)\n    time.sleep(2)\n",
    )
    page.wait_for_function("() => /line \\d{3}/.test(document.querySelector('[data-log]')?.textContent ?? '')")
    assert page.locator("[data-log] .log-event").count() <= 2_000
    page.locator("#result [data-ended]").wait_for(timeout=30_000)
    assert "line 19999" in page.locator("#log").inner_text()


def manager_of(server: Server) -> int:
    """The manager's process id: the child of `serve` that runs sandbox.server."""
    with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children") as file:
        for pid in file.read().split():
            with open(f"/proc/{pid}/cmdline", "rb") as command:
                if b"sandbox.server" in command.read().split(b"\0"):
                    return int(pid)
    raise AssertionError("no manager")
