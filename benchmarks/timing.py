"""Medians of alternating measurements, and the table of them. Used by every benchmark here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Action = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """One line of the table: the median of `what` in ms, and that of what it is compared with."""

    what: str
    median_ms: float
    against: str
    against_ms: float

    @property
    def ratio(self) -> float:
        """How many times as long."""
        return self.median_ms / self.against_ms


def elapsed_ms(action: Action) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def alternating(actions: list[Action], rounds: int, before: Action = lambda: None) -> list[float]:
    """The median of each action in ms; they take turns, so that the machine's moods meet all alike."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds):
        for action, found in zip(actions, times, strict=True):
            before()
            found.append(elapsed_ms(action))
    return [statistics.median(found) for found in times]


def table(lines: list[Line]) -> str:
    """The lines, aligned."""
    width = max(len(line.what) for line in lines)
    return "\n".join(
        f"{line.what:<{width}} {line.median_ms:9.3f} ms {line.ratio:8.2f} × {line.against} ({line.against_ms:.3f} ms)"
        for line in lines
    )
