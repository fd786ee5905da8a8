"""Pieces of code that are only read and copied: a step with its words, and its colours.

Used by the commands and by the guide.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

_FORMATTER = HtmlFormatter(nowrap=True)


@dataclass(frozen=True)
class Step:
    """One thing to do. `language` is pygments' name; `file` the name to save the code under, "" for a command.

    `note` is said below the code, `text` above it.
    """

    title: str
    code: str
    language: str = "bash"
    text: str = ""
    note: str = ""
    file: str = ""


def highlighted(code: str, language: str) -> Markup:
    """The code with pygments' classes."""
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    return Markup(highlight(code, lexer, _FORMATTER).removesuffix("\n"))
