"""Work on kept runs that no request waits for: keeping the results of long ones, and deleting old ones.

`webapp.pages.runs` hands each run over that outlasts its request; a thread waits for its end and keeps it, whether
or not somebody still watches.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

from sandbox.errors import LambdaError
from sandbox.function import Invocation
from webapp.runs import store
from webapp.runs.outcome import Outcome
from webapp.services import Services

log = logging.getLogger(__name__)

PRUNE_EVERY_S = 600.0
_pruned_at = -PRUNE_EVERY_S  # monotonic; of this process
_pruning = threading.Lock()


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


def prune_now_and_then(shared: Services) -> None:
    """Return at once; every ten minutes, delete in the background what need not be kept any longer."""
    global _pruned_at
    with _pruning:
        if time.monotonic() - _pruned_at < PRUNE_EVERY_S:
            return
        _pruned_at = time.monotonic()
    threading.Thread(target=_prune, args=(shared,), name="prune runs", daemon=True).start()


def _prune(shared: Services) -> None:
    try:
        with shared.database.writing() as session:
            store.prune(session)
    except Exception:
        log.exception("Old runs could not be deleted")


def _record(shared: Services, run_id: str) -> None:
    try:
        outcome = outcome_of(shared.sandbox.follow(run_id))
        if outcome is not None:
            with shared.database.writing() as session:
                store.settle(session, run_id, outcome)
    except Exception:  # nobody waits for this thread: its end has to be seen somewhere
        log.exception("The result of run %s could not be kept", run_id)
