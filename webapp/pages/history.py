"""GET /history: this browser's last runs, each a link that reopens it as it was; and forgetting them.

The list keeps itself up to date: it asks again whenever a run begins or ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, make_response, redirect, render_template
from htmx_flask import request

from webapp.pages.browser import browser_id
from webapp.pages.facts import time_words
from webapp.pages.result import LABELS
from webapp.runs import store
from webapp.runs.outcome import RunState
from webapp.runs.store import RunSummary
from webapp.services import services

blueprint = Blueprint("history", __name__)


@dataclass(frozen=True)
class HistoryRow:
    """One run of the list. `at` is its time for machines (ISO), `clock` for people without scripts (UTC)."""

    id: str
    state: str
    label: str
    error_type: str
    runtime: str
    handler: str
    took: str
    start: str
    at: str
    clock: str
    share_token: str | None


@blueprint.get("/history")
def history() -> Response:
    """The list: the partial for htmx, a page of its own without."""
    with services().database.session() as session:
        rows = [_row(summary) for summary in store.recent(session, browser_id())]
    template = "partials/history.html" if request.htmx else "history.html"
    answer = make_response(render_template(template, rows=rows, kept=store.RUNS_PER_BROWSER))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/history/clear")
def clear() -> Response:
    """Forget this browser's runs; those that were shared keep their links."""
    with services().database.writing() as session:
        store.forget(session, browser_id())
    return history() if request.htmx else make_response(redirect("/history", 303))


def _row(summary: RunSummary) -> HistoryRow:
    at = datetime.fromtimestamp(summary.started_ms / 1000, UTC)
    start = "" if summary.cold is None else "cold" if summary.cold else "warm"
    return HistoryRow(
        id=summary.id,
        state=summary.state.value,
        label=LABELS[summary.state],
        error_type="" if summary.state == RunState.STOPPED else summary.error_type or "",
        runtime=summary.runtime,
        handler=summary.handler,
        took="" if summary.duration_ms is None else time_words(summary.duration_ms),
        start=start,
        at=at.isoformat(timespec="seconds"),
        clock=at.strftime("%d %b %H:%M UTC"),
        share_token=summary.share_token,
    )
