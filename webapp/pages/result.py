"""What the page says of a run: how it ended, in words, and the parts of `partials/result.html`.

Called by `webapp.pages.runs`, `history` and `permalinks`; nothing here runs anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import render_template
from markupsafe import Markup

from sandbox.errors import LambdaError
from sandbox.function import Invocation
from webapp.pages.code import Sources
from webapp.pages.code_links import CodeLinks
from webapp.pages.estimate import EstimateView, estimate_view
from webapp.pages.facts import Fact, facts, start_words, time_words
from webapp.pages.form import Draft
from webapp.pages.logs import LogView, log_view
from webapp.pages.payload import PayloadView, payload_view
from webapp.runs.outcome import Outcome, RunState
from webapp.services import Services

MAX_MESSAGE = 16 * 1024  # characters of an error's message or trace on the page
_BUILD_WORDS = "The compiler's words are below. Nothing was run, so nothing is billed."
LABELS = {
    RunState.RUNNING: "Running",
    RunState.SUCCEEDED: "Succeeded",
    RunState.FAILED: "Failed",
    RunState.TIMED_OUT: "Timed out",
    RunState.STOPPED: "Stopped",
    RunState.REFUSED: "Not run",
    RunState.LOST: "No result",
}


@dataclass(frozen=True)
class ErrorView:
    """A function's error: its type, its message, and its stack with places linked ("" where it has none)."""

    type: str
    message: Markup
    trace: Markup


@dataclass(frozen=True)
class ResultView:
    """Everything `partials/result.html` shows. `url` is where the run lives, `headline` what is read out.

    `start` is "Cold start" or "Warm start", and `sentence` says what that means, or why there was none.

    The parts that belong to an invocation are None where there was none.
    """

    run_id: str
    url: str
    state: RunState
    label: str
    headline: str
    start: str
    sentence: str
    share_token: str | None
    shared: bool
    facts: list[Fact]
    error: ErrorView | None = None
    response: PayloadView | None = None
    log: LogView | None = None
    estimate: EstimateView | None = None
    log_group: str = ""
    log_stream: str = ""


def render_result(
    outcome: Outcome, draft: Draft, services: Services, run_id: str, share_token: str | None = None,
    *, shared: bool = False,
) -> Markup:  # fmt: skip
    """The partial, as HTML. `shared`: the run is seen through its link, by whoever has that."""
    view = result_view(outcome, draft, services, run_id, share_token, shared=shared)
    return Markup(render_template("partials/result.html", result=view))


def result_view(
    outcome: Outcome, draft: Draft, services: Services, run_id: str, share_token: str | None, *, shared: bool
) -> ResultView:
    """The parts of the result of a run of `draft`."""
    url = f"/r/{share_token}" if shared else f"/runs/{run_id}"
    state = outcome.state
    ended = outcome.invocation
    if ended is None:
        label = "Throttled" if outcome.error_type == "TooManyRequestsException" else LABELS[state]
        sentence = _error_sentence(outcome)
        return ResultView(run_id, url, state, label, label, "", sentence, share_token, shared, [])
    links = code_links(draft, services)
    error = None if ended.succeeded else error_view(ended, outcome.error_name, links)
    response: PayloadView | None = payload_view(ended.payload, ended.content_type)
    log = log_view(ended.log, links)
    if outcome.cold is None:
        label = "Failed: it does not compile"
        return ResultView(
            run_id, url, state, label, label, "", _BUILD_WORDS, share_token, shared, [], error, response, log
        )  # fmt: skip
    start, sentence = start_words(ended, outcome.cold)
    if state == RunState.STOPPED:
        error = response = None  # the person who stopped it need not be told of an error
        sentence += " Lambda itself has no Stop: there, a run goes on until it returns or its timeout ends it."
    return ResultView(
        run_id, url, state, LABELS[state], _headline(outcome, ended), start, sentence, share_token, shared,
        facts(ended), error, response, log, estimate_view(ended, draft),
        log_group=ended.log_group, log_stream=ended.log_stream,
    )  # fmt: skip


def code_links(draft: Draft, services: Services) -> CodeLinks:
    """Links into the code of `draft`."""

    def files() -> Iterable[str]:
        try:
            sources = Sources(services.packages, draft.files, draft.base_package, draft.deleted)
            return [file.path for file in sources.list() if file.is_text]
        except LambdaError:
            return list(draft.files)

    return CodeLinks(files)


def error_view(ended: Invocation, error_name: str, links: CodeLinks) -> ErrorView:
    """The error in the payload of a failed invocation, whichever runtime wrote it."""
    try:
        body: Any = json.loads(ended.payload)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return ErrorView(error_name, Markup(""), Markup(""))
    message = body.get("errorMessage")
    text = message if isinstance(message, str) else "" if message is None else json.dumps(message)
    return ErrorView(error_name, links(text[:MAX_MESSAGE]), _trace(body, links))


def _trace(body: dict[str, Any], links: CodeLinks) -> Markup:
    lines: list[Markup] = []
    room = MAX_MESSAGE
    cause: Any = body
    for _ in range(10):  # Java's causes, each within the one before
        stack = cause.get("stackTrace") or cause.get("trace") or []
        for frame in stack if isinstance(stack, list) else []:
            line = _frame(frame, links)
            room -= len(line)
            if room < 0:
                return Markup("\n").join([*lines, Markup("…")])
            lines.append(line)
        cause = cause.get("cause")
        if not isinstance(cause, dict):
            break
        lines.append(links(f"Caused by {cause.get('errorType', '')}: {cause.get('errorMessage', '')}"[:1000]))
    return Markup("\n").join(lines)


def _frame(frame: Any, links: CodeLinks) -> Markup:
    if isinstance(frame, dict):  # Go's: {"path": …, "line": …, "label": …}
        path, line, label = frame.get("path"), frame.get("line"), frame.get("label")
        if isinstance(path, str) and isinstance(line, int):
            return links.link(f"{path}:{line}", path, line) + Markup("  {}").format(label or "")
    text = frame if isinstance(frame, str) else json.dumps(frame)
    return links(text.rstrip("\n")[:4000])


def _headline(outcome: Outcome, ended: Invocation) -> str:
    state = outcome.state
    took = time_words(ended.duration_ms)
    billed = f"billed {ended.billed_duration_ms:,} ms"
    if state == RunState.SUCCEEDED:
        return f"Succeeded in {took}, {billed}"
    if state == RunState.TIMED_OUT:
        return f"Failed: timed out after {took}, {billed}"
    if state == RunState.STOPPED:
        return f"Stopped after {took}"
    return f"Failed: {outcome.error_name} after {took}, {billed}"


def _error_sentence(outcome: Outcome) -> str:
    if outcome.error_type == "TooManyRequestsException":
        return f"{outcome.message} This machine has no room for one more run now; try again in a moment."
    return outcome.message
