"""What an invocation costs on AWS, with each number's arithmetic in words.

Called by `sandbox.invoke` (the Billed Duration of a REPORT line) and by the page's estimate. Pure functions; money is
`Decimal`, in US dollars. A learner may read this file as a lesson in Lambda's bill.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from sandbox.limits import DEFAULT_STORAGE_MB

# Source: "AWS Lambda Pricing", https://aws.amazon.com/lambda/pricing/, US East (N. Virginia), as of August 2026.
PRICES_SOURCE = "AWS Lambda Pricing"
PRICES_URL = "https://aws.amazon.com/lambda/pricing/"
PRICES_REGION = "US East (N. Virginia)"
PRICES_DATE = "August 2026"

MILLION = 1_000_000
REQUESTS_PRICE = Decimal("0.20")  # per million requests
STORAGE_PRICE = Decimal("0.0000000309")  # per GB-s of ephemeral storage above 512 MB
FREE_REQUESTS = 1_000_000  # a month, for all functions of an account together
FREE_GB_SECONDS = 400_000  # likewise; memory only, ephemeral storage has no free tier

# Per GB-s of memory: (GB-s a month up to which the price holds, price), for each architecture by itself.
_ENDLESS = Decimal("Infinity")
DURATION_TIERS: dict[str, tuple[tuple[Decimal, Decimal], ...]] = {
    "x86_64": (
        (Decimal("6e9"), Decimal("0.0000166667")),
        (Decimal("15e9"), Decimal("0.000015")),
        (_ENDLESS, Decimal("0.0000133334")),
    ),
    "arm64": (
        (Decimal("7.5e9"), Decimal("0.0000133334")),
        (Decimal("18.75e9"), Decimal("0.0000120001")),
        (_ENDLESS, Decimal("0.0000106667")),
    ),
}


@dataclass(frozen=True)
class Number:
    """A number, as it is shown, and one sentence with the arithmetic it comes from."""

    value: Decimal
    text: str
    words: str


@dataclass(frozen=True)
class Bill:
    """What is paid for some runs, in US dollars: three parts and their sum."""

    requests: Number
    duration: Number
    storage: Number
    total: Number


@dataclass(frozen=True)
class ArchitectureEstimate:
    """The bills of one architecture: for this run, and for a month of such runs without and with the free tier.

    `gb_seconds` and `storage_gb_seconds` are those of one run.
    """

    architecture: str
    gb_seconds: Number
    storage_gb_seconds: Number
    run: Bill
    month: Bill
    month_free_tier: Bill


@dataclass(frozen=True)
class Estimate:
    """What a run costs on each architecture. `notes` are sentences about what the numbers leave out or assume."""

    billed_duration_ms: int
    memory_mb: int
    storage_mb: int
    runs_a_month: int
    x86_64: ArchitectureEstimate
    arm64: ArchitectureEstimate
    notes: tuple[str, ...]

    def on(self, architecture: str) -> ArchitectureEstimate:
        """That of "x86_64" or "arm64"."""
        return self.arm64 if architecture == "arm64" else self.x86_64


def billed_ms(duration_ms: float, init_ms: float | None = None) -> int:
    """The Billed Duration of one invocation: init and duration, as REPORT shows them, rounded up to a whole ms.

    `init_ms` is that of a cold start, None on a warm one. Until 1 August 2025 the init of a managed runtime (from a
    zip, on demand) was not billed; since then it is, as that of custom runtimes and container images always was:
    "AWS Lambda standardizes billing for INIT Phase" in the AWS Compute Blog.
    """
    # what is shown is what is added up: 2.001 ms reads 2.00 ms in the log, and nobody should see it billed as 3
    total = Decimal(f"{duration_ms:.2f}") + Decimal(f"{init_ms or 0:.2f}")
    return max(1, math.ceil(total))


def estimate(
    billed_duration_ms: int,
    memory_mb: int,
    storage_mb: int = DEFAULT_STORAGE_MB,
    *,
    cold: bool = False,
    runs_a_month: int = MILLION,
) -> Estimate:
    """The cost of a run that was billed `billed_duration_ms`, and of `runs_a_month` such runs, on both architectures.

    Memory and ephemeral storage in MB as configured (what is paid for, used or not). `cold`: the duration holds an
    init, which the notes then say.
    """
    notes = [
        f"Prices of {PRICES_REGION}, from {PRICES_SOURCE}, {PRICES_DATE}.",
        "The other architecture's numbers assume that the run takes as long there.",
        f"The free tier is {FREE_REQUESTS:,} requests and {FREE_GB_SECONDS:,} GB-s a month for all functions of an "
        "account together; ephemeral storage is not part of it.",
        "Other services (API Gateway, CloudWatch Logs, data transfer) have prices of their own.",
    ]
    if cold:
        notes.insert(
            0,
            "This run was a cold start, billed with its init: run it again, warm, for the price that most runs have.",
        )
    return Estimate(
        billed_duration_ms,
        memory_mb,
        storage_mb,
        runs_a_month,
        _on("x86_64", billed_duration_ms, memory_mb, storage_mb, runs_a_month),
        _on("arm64", billed_duration_ms, memory_mb, storage_mb, runs_a_month),
        tuple(notes),
    )


def money(amount: Decimal) -> str:
    """An amount as it is shown: cents from a dollar on, else three digits; "$0" for nothing and for nothing else."""
    if amount == 0:
        return "$0"
    if abs(amount) >= 1:
        return f"${amount:,.2f}"
    text = f"{_rounded(amount, 3):f}".rstrip("0")
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents:0<2}"


def quantity(value: Decimal) -> str:
    """A number of GB-s, seconds or requests: six digits, or all of a whole number; no trailing zeros, no exponent."""
    if value == value.to_integral_value():
        return f"{value:,.0f}"
    rounded = _rounded(value, max(6, value.adjusted() + 3))
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _on(architecture: str, billed: int, memory_mb: int, storage_mb: int, runs: int) -> ArchitectureEstimate:
    seconds = Decimal(billed) / 1000
    gb_seconds = seconds * memory_mb / 1024
    extra_mb = max(0, storage_mb - DEFAULT_STORAGE_MB)
    storage_gb_seconds = seconds * extra_mb / 1024
    spent = f"{billed:,} ms = {quantity(seconds)} s"
    if extra_mb:
        storage_words = (
            f"{spent}; {quantity(seconds)} s × ({storage_mb:,} MB − {DEFAULT_STORAGE_MB} MB) ÷ 1,024 "
            f"{_equals(storage_gb_seconds, quantity(storage_gb_seconds))} GB-s of ephemeral storage."
        )
    else:
        storage_words = f"The first {DEFAULT_STORAGE_MB} MB of ephemeral storage cost nothing."
    return ArchitectureEstimate(
        architecture,
        Number(
            gb_seconds,
            f"{quantity(gb_seconds)} GB-s",
            f"{spent}; {quantity(seconds)} s × {memory_mb:,} MB ÷ 1,024 "
            f"{_equals(gb_seconds, quantity(gb_seconds))} GB-s: the time, times the memory configured.",
        ),
        Number(storage_gb_seconds, f"{quantity(storage_gb_seconds)} GB-s", storage_words),
        run=_bill(architecture, 1, gb_seconds, storage_gb_seconds),
        month=_bill(architecture, runs, gb_seconds * runs, storage_gb_seconds * runs),
        month_free_tier=_bill(architecture, runs, gb_seconds * runs, storage_gb_seconds * runs, free_tier=True),
    )


def _bill(
    architecture: str, requests: int, gb_seconds: Decimal, storage_gb_seconds: Decimal, *, free_tier: bool = False
) -> Bill:
    parts = (
        _requests_part(requests, FREE_REQUESTS if free_tier else 0),
        _duration_part(architecture, gb_seconds, FREE_GB_SECONDS if free_tier else 0),
        _storage_part(storage_gb_seconds, free_tier=free_tier),
    )
    total = sum((part.value for part in parts), Decimal(0))
    requests_text, duration_text, storage_text = (part.text for part in parts)
    words = (
        f"{requests_text} for requests + {duration_text} for duration + {storage_text} for ephemeral storage "
        f"{_equals(total, money(total))}."
    )
    return Bill(*parts, Number(total, money(total), words))


def _requests_part(requests: int, free: int) -> Number:
    paid = max(0, requests - free)
    value = REQUESTS_PRICE * paid / MILLION
    noun = "request" if requests == 1 else "requests"
    start = f"{requests:,} {noun} × "
    if free:
        start = f"{requests:,} {noun} − {min(free, requests):,} free = {paid:,}; {paid:,} × "
    words = f"{start}${REQUESTS_PRICE} per million {_equals(value, money(value))}."
    return Number(value, money(value), words)


def _duration_part(architecture: str, gb_seconds: Decimal, free: int) -> Number:
    paid = max(Decimal(0), gb_seconds - free)
    slices = _tiered(architecture, paid)
    value = sum((amount * price for amount, price in slices), Decimal(0))
    sums = " + ".join(f"{quantity(amount)} GB-s × ${price:f}" for amount, price in slices)
    start = ""
    if free:
        used = min(gb_seconds, Decimal(free))
        start = f"{quantity(gb_seconds)} GB-s − {quantity(used)} free = {quantity(paid)} GB-s; "
    return Number(value, money(value), f"{start}{sums} {_equals(value, money(value))} on {architecture}.")


def _tiered(architecture: str, gb_seconds: Decimal) -> list[tuple[Decimal, Decimal]]:
    """A month's GB-s cut where the price changes: (GB-s, price of each), the dearest first."""
    slices: list[tuple[Decimal, Decimal]] = []
    below = Decimal(0)
    for limit, price in DURATION_TIERS[architecture]:
        amount = min(gb_seconds, limit) - below
        if amount > 0 or not slices:
            slices.append((amount, price))
        if gb_seconds <= limit:
            break
        below = limit
    return slices


def _storage_part(gb_seconds: Decimal, *, free_tier: bool) -> Number:
    value = gb_seconds * STORAGE_PRICE
    if not gb_seconds:
        return Number(value, money(value), f"The first {DEFAULT_STORAGE_MB} MB of ephemeral storage cost nothing.")
    words = f"{quantity(gb_seconds)} GB-s × ${STORAGE_PRICE:f} {_equals(value, money(value))}"
    return Number(value, money(value), words + ("; the free tier does not cover storage." if free_tier else "."))


def _equals(value: Decimal, text: str) -> str:
    """The text after "=", or after "≈" where it had to be rounded."""
    exact = Decimal(text.replace(",", "").removeprefix("$")) == value
    return f"{'=' if exact else '≈'} {text}"


def _rounded(value: Decimal, digits: int) -> Decimal:
    """`value` to so many significant digits."""
    return value.quantize(Decimal(1).scaleb(value.adjusted() - digits + 1), rounding=ROUND_HALF_EVEN)
