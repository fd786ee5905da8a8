"""The event's JSON, checked as strictly as Lambda reads it, with the line where it goes wrong.

Called by `webapp.pages.form` (before a run) and `webapp.pages.events` (to save and to format).
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from sandbox.limits import MAX_EVENT_BYTES


def problem(text: str) -> str:
    """What is wrong with the event, in one sentence; "" when nothing is."""
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_EVENT_BYTES:
        return (
            f"Request must be smaller than {MAX_EVENT_BYTES} bytes for the InvokeFunction operation. "
            f"This event has {size:,} bytes."
        )
    if not text.strip():
        return "The event is empty. An event is JSON; the smallest object is {}."
    try:
        json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return f"Could not parse request body into json: line {error.lineno}, column {error.colno}: {_plain(error)}."
    except ValueError as error:
        return f"Could not parse request body into json: {error}."
    except RecursionError:
        return "Could not parse request body into json: it is nested too deeply."
    return ""


def formatted(text: str) -> str:
    """The same JSON, two spaces a level. Call `problem` first."""
    return json.dumps(_exact(text), indent=2, ensure_ascii=False)


def _exact(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is JavaScript's, but no JSON")


_WORDS = {
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing after the key",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing",
    "Illegal trailing comma before end of object": "the comma before a closing bracket is one too many",
    "Illegal trailing comma before end of array": "the comma before a closing bracket is one too many",
    "Expecting value": "a value is missing",
    "Unterminated string starting at": "a string is not closed",
    "Invalid control character at": "a string holds a line break or a tab",
    "Invalid \\escape": "a string holds a backslash that escapes nothing",
    "Invalid \\uXXXX escape": "a string holds a backslash that escapes nothing",
    "Extra data": "something follows the end of the JSON",
}


def _plain(error: json.JSONDecodeError) -> str:
    found = (words for beginning, words in _WORDS.items() if error.msg.startswith(beginning))
    return next(found, error.msg)
