"""What an invocation costs."""

from __future__ import annotations

import math


def billed_ms(duration_ms: float, init_ms: float | None) -> int:
    """Billed duration in ms."""
    return math.ceil(round(duration_ms + (init_ms or 0.0), 6))
