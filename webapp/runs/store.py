"""Runs kept and found again: by the browser that made them, or by whoever has the link.

Called by the pages with a session of `Database`. What is kept is bounded by the constants; shared runs stay.
"""

from __future__ import annotations

import json
import secrets
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp.runs.outcome import Outcome, RunState
from webapp.runs.records import RunContent, RunRecord

RUNS_PER_BROWSER = 50
BYTES_PER_BROWSER = 64 * 1024 * 1024
MAX_AGE_MS = 30 * 24 * 3600 * 1000
MAX_TOTAL_BYTES = 1024 * 1024 * 1024  # of all browsers' runs that nobody shared


@dataclass(frozen=True)
class RunSummary:
    """One run as the list shows it. `started_ms` since the epoch; duration and cold only of an invocation."""

    id: str
    started_ms: int
    state: RunState
    runtime: str
    handler: str
    error_type: str | None
    duration_ms: float | None
    cold: bool | None
    share_token: str | None


@dataclass(frozen=True)
class Run:
    """One run as it was: `draft` as `Draft.to_dict` gave it, and its outcome, None while it runs."""

    summary: RunSummary
    draft: Mapping[str, Any]
    outcome: Outcome | None

    @property
    def id(self) -> str:
        """The request id."""
        return self.summary.id


def add(
    session: Session, run_id: str, browser_id: str, draft: Mapping[str, Any], *, runtime: str, handler: str,
    started_ms: int, outcome: Outcome | None,
) -> None:  # fmt: skip
    """Keep a run that has begun (`outcome` None) or ended; drop this browser's oldest beyond the bounds."""
    packed_draft = zlib.compress(json.dumps(draft).encode(), 1)
    packed_outcome = None if outcome is None else outcome.pack()
    size = len(packed_draft) + len(packed_outcome or b"")
    columns = {"runtime": runtime[:64], "handler": handler[:256], "kept_bytes": size, **_columns(outcome)}
    session.add(RunRecord(id=run_id, browser_id=browser_id, started_ms=started_ms, **columns))
    session.flush()
    session.add(RunContent(run_id=run_id, draft=packed_draft, outcome=packed_outcome))
    session.flush()
    _prune_browser(session, browser_id)


def settle(session: Session, run_id: str, outcome: Outcome) -> None:
    """Keep how a run ended. The first to say so wins; of a run that is gone meanwhile nothing is kept."""
    packed = outcome.pack()
    changed = session.execute(
        update(RunRecord)
        .where(RunRecord.id == run_id, RunRecord.state == RunState.RUNNING)
        .values(kept_bytes=RunRecord.kept_bytes + len(packed), **_columns(outcome))
        .returning(RunRecord.id)
    ).first()
    if changed:
        session.execute(update(RunContent).where(RunContent.run_id == run_id).values(outcome=packed))


def find(session: Session, run_id: str, browser_id: str) -> Run | None:
    """The run, if this browser made it."""
    found = session.get(RunRecord, run_id)
    return _run(session, found) if found is not None and found.browser_id == browser_id else None


def find_shared(session: Session, token: str) -> Run | None:
    """The run that was shared under `token`."""
    found = session.scalars(select(RunRecord).where(RunRecord.share_token == token)).one_or_none()
    return None if found is None else _run(session, found)


def recent(session: Session, browser_id: str) -> list[RunSummary]:
    """This browser's runs, the latest first."""
    found = session.scalars(
        select(RunRecord)
        .where(RunRecord.browser_id == browser_id)
        .order_by(RunRecord.started_ms.desc())
        .limit(RUNS_PER_BROWSER)
    )
    return [_summary(record) for record in found]


def share(session: Session, run_id: str, browser_id: str) -> str | None:
    """The token of the link to this run, made at the first call; None where this browser has no such run."""
    found = session.get(RunRecord, run_id)
    if found is None or found.browser_id != browser_id or found.state == RunState.RUNNING:
        return None
    if found.share_token is None:
        found.share_token = secrets.token_urlsafe(18)
    return found.share_token


def forget(session: Session, browser_id: str) -> None:
    """Delete this browser's runs, but for what it shared: a link that was given away stays good."""
    _delete(session, list(session.scalars(_unshared().where(RunRecord.browser_id == browser_id))))


def prune(session: Session) -> None:
    """Delete what is too old, and the oldest of everybody's runs beyond what the disk may hold."""
    now_ms = time.time_ns() // 1_000_000
    _delete(session, list(session.scalars(_unshared().where(RunRecord.started_ms < now_ms - MAX_AGE_MS))))
    total = session.scalar(select(func.sum(RunRecord.kept_bytes)).where(RunRecord.share_token.is_(None))) or 0
    if total <= MAX_TOTAL_BYTES:
        return
    rows = session.execute(
        select(RunRecord.id, RunRecord.kept_bytes)
        .where(RunRecord.share_token.is_(None), RunRecord.state != RunState.RUNNING)
        .order_by(RunRecord.started_ms)
    )
    gone: list[str] = []
    for run_id, size in rows:
        if total <= MAX_TOTAL_BYTES * 0.9:  # room, so that not every run prunes
            break
        gone.append(run_id)
        total -= size
    _delete(session, gone)


def _prune_browser(session: Session, browser_id: str) -> None:
    rows = session.execute(
        select(RunRecord.id, RunRecord.kept_bytes, RunRecord.share_token)
        .where(RunRecord.browser_id == browser_id)
        .order_by(RunRecord.started_ms.desc())
    ).all()
    gone: list[str] = []
    total = 0
    for index, (run_id, size, token) in enumerate(rows):
        total += size
        if token is None and index and (index >= RUNS_PER_BROWSER or total > BYTES_PER_BROWSER):
            gone.append(run_id)
    if gone:
        _delete(session, gone)


def _unshared() -> Any:
    return select(RunRecord.id).where(RunRecord.share_token.is_(None))


def _delete(session: Session, run_ids: list[str]) -> None:
    for start in range(0, len(run_ids), 500):  # databases bound the variables of a statement
        part = run_ids[start : start + 500]
        session.execute(delete(RunContent).where(RunContent.run_id.in_(part)))
        session.execute(delete(RunRecord).where(RunRecord.id.in_(part)))


def _columns(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {"state": RunState.RUNNING.value}
    duration_ms = outcome.invocation.duration_ms if outcome.invocation is not None else None
    return {
        "state": outcome.state.value,
        "error_type": outcome.error_name[:256] or None,
        "duration_ms": duration_ms,
        "cold": outcome.cold,
    }


def _run(session: Session, record: RunRecord) -> Run | None:
    content = session.get(RunContent, record.id)
    if content is None:
        return None
    outcome = None if content.outcome is None else Outcome.unpack(content.outcome)
    return Run(_summary(record), json.loads(zlib.decompress(content.draft)), outcome)


def _summary(record: RunRecord) -> RunSummary:
    return RunSummary(
        record.id, record.started_ms, RunState(record.state), record.runtime, record.handler,
        record.error_type, record.duration_ms, record.cold, record.share_token,
    )  # fmt: skip
