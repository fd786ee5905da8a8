"""A run's log as CloudWatch shows it: each event's text untouched, with a class that says what it is.

Called by `webapp.pages.result` and, while a run lasts, by `webapp.pages.runs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from sandbox.function import LogEvent
from webapp.pages.code_links import CodeLinks

MAX_SHOWN_BYTES = 128 * 1024  # on the page; the whole log can be downloaded

_LEVEL = re.compile(
    r"\[(?P<python>TRACE|DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\]"  # Python's logging
    r"|\S{10,40}Z\t\S+\t(?P<node>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t"  # Node.js's console
    r"|\{.{0,400}?\"level\": ?\"(?P<json>\w{4,8})\"",  # the JSON log format
    re.DOTALL,
)
_CLASSES = {
    "TRACE": "debug", "DEBUG": "debug", "INFO": "info", "WARNING": "warning", "WARN": "warning",
    "ERROR": "error", "CRITICAL": "error", "FATAL": "error",
}  # fmt: skip
_FAILED = re.compile(
    r"Task timed out after|Runtime exited with|^INIT_REPORT .*Status: (?:error|timeout)|\"level\":\"ERROR\""
)
_FAILED_REPORT = re.compile(r"Status: (?:timeout|error)|\"status\":\"(?:timeout|error|failure)\"")


@dataclass(frozen=True)
class LogLine:
    """One log event; `kind` is a CSS class: platform, report, info, warning, error, debug or ""."""

    kind: str
    time: str  # UTC, as CloudWatch writes it
    text: Markup


@dataclass(frozen=True)
class LogView:
    """The log as the page has it; `hidden` counts the events that are only in the download."""

    lines: list[LogLine]
    hidden: int


def log_view(events: Iterable[LogEvent], links: CodeLinks) -> LogView:
    """The log's last events, as many as the page shows."""
    kept: list[LogEvent] = []
    room = MAX_SHOWN_BYTES
    all_events = list(events)
    for event in reversed(all_events):
        room -= len(event.message) + 64
        if room < 0 and kept:
            break
        kept.append(event)
    return LogView([log_line(event, links) for event in reversed(kept)], len(all_events) - len(kept))


def log_line(event: LogEvent, links: CodeLinks) -> LogLine:
    """One event, its places in the code linked."""
    at = datetime.fromtimestamp(event.timestamp_ms / 1000, UTC)
    time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return LogLine(_kind(event), time, links(event.message))


def _kind(event: LogEvent) -> str:
    message = event.message
    if event.source == "platform":
        if _FAILED.search(message, 0, 1000):
            return "error"
        if message.startswith("REPORT ") or '"type":"platform.report"' in message[:200]:
            return "report failed" if _FAILED_REPORT.search(message) else "report"
        return "platform"
    if match := _LEVEL.match(message):
        level = match["python"] or match["node"] or (match["json"] or "").upper()
        return _CLASSES.get(level, "")
    return "error" if message.startswith("Traceback (most recent call last)") else ""
