"""The estimate beside a result: what this run would cost on AWS, and a month of a million such runs.

Called by `webapp.pages.result`. The arithmetic, and the words for each number, are in `sandbox.billing`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox import billing
from sandbox.function import Invocation
from sandbox.limits import DEFAULT_STORAGE_MB
from webapp.pages.form import Draft


@dataclass(frozen=True)
class Amount:
    """One sum of money as it is shown, and the lines that explain it."""

    key: str
    text: str
    words: list[str]


@dataclass(frozen=True)
class EstimateRow:
    """One architecture's sums. `chosen` is True for the one that the function is configured for."""

    architecture: str
    chosen: bool
    run: Amount
    month: Amount
    month_free: Amount


@dataclass(frozen=True)
class EstimateView:
    """The estimate as `partials/estimate.html` shows it."""

    gb_seconds: str
    gb_seconds_words: str
    rows: list[EstimateRow]
    notes: tuple[str, ...]
    prices_url: str


def estimate_view(ended: Invocation, draft: Draft) -> EstimateView:
    """What this run costs, with the memory, storage and architecture it was configured with."""
    storage = draft.ephemeral_storage_mb.strip()
    found = billing.estimate(
        ended.billed_duration_ms,
        ended.memory_size_mb,
        int(storage) if storage.isdecimal() else DEFAULT_STORAGE_MB,
        cold=ended.cold,
    )
    one = found.on(draft.architecture)
    return EstimateView(
        one.gb_seconds.text,
        one.gb_seconds.words,
        [_row(found.on(name), name == draft.architecture) for name in ("x86_64", "arm64")],
        found.notes,
        billing.PRICES_URL,
    )


def _row(one: billing.ArchitectureEstimate, chosen: bool) -> EstimateRow:
    name = one.architecture
    return EstimateRow(
        name,
        chosen,
        _amount(f"run-{name}", one.run, one.gb_seconds.words),
        _amount(f"month-{name}", one.month),
        _amount(f"free-{name}", one.month_free_tier),
    )


def _amount(key: str, bill: billing.Bill, *ahead: str) -> Amount:
    words = [*ahead, bill.duration.words, bill.requests.words]
    if bill.storage.value:
        words.append(bill.storage.words)
    return Amount(key, bill.total.text, [*words, bill.total.words])
