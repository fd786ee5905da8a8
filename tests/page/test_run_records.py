"""What is kept of runs, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import webapp.runs.records
from sandbox.errors import ManagerUnavailable, ResourceNotFoundException, TooManyRequestsException
from sandbox.function import Invocation, LogEvent
from webapp.database import Database
from webapp.runs import outcome as outcomes
from webapp.runs import store
from webapp.runs.outcome import Outcome, RunState

assert webapp.runs.records


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'runs.db'}")
    made.create_tables()
    yield made
    made.dispose()


def ended(payload: bytes = b'{"a": 1}', **fields: object) -> Outcome:
    known = {
        "request_id": "r", "payload": payload, "function_error": None, "error_type": None,
        "executed_version": "$LATEST", "log": (LogEvent(1, "START 😀\t", "platform"), LogEvent(2, "hi")),
        "duration_ms": 1.5, "billed_duration_ms": 2, "init_duration_ms": None, "memory_size_mb": 128,
        "max_memory_used_mb": 36,
    }  # fmt: skip
    return Outcome(Invocation(**{**known, **fields}))  # type: ignore[arg-type]


def keep(database: Database, run_id: str, browser: str = "b", outcome: Outcome | None = None, at: int = 0) -> None:
    with database.session() as session:
        draft = {"files": {"lambda_function.py": "é" * 10}, "event": "{}"}
        store.add(
            session, run_id, browser, draft, runtime="python3.13", handler="m.f", started_ms=at, outcome=outcome
        )  # fmt: skip


@pytest.mark.parametrize(
    "outcome",
    [
        ended(),
        ended(bytes(range(256)), content_type="application/octet-stream"),
        ended(b"\n\n", function_error="Unhandled", error_type="ValueError"),
        Outcome.refused(TooManyRequestsException("Rate Exceeded.")),
        Outcome.of_error(ManagerUnavailable("gone")),
    ],
)
def test_an_outcome_comes_back_as_it_was_kept(outcome: Outcome) -> None:
    assert Outcome.unpack(outcome.pack()) == outcome


def test_every_end_of_a_run_has_its_state() -> None:
    failed = {"function_error": "Unhandled"}
    assert ended().state == RunState.SUCCEEDED
    assert ended(**failed, error_type="ValueError").state == RunState.FAILED
    assert ended(**failed, error_type="Sandbox.Timedout").state == RunState.TIMED_OUT
    assert ended(**failed, error_type="Sandbox.Stopped", stopped=True).state == RunState.STOPPED
    assert Outcome.refused(ManagerUnavailable("x")).state == RunState.REFUSED
    assert Outcome.of_error(ManagerUnavailable("x")).state == RunState.LOST
    assert Outcome.of_error(ResourceNotFoundException("x")).state == RunState.LOST


def test_a_flood_of_log_lines_is_kept_without_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "MAX_KEPT_LOG_BYTES", 10_000)
    log = tuple(LogEvent(number, f"line {number}") for number in range(5_000))
    kept = Outcome.unpack(ended(log=log).pack()).invocation
    assert kept is not None
    assert kept.log[0].message == "line 0"
    assert kept.log[-1].message == "line 4999"
    assert any("log events are not kept here" in event.message for event in kept.log)


def test_only_the_browser_that_made_a_run_finds_it(database: Database) -> None:
    keep(database, "one", outcome=ended())
    with database.session() as session:
        assert store.find(session, "one", "another") is None
        found = store.find(session, "one", "b")
        assert found is not None
        assert found.outcome == ended()
        assert found.draft["files"] == {"lambda_function.py": "é" * 10}


def test_the_first_end_of_a_run_that_is_told_is_the_one_that_is_kept(database: Database) -> None:
    keep(database, "one")
    with database.session() as session:
        store.settle(session, "one", ended(b'"first"'))
        store.settle(session, "one", Outcome.of_error(ManagerUnavailable("second")))
        store.settle(session, "never was", ended())
    with database.session() as session:
        found = store.find(session, "one", "b")
        assert found is not None
        assert found.outcome == ended(b'"first"')
        assert found.summary.state == RunState.SUCCEEDED


def test_a_link_is_unguessable_and_stays_the_same(database: Database) -> None:
    keep(database, "one", outcome=ended())
    keep(database, "running")
    with database.session() as session:
        token = store.share(session, "one", "b")
        assert token is not None
        assert len(token) >= 22
        assert store.share(session, "one", "b") == token
        assert store.share(session, "one", "another") is None
        assert store.share(session, "running", "b") is None
        found = store.find_shared(session, token)
        assert found is not None
        assert found.id == "one"
        assert store.find_shared(session, "guess") is None


def test_a_browser_keeps_its_last_fifty_runs_and_every_one_it_shared(database: Database) -> None:
    keep(database, "shared", outcome=ended(), at=0)
    with database.session() as session:
        token = store.share(session, "shared", "b")
    for number in range(60):
        keep(database, f"run {number}", outcome=ended(), at=number + 1)
    keep(database, "someone else's", "another", outcome=ended(), at=0)
    with database.session() as session:
        assert [run.id for run in store.recent(session, "b")] == [f"run {number}" for number in range(59, 9, -1)]
        assert store.find(session, "run 9", "b") is None
        assert store.find_shared(session, token or "") is not None
        assert store.find(session, "someone else's", "another") is not None


def test_large_results_crowd_out_older_ones_before_they_fill_the_disk(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BYTES_PER_BROWSER", 3_000)
    import os

    for number in range(10):
        keep(database, f"run {number}", outcome=ended(os.urandom(1_000)), at=number)
    with database.session() as session:
        assert [run.id for run in store.recent(session, "b")] == ["run 9", "run 8"]


def test_what_is_old_goes_and_what_all_browsers_keep_is_bounded(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    now = time.time_ns() // 1_000_000
    keep(database, "old", "a", outcome=ended(), at=now - store.MAX_AGE_MS - 1000)
    keep(database, "new", "a", outcome=ended(), at=now)
    with database.session() as session:
        store.prune(session)
        assert [run.id for run in store.recent(session, "a")] == ["new"]
    for number in range(20):
        keep(database, f"run {number}", f"browser {number}", outcome=ended(), at=now + number)
    monkeypatch.setattr(store, "MAX_TOTAL_BYTES", 2_000)
    with database.session() as session:
        store.prune(session)
        assert store.find(session, "run 0", "browser 0") is None
        assert store.find(session, "run 19", "browser 19") is not None


def test_forgetting_leaves_the_links_that_were_given_away(database: Database) -> None:
    keep(database, "one", outcome=ended())
    keep(database, "two", outcome=ended())
    with database.session() as session:
        token = store.share(session, "one", "b")
        store.forget(session, "b")
        assert store.find(session, "two", "b") is None
        assert store.find_shared(session, token or "") is not None
