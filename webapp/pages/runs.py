"""Runs: POST /runs starts one, a stream brings its log lines as they appear, Stop ends it, a page reopens it.

A run that takes longer than a glance is answered with `partials/running.html`, which listens to the stream;
without scripts there is `/runs/<id>/wait`, which comes back until the result is there.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, stream_with_context
from htmx_flask import request
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge

from sandbox.errors import LambdaError, ManagerUnavailable
from sandbox.function import Function, Invocation, LogEvent
from webapp.pages.browser import browser_id
from webapp.pages.form import ERROR_FIELDS, Draft
from webapp.pages.logs import LogLine, log_line
from webapp.pages.packages import TOO_LARGE, submitted
from webapp.pages.payload import size_words
from webapp.pages.playground import field_errors, render_playground
from webapp.pages.result import code_links, render_result
from webapp.pages.run_stream import run_stream
from webapp.problems import drain
from webapp.runs import store
from webapp.runs.outcome import Outcome
from webapp.runs.recorder import outcome_of, prune_now_and_then, record_when_ended
from webapp.runs.store import Run
from webapp.services import Services, services

blueprint = Blueprint("runs", __name__)
blueprint.add_app_template_filter(size_words)

GLANCE_S = 0.25  # a run that ends within it is answered with its result
RESTART_S = 3.0  # how long a run waits for a manager that is being started again
WAIT_S = 1  # between two looks, without scripts


@blueprint.post("/runs")
def run() -> Response:
    """Run what is in the form: the result, or that it runs; a sentence at each field where it can't."""
    shared = services()
    started_ms = _now_ms()
    try:
        draft, errors = submitted(shared)
    except RequestEntityTooLarge:
        drain()
        abort(413, TOO_LARGE)
    errors = errors or draft.check(shared)
    if not errors:
        try:
            # Two browsers with the same code never meet in one environment's memory or /tmp.
            function = replace(draft.to_function(shared), revision=browser_id())
        except LambdaError as error:
            errors = {error.field if error.field in ERROR_FIELDS else "code": error.message}
    if errors:
        return field_errors(errors) if request.htmx else render_playground(draft, errors=errors, status=422)

    return start_run(shared, function, draft, started_ms)


@blueprint.get("/runs/<run_id>")
def reopen(run_id: str) -> Response:
    """The whole page as it was: code, configuration, event, and the result or that it still runs."""
    shared = services()
    run = own_run(shared, run_id)
    draft = Draft.from_dict(run.draft)
    if run.outcome is None:
        result = _running(run.id, run.summary.started_ms)
    else:
        result = render_result(run.outcome, draft, shared, run.id, run.summary.share_token)
    return render_playground(draft, result=result)


@blueprint.get("/runs/<run_id>/result")
def result(run_id: str) -> Response:
    """The partial alone, for a page whose stream broke off."""
    shared = services()
    run = own_run(shared, run_id)
    if run.outcome is None:
        return make_response(_running(run.id, run.summary.started_ms))
    draft = Draft.from_dict(run.draft)
    return make_response(render_result(run.outcome, draft, shared, run.id, run.summary.share_token))


@blueprint.get("/runs/<run_id>/wait")
def wait(run_id: str) -> Response:
    """Without scripts: a page that comes back by itself until the run has ended."""
    shared = services()
    run = own_run(shared, run_id)
    if run.outcome is not None:
        return _redirect(f"/runs/{run_id}#result")
    draft = Draft.from_dict(run.draft)
    lines = _lines_so_far(shared, run_id, draft)
    elapsed_ms = _elapsed_ms(run.summary.started_ms)
    body = render_template("wait.html", run_id=run_id, elapsed_ms=elapsed_ms, lines=lines)
    return make_response(body, {"Refresh": str(WAIT_S), "Cache-Control": "no-store"})


@blueprint.get("/runs/<run_id>/stream")
def stream(run_id: str) -> Response:
    """Server-sent events: `log` and `chunk` as they come, and `result` at the end ("HTML Standard, 9.2")."""
    shared = services()
    run = own_run(shared, run_id)
    last = request.headers.get("Last-Event-ID", "")
    events = run_stream(shared, run, int(last) if last.isdecimal() and len(last) < 10 else 0)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(stream_with_context(events), mimetype="text/event-stream", headers=headers)


