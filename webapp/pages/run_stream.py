"""A run as server-sent events: what it logs and streams meanwhile, and the result's partial at the end.

Called by `webapp.pages.runs`. Events are numbered, so that a browser whose connection broke goes on from there.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from flask import render_template

from sandbox.errors import LambdaError
from sandbox.function import Invocation, LogEvent
from webapp.pages.code_links import CodeLinks
from webapp.pages.form import Draft
from webapp.pages.logs import log_line
from webapp.pages.result import code_links, render_result
from webapp.runs import store
from webapp.runs.outcome import Outcome
from webapp.runs.store import Run
from webapp.services import Services

KEEPALIVE_S = 10.0  # proxies and browsers take a silent connection for a dead one
RETRY_MS = 1000
MAX_LIVE_EVENTS = 5_000  # the rest of a flood is in the result


def run_stream(shared: Services, run: Run, seen: int) -> Iterator[str]:
    """The events after number `seen`. Ends with the result; ends silently when the browser has gone."""
    draft = Draft.from_dict(run.draft)
    yield f"retry: {RETRY_MS}\n\n"
    outcome = run.outcome
    links = code_links(draft, shared)
    while outcome is None:
        number = 0
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a chunk may end within a character
        try:
            # The manager tells a run from its beginning each time; nothing is kept here between two looks.
            for event in shared.sandbox.follow(run.id, timeout_s=KEEPALIVE_S):
                if event is None:
                    break
                if isinstance(event, Invocation):
                    outcome = Outcome(event)
                    break
                number += 1
                piece = "" if isinstance(event, LogEvent) else decoder.decode(event.data).replace("\0", "")
                if not seen < number <= MAX_LIVE_EVENTS:
                    continue
                seen = number
                if isinstance(event, LogEvent):
                    yield _log(event, number, links)
                else:
                    yield _message("chunk", piece, number)
        except LambdaError as error:
            outcome = Outcome.of_error(error)
        if outcome is None:
            yield ": still running\n\n"
    with shared.database.writing() as session:
        store.settle(session, run.id, outcome)
    html = render_result(outcome, draft, shared, run.id, run.summary.share_token)
    yield _message("result", html)


def _log(event: LogEvent, number: int, links: CodeLinks) -> str:
    html = render_template("partials/log_line.html", line=log_line(event, links))
    return _message("log", html, number)


def _message(kind: str, data: str, number: int | None = None) -> str:
    head = f"event: {kind}\n" + (f"id: {number}\n" if number is not None else "")
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return head + "".join(f"data: {line}\n" for line in lines) + "\n"
