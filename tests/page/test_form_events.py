"""The event picker in a real browser: samples, search, JSON that is wrong, one's own events."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.page.test_form_page import EVENT, draft, opened, type_over
from webapp.events import sample_events
from webapp.pages import event_json

pytestmark = pytest.mark.browser


def test_a_sample_is_found_by_a_word_and_fills_the_editor(page: Page) -> None:
    opened(page)
    page.locator("#event-pick").click()
    expect(page.get_by_label("Search the events")).to_be_focused()
    expect(page.locator("#event-picker .choice:visible")).to_have_count(len(sample_events()))
    page.keyboard.type("timer")
    expect(page.locator("#event-picker .choice:visible")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#event-name")).to_have_text("EventBridge schedule")
    assert json.loads(draft(page)["event"])["detail-type"] == "Scheduled Event"
    type_over(page, EVENT, "{}")
    expect(page.locator("#event-name")).to_have_text("EventBridge schedule, edited")


def test_words_that_no_event_has_are_answered(page: Page) -> None:
    opened(page)
    page.locator("#event-pick").click()
    page.keyboard.type("zzz")
    expect(page.locator("#event-picker")).to_contain_text("No event has these words.")
    page.keyboard.press("Escape")
    expect(page.locator("#event-picker")).to_be_hidden()
    expect(page.locator("#event-pick")).to_be_focused()


def test_bad_json_has_its_line_marked_and_a_sentence_until_it_is_mended(page: Page) -> None:
    opened(page)
    type_over(page, EVENT, '{\n  "a": 1\n  "b": 2\n}')
    expect(page.locator("#error-event")).to_contain_text("line 3, column 3: a comma or a closing bracket is missing.")
    expect(page.locator("#event-editor .line-wrong")).to_contain_text('"b": 2')
    expect(page.locator(EVENT)).to_have_attribute("aria-invalid", "true")
    type_over(page, EVENT, '{"a": 1}')
    expect(page.locator("#error-event")).to_have_text("")
    expect(page.locator("#event-editor .line-wrong")).to_have_count(0)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1,]", '{"a":1,}', '{"a" 1}', "{a: 1}", "{'a': 1}", '{"a": tru}', '"open', '"tab\there"',
        '"\\x"', '"\\u12"', "1 2", "[1 2]", "01", "-", "nul", '{"a": [1, {"b": }]}', "\n\n[\n1,\n\n2\n3]",
    ],
)  # fmt: skip
def test_browser_and_server_say_the_same_line_of_the_same_bad_json(page: Page, text: str) -> None:
    opened(page)
    said = page.evaluate(
        """async (text) => {
            const main = document.querySelector("script[src$='/js/main.js']").src;
            const { checkJson } = await import(main.replace("main.js", "json_check.js"));
            return checkJson(text);
        }""",
        text,
    )
    ours = event_json.problem(text)
    assert said, ours
    if text:
        assert f"line {said['line']}, " in ours, (said, ours)
        assert said["message"] in (ours, said["message"])


def test_the_json_is_laid_out_and_big_numbers_stay_exact(page: Page) -> None:
    opened(page)
    type_over(page, EVENT, '{"id":12345678901234567890,"list":[1,2]}')
    page.get_by_role("button", name="Format").click()
    expect(page.locator(EVENT)).to_contain_text('"id": 12345678901234567890,')
    assert draft(page)["event"].count("\n") == 6


def test_an_event_is_saved_under_a_name_picked_again_replaced_and_deleted(page: Page) -> None:
    opened(page)
    type_over(page, EVENT, '{"mine": 1}')
    page.get_by_role("button", name="Save", exact=True).and_(page.locator("[popovertarget]")).click()
    page.keyboard.type("My order")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Saved as “My order”.")
    type_over(page, EVENT, '{"mine": 2}')
    page.get_by_role("button", name="Save", exact=True).and_(page.locator("[popovertarget]")).click()
    expect(page.locator("#event_name")).to_have_value("My order")
    page.keyboard.press("Enter")
    expect(page.locator("#event-save")).to_be_hidden()
    page.reload()
    page.wait_for_selector("#playground[data-ready]")
    type_over(page, EVENT, "{}")
    page.locator("#event-pick").click()
    page.get_by_role("button", name="My order", exact=True).click()
    expect(page.locator(EVENT)).to_contain_text('{"mine": 2}')
    page.locator("#event-pick").click()
    page.get_by_role("button", name="Delete the event My order").click()
    expect(page.locator("#saved-events")).to_be_hidden()
    page.reload()
    page.wait_for_selector("#playground[data-ready]")
    expect(page.locator("#saved-events .choice")).to_have_count(0)


def test_an_event_over_six_megabytes_is_told_before_it_is_sent(page: Page) -> None:
    opened(page)
    page.evaluate("window.playground.draft.replace({ event: JSON.stringify('x'.repeat(6291456)) }, 'big')")
    expect(page.locator("#error-event")).to_contain_text("Request must be smaller than 6291456 bytes")
    page.get_by_role("button", name="Run Ctrl ↵").click()
    expect(page.locator("#error-event")).to_contain_text("Request must be smaller than 6291456 bytes")
    expect(page.locator("#result")).to_contain_text("Nothing has run yet.")