@blueprint.post("/runs/<run_id>/stop")
def stop(run_id: str) -> Response:
    """End the run; its result then says that it was stopped."""
    shared = services()
    run = own_run(shared, run_id)
    if run.outcome is None:
        try:
            shared.sandbox.stop(run_id)
        except LambdaError as error:  # it has ended meanwhile, or the manager has: the stream tells which
            if request.htmx and not isinstance(error, ManagerUnavailable) and error.status != 404:
                raise
    return make_response("", 204) if request.htmx else _redirect(f"/runs/{run_id}/wait")


def own_run(shared: Services, run_id: str) -> Run:
    """This browser's run of that id, with the outcome if it has ended; answers 404 where there is none."""
    with shared.database.session() as session:
        found = store.find(session, run_id, browser_id())
    if found is None:
        abort(404, "This browser has no such run. Only the browser that made it may open it, unless it is shared.")
    if found.outcome is None:
        outcome = outcome_of(shared.sandbox.follow(run_id, timeout_s=0.05))
        if outcome is not None:  # nobody was there to keep it: this process was restarted in between
            with shared.database.writing() as session:
                store.settle(session, run_id, outcome)
                found = store.find(session, run_id, browser_id()) or found
    return found


def start_run(shared: Services, function: Function, draft: Draft, started_ms: int | None = None) -> Response:
    """Run `function` for this browser, as what `draft` says: its result, or that it runs; by redirect without htmx.

    A saved function's page calls it too, with the draft that shows the function's code.
    """
    started_ms = started_ms or _now_ms()
    run_id, outcome = _begin(shared, function, draft)
    with shared.database.writing() as session:
        store.add(
            session, run_id, browser_id(), draft.to_dict(), runtime=draft.runtime, handler=draft.handler,
            started_ms=started_ms, outcome=outcome,
        )  # fmt: skip
    if outcome is None:
        record_when_ended(shared, run_id)
    prune_now_and_then(shared)
    if not request.htmx:
        return _redirect(f"/runs/{run_id}/wait" if outcome is None else f"/runs/{run_id}#result")
    body = _running(run_id, started_ms) if outcome is None else render_result(outcome, draft, shared, run_id)
    answer = make_response(body)
    answer.headers["HX-Trigger"] = "runs-changed"
    return answer


def _begin(shared: Services, function: Function, draft: Draft) -> tuple[str, Outcome | None]:
    """Start the run and wait a glance; its id, and its outcome if there is one by then."""
    deadline = time.monotonic() + RESTART_S
    while True:
        try:
            run_id = shared.sandbox.start(function, draft.event_bytes(), force_cold=draft.force_cold)
            break
        except ManagerUnavailable as error:
            if time.monotonic() > deadline:
                return str(uuid.uuid4()), Outcome.refused(error)
            time.sleep(0.1)
        except LambdaError as error:
            return str(uuid.uuid4()), Outcome.refused(error)
    return run_id, outcome_of(shared.sandbox.follow(run_id, timeout_s=GLANCE_S))


def _running(run_id: str, started_ms: int) -> Markup:
    elapsed_ms = _elapsed_ms(started_ms)
    return Markup(render_template("partials/running.html", run_id=run_id, elapsed_ms=elapsed_ms))


def _lines_so_far(shared: Services, run_id: str, draft: Draft) -> list[LogLine]:
    links = code_links(draft, shared)
    found: Iterator[Any] = shared.sandbox.follow(run_id, timeout_s=0.05)
    lines: list[LogLine] = []
    try:
        for event in found:
            if isinstance(event, LogEvent):
                lines.append(log_line(event, links))
            if event is None or isinstance(event, Invocation):
                break
    except LambdaError:
        pass  # the next look says what became of it
    return lines[-200:]


def _elapsed_ms(started_ms: int) -> int:
    return max(0, _now_ms() - started_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _redirect(where: str) -> Response:
    return make_response(redirect(where, 303))
