"""The guide: a beginner's first function from the terminal, each step explained, and a look at how far one is.

`GET /guide` is the page, `GET /guide/check` looks whether the function is there and what it answered last.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, make_response, render_template
from htmx_flask import request

from sandbox.runtimes import runtimes
from webapp.pages.commands import endpoint_url
from webapp.pages.function_view import FunctionRow, function_rows, function_view
from webapp.pages.guide_answers import FUNCTION, GuideAnswer, keep, last_answer
from webapp.pages.guide_steps import EVENT, EXPECTED, lessons
from webapp.pages.json_text import parsed
from webapp.services import services
from webapp.starters import starters

blueprint = Blueprint("guide", __name__)
blueprint.after_app_request(keep)

# Ideas of the starters that the guide's reader meets next, the order in which they build on each other
NEXT = (
    "hello", "reading-an-event", "raising-an-error", "logging", "environment-variables", "timeout",
    "cold-versus-warm", "tmp-reuse", "context-methods", "api-response", "sqs-batch", "memory",
)  # fmt: skip


@dataclass(frozen=True)
class CheckItem:
    """One finding: `kind` is "done", "todo" or "wrong"; `more` says what to do about it; `answer` is JSON or ""."""

    kind: str
    title: str
    more: str = ""
    answer: str = ""
    link: str = ""


@blueprint.get("/guide")
def index() -> Response:
    """The lesson."""
    default_region = services().settings.default_region
    by_slug = {item.slug: item for item in starters()}
    others = [item for item in starters() if item.runtime_family != "python"]
    missing = next((item.missing for item in runtimes() if item.identifier == "go1.x"), "")
    answer = make_response(
        render_template(
            "guide.html",
            lessons=lessons(endpoint_url(), default_region),
            ideas=[by_slug[slug] for slug in NEXT],
            others=others,
            missing=missing,
            checks=check() if "check" in request.args else None,
        )
    )
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/guide/check")
def check_now() -> Response:
    """How far one is, as a partial; without scripts, `/guide?check=1` says it."""
    answer = make_response(render_template("partials/guide_check.html", checks=check()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def check() -> list[CheckItem]:
    """Whether the guide's function is there, and what its last invocation answered."""
    row = next((row for row in function_rows() if row.name == FUNCTION), None)
    if row is None:
        return [
            CheckItem("todo", f"There is no function {FUNCTION} yet.", "Create it by step 7, then check again."),
            CheckItem("todo", "So it was not invoked either."),
        ]
    return [_existence(row), _answer(last_answer())]


def _existence(row: FunctionRow) -> CheckItem:
    link = f"/functions/{row.name}{row.query}"
    if row.state.kind == "failed":
        return CheckItem("wrong", f"{FUNCTION} is there: {row.state.label}.", row.state.words, link=link)
    more = row.state.words
    if function_view(row.name, row.region).role_warning:
        more += " Its role is the placeholder: fine here, refused by AWS."
    return CheckItem("done", f"{FUNCTION} is there: {row.state.label}.", more, link=link)


def _answer(last: GuideAnswer | None) -> CheckItem:
    if last is None:
        return CheckItem("todo", "It was not invoked yet.", "Do step 8, then check again.")
    at = datetime.fromtimestamp(last.answered_ms / 1000, UTC).strftime("%H:%M:%S UTC")
    if last.status >= 400:
        return CheckItem("wrong", f"The last invocation, at {at}, was refused.", _refusal(last), _shown(last.text))
    if last.function_error:
        more = "The function was reached, but it failed. Compare main.go, build, zip and update it."
        return CheckItem("wrong", f"The last invocation, at {at}, answered with an error.", more, _shown(last.text))
    if last.status != 200:
        more = "It was invoked as an event, without waiting for an answer. Leave --invocation-type away."
        return CheckItem("todo", f"The last invocation, at {at}, is on its way.", more)
    if parsed(last.text) == parsed(EXPECTED):
        more = "That is a Lambda function, from source to answer. AWS runs it the same way."
        return CheckItem("done", f"The last invocation, at {at}, answered as it should.", more, last.text)
    more = f"That is not {EXPECTED}: was the event {EVENT}?"
    return CheckItem("todo", f"The last invocation, at {at}, answered something else.", more, _shown(last.text))


def _refusal(last: GuideAnswer) -> str:
    if last.error_type.startswith("InvalidRequestContent"):
        return "What arrived was no JSON. With AWS CLI version 2, see the trap at step 8."
    return f"{last.error_type or 'The call failed'}: {_message(last.text)}"


def _message(text: str) -> str:
    is_json, body = parsed(text)
    found: Any = (body.get("Message") or body.get("message")) if is_json and isinstance(body, dict) else ""
    return str(found or text)[:300]


def _shown(text: str) -> str:
    is_json, body = parsed(text)
    return (json.dumps(body, indent=2, ensure_ascii=False) if is_json else text)[:1500]
