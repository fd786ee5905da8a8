"""Pagination as every List… operation has it: MaxItems, Marker, NextMarker.

Called by the operations' modules. A marker names the last item that was given, so a list may change between
two pages without any item being given twice or left out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sandbox.errors import InvalidParameterValueException

DEFAULT_ITEMS = 50

T = TypeVar("T")


def page(
    items: Sequence[T],
    key: Callable[[T], Any],
    parameters: Mapping[str, Any],
    *,
    default: int = DEFAULT_ITEMS,
) -> tuple[list[T], str | None]:
    """The page of `items` that the call's Marker and MaxItems ask for, and its NextMarker (None on the last
    page).

    `key` gives what tells an item from all others; `items` are in the order of the list.
    """
    start = 0
    if marker := parameters.get("Marker"):
        given, last = _decode(marker)
        keys = [str(key(item)) for item in items]
        start = keys.index(last) + 1 if last in keys else given - 1  # that item has gone since
    size = parameters.get("MaxItems") or default
    chosen = list(items[start : start + size])
    end = start + len(chosen)
    return chosen, _encode(end, str(key(chosen[-1]))) if chosen and end < len(items) else None


def _encode(given: int, last: str) -> str:
    return base64.urlsafe_b64encode(f"{given} {last}".encode()).decode()


def _decode(marker: str) -> tuple[int, str]:
    try:
        given, _, last = base64.b64decode(marker, altchars=b"-_", validate=True).decode().partition(" ")
        return max(int(given), 1), last
    except (binascii.Error, ValueError):
        raise InvalidParameterValueException(f"Invalid Marker: {marker}", field="Marker") from None
