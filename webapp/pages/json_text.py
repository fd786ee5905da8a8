"""JSON laid out for reading, token by token: numbers, escapes and repeated keys stay as they were sent.

Called by `webapp.pages.payload`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def parsed(text: str) -> tuple[bool, Any]:
    """Whether `text` is JSON, and its value. NaN and Infinity, which Python writes, count as none."""
    try:
        return True, json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False, None


def laid_out(text: str, max_length: int) -> tuple[str, bool]:
    """`text`, which is JSON, two spaces a level; and whether it was cut.

    It is cut after a line where it would exceed `max_length` characters.
    """
    parts: list[str] = []
    length = 0
    for part in _parts(text):
        length += len(part)
        if length > max_length:
            whole = "".join(parts)
            return whole.rpartition("\n")[0] or (whole + part)[:max_length], True
        parts.append(part)
    return "".join(parts), False


def _parts(text: str) -> Iterator[str]:
    depth = 0
    opened = False  # just after { or [: a closing one then makes it {} or []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "}]":
            depth -= 1
            yield token if opened else "\n" + "  " * depth + token
            opened = False
            continue
        if opened:
            yield "\n" + "  " * depth
            opened = False
        if token in "{[":
            depth += 1
            opened = True
            yield token
        elif token == ",":
            yield ",\n" + "  " * depth
        elif token == ":":
            yield ": "
        else:
            yield token


def _no_constant(name: str) -> Any:
    raise ValueError(name)
