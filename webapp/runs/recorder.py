"""Keeps the results of runs that take longer than their request, whether or not somebody still watches.

`webapp.pages.runs` hands each such run over; a thread waits for its end and keeps it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

from sandbox.errors import LambdaError
from sandbox.function import Invocation
from webapp.runs import store
from webapp.runs.outcome import Outcome
from webapp.services import Services

log = logging.getLogger(__name__)


def record_when_ended(shared: Services, run_id: str) -> None:
    """Return at once; keep the run's outcome when it ends. `store.settle` sees to it that it is kept once."""
    arguments = (shared, run_id)
    threading.Thread(target=_record, args=arguments, name=f"run {run_id}", daemon=True).start()


def outcome_of(events: Iterator[Any]) -> Outcome | None:
    """The outcome at the end of what `SandboxClient.follow` gives; None where it ends before the run does."""
    try:
        for event in events:
            if isinstance(event, Invocation):
                return Outcome(event)
    except LambdaError as error:
        return Outcome.of_error(error)
    return None


def _record(shared: Services, run_id: str) -> None:
    try:
        outcome = outcome_of(shared.sandbox.follow(run_id))
        if outcome is not None:
            with shared.database.writing() as session:
                store.settle(session, run_id, outcome)
    except Exception:  # nobody waits for this thread: its end has to be seen somewhere
        log.exception("The result of run %s could not be kept", run_id)
