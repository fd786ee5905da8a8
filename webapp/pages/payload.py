"""A response, or an error's JSON, as a person reads it: laid out, coloured, cut where it is long.

Called by `webapp.pages.result`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import JsonLexer

from webapp.pages import json_text

MAX_SHOWN = 64 * 1024  # characters on the page; the whole payload can be downloaded
MAX_PARSED = 1024 * 1024  # bytes; larger ones are laid out unseen, whether they are JSON or not
DUMPED_BYTES = 256

_PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response"
_PRELUDE_END = b"\0" * 8  # a streamed web response: its status and headers as JSON, this, its body
_LEXER = JsonLexer()
_FORMATTER = HtmlFormatter(nowrap=True)


@dataclass(frozen=True)
class PayloadView:
    """`kind` is "JSON", "text", "binary" or "empty"; `html` its text, escaped; `size` in bytes.

    `prelude` is what a streamed web response says ahead of its body: status and headers.
    """

    kind: str
    html: Markup
    size: int
    cut: bool = False
    note: str = ""
    prelude: Markup = field(default_factory=Markup)


def payload_view(payload: bytes, content_type: str = "application/json") -> PayloadView:
    """How the page shows `payload`."""
    if content_type.startswith(_PRELUDE_TYPE) and _PRELUDE_END in payload:
        head, _, body = payload.partition(_PRELUDE_END)
        inner = payload_view(body, "")
        prelude = payload_view(head).html
        return replace(inner, prelude=prelude, size=len(payload))
    size = len(payload)
    if not payload:
        return PayloadView("empty", Markup(""), 0, note="The response is empty.")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return _binary(payload)
    if "\0" in text:
        return _binary(payload)
    if looks_like_json(text):
        shown, cut = json_text.laid_out(text, MAX_SHOWN)
        note = "The handler returned nothing, which is null in JSON." if text.strip() == "null" else ""
        return PayloadView("JSON", highlighted(shown), size, cut, note)
    return PayloadView("text", escape(text[:MAX_SHOWN]), size, len(text) > MAX_SHOWN)


def looks_like_json(text: str) -> bool:
    """Whether `text` is JSON; of a large one only the first and last character are asked."""
    if len(text) > MAX_PARSED:
        ends = text[:100].lstrip()[:1] + text[-100:].rstrip()[-1:]
        return ends in ("{}", "[]", '""')
    return json_text.parsed(text)[0]


def highlighted(text: str) -> Markup:
    """JSON text with pygments' classes."""
    return Markup(highlight(text, _LEXER, _FORMATTER).removesuffix("\n"))


def size_words(size: int) -> str:
    """A size in bytes for a person."""
    if size < 1024:
        return f"{size} byte" + ("" if size == 1 else "s")
    return f"{size / 1024:,.1f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.2f} MB"


def _binary(payload: bytes) -> PayloadView:
    rows = []
    for start in range(0, min(len(payload), DUMPED_BYTES), 16):
        row = payload[start : start + 16]
        printable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        rows.append(f"{start:08x}  {row[:8].hex(' '):23}  {row[8:].hex(' '):23}  {printable}")
    cut = len(payload) > DUMPED_BYTES
    return PayloadView("binary", escape("\n".join(rows)), len(payload), cut)
