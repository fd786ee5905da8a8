"""The numbers of a REPORT line, each with the sentence that explains it.

Called by `webapp.pages.result`. Sources: "Understanding the Lambda execution environment lifecycle" and
"Configure Lambda function memory" in the AWS Lambda Developer Guide; "AWS Lambda Pricing".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sandbox.function import Invocation
from sandbox.limits import MEMORY_MB_PER_VCPU


@dataclass(frozen=True)
class Fact:
    """One number: `key` names it in ids, `words` explain it; `used` of `size` MB where a meter draws it."""

    key: str
    name: str
    value: str
    words: str
    used: int | None = None
    size: int | None = None


def facts(ended: Invocation) -> list[Fact]:
    """The numbers of this invocation, in the order of its REPORT line."""
    found = [
        Fact("duration", "Duration", f"{ended.duration_ms:,.2f} ms", _duration_words()),
        Fact("billed", "Billed duration", f"{ended.billed_duration_ms:,} ms", _billed_words(ended)),
    ]
    if ended.init_duration_ms is not None:
        found.append(Fact("init", "Init duration", f"{ended.init_duration_ms:,.2f} ms", _init_words()))
    used, size = ended.max_memory_used_mb, ended.memory_size_mb
    value = f"{used:,} of {size:,} MB"
    found.append(Fact("memory", "Memory used", value, _memory_words(ended), used=used, size=size))
    return found


def start_words(ended: Invocation, cold: bool) -> tuple[str, str]:
    """How this run started, cold or warm, and what that means."""
    if ended.init_duration_ms is None and cold:
        return "Cold start", (
            "A new execution environment was made, but the code outside the handler failed or took too long. "
            "Lambda then tries it once more, within the invocation."
        )
    if ended.init_duration_ms is None:
        return "Warm start", "An earlier run's environment was used again, with all the code kept in memory and /tmp."
    return "Cold start", (
        "A new execution environment was made, and the code outside the handler ran first, "
        f"in {ended.init_duration_ms:,.2f} ms."
    )


def time_words(milliseconds: float) -> str:
    """A duration for a person: ms below a second, else s."""
    return f"{milliseconds:.2f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:,.2f} s"


def _duration_words() -> str:
    return (
        "How long the handler took: from the moment the runtime got the event until its response was back. "
        "Init is not part of it."
    )


def _billed_words(ended: Invocation) -> str:
    rounded = "It is rounded up to the next millisecond."
    init = ended.init_duration_ms
    if init is None:
        return f"What you pay for: the duration. {rounded} A warm start has no init to pay for."
    total = round(init, 2) + round(ended.duration_ms, 2)  # as they are shown
    if math.ceil(round(total, 2)) != ended.billed_duration_ms:
        return f"What you pay for. {rounded}"
    return (
        f"What you pay for: init {init:,.2f} ms + duration {ended.duration_ms:,.2f} ms = {total:,.2f} ms. "
        f"{rounded} Init is billed too since 1 August 2025; a warm run costs its duration alone."
    )


def _init_words() -> str:
    return (
        "How long the cold start took: starting the runtime, loading your code and running what stands "
        "outside the handler. Warm runs don't repeat it, so slow set-up belongs there; the less, the quicker "
        "a cold start."
    )


def _memory_words(ended: Invocation) -> str:
    share = ended.memory_size_mb / MEMORY_MB_PER_VCPU
    return (
        f"The most memory the environment has used so far, of the {ended.memory_size_mb:,} MB that are "
        f"configured and paid for. Memory brings CPU with it: {ended.memory_size_mb:,} MB is {share:.2f} "
        f"vCPU, and {MEMORY_MB_PER_VCPU:,} MB is one. A handler that goes over its memory is killed."
    )
