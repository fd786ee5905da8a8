"""How a run ended, in a form that a row can hold: the invocation, or the error that kept one from ending.

Made by `webapp.pages.runs` and `webapp.runs.recorder`, kept by `webapp.runs.store`, shown by
`webapp.pages.result`.
"""

from __future__ import annotations

import dataclasses
import json
import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.errors import LambdaError, ManagerUnavailable, ResourceNotFoundException
from sandbox.failures import BUILD_ERROR, TIMED_OUT
from sandbox.function import Invocation, LogEvent

MAX_KEPT_LOG_BYTES = 1024 * 1024  # of one run; CloudWatch would keep all of it
_INIT = re.compile(r"INIT_START |\{.{0,200}platform\.initStart")

LOST = "The manager was stopped in the middle of this run, so there is no result. Run it again."
UNAVAILABLE = "The manager, which runs the functions, is being started again. Run it once more in a moment."
FORGOTTEN = "This run's result was not fetched in time, and the manager has forgotten it. Run it again."


class RunState(StrEnum):
    """Where a run stands: RUNNING until exactly one of the others."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    STOPPED = "stopped"
    REFUSED = "refused"  # never began: throttled, or no manager
    LOST = "lost"  # began, and the manager went


@dataclass(frozen=True)
class Outcome:
    """`invocation` where the run came to an end, else `error_type` and `message` (one sentence) say why not.

    `error_state` is then REFUSED or LOST.
    """

    invocation: Invocation | None = None
    error_type: str = ""
    message: str = ""
    error_state: RunState = RunState.REFUSED

    @property
    def state(self) -> RunState:
        """How it ended."""
        if self.invocation is None:
            return self.error_state
        if self.invocation.stopped:
            return RunState.STOPPED
        if self.invocation.succeeded:
            return RunState.SUCCEEDED
        return RunState.TIMED_OUT if self.invocation.error_type == TIMED_OUT else RunState.FAILED

    @property
    def error_name(self) -> str:
        """The error's name as the caller sees it: in the payload, where the function's own runtime put it there."""
        ended = self.invocation
        if ended is None or ended.succeeded:
            return self.error_type
        try:
            body = json.loads(ended.payload) if len(ended.payload) < MAX_KEPT_LOG_BYTES else None
        except (ValueError, RecursionError):
            body = None
        named = body.get("errorType") if isinstance(body, dict) else None
        return named if isinstance(named, str) and named else ended.error_type or ended.function_error or "Error"

    @property
    def cold(self) -> bool | None:
        """Whether it waited for a new environment, one whose init failed included; None where it needed none."""
        ended = self.invocation
        if ended is None or ended.error_type == BUILD_ERROR:
            return None
        return ended.cold or any(event.source == "platform" and _INIT.match(event.message) for event in ended.log)

    @classmethod
    def refused(cls, error: LambdaError) -> Outcome:
        """The run that `error` kept from beginning."""
        message = UNAVAILABLE if isinstance(error, ManagerUnavailable) else error.message
        return cls(None, error.type, message, RunState.REFUSED)

    @classmethod
    def of_error(cls, error: LambdaError) -> Outcome:
        """A run that began, and of which `error` is all that was heard since."""
        if isinstance(error, ManagerUnavailable):
            return cls(None, error.type, LOST, RunState.LOST)
        if isinstance(error, ResourceNotFoundException):
            return cls(None, "ServiceException", FORGOTTEN, RunState.LOST)
        return cls.refused(error)

    def pack(self) -> bytes:
        """The outcome as bytes, compressed, the log cut to `MAX_KEPT_LOG_BYTES`."""
        head: dict[str, Any] = {
            "error_type": self.error_type, "message": self.message, "error_state": self.error_state.value
        }  # fmt: skip
        payload = b""
        if self.invocation is not None:
            payload = self.invocation.payload
            fields = {
                field.name: getattr(self.invocation, field.name)
                for field in dataclasses.fields(self.invocation)
                if field.name not in ("payload", "log")
            }
            log = _shortened(self.invocation.log)
            fields["log"] = [[event.timestamp_ms, event.message, event.source] for event in log]
            head["invocation"] = fields
        return zlib.compress(json.dumps(head).encode() + b"\n" + payload, 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Outcome:
        """The outcome that `pack` wrote."""
        text, _, payload = zlib.decompress(packed).partition(b"\n")
        head = json.loads(text)
        fields = head.pop("invocation", None)
        head["error_state"] = RunState(head["error_state"])
        if fields is None:
            return cls(None, **head)
        fields["log"] = tuple(LogEvent(*event) for event in fields["log"])
        return cls(Invocation(payload=payload, **fields), **head)


def _shortened(log: tuple[LogEvent, ...]) -> tuple[LogEvent, ...]:
    """The log, without its middle where it is longer than we keep."""
    sizes = [len(event.message) + 32 for event in log]
    if sum(sizes) <= MAX_KEPT_LOG_BYTES:
        return log
    half = MAX_KEPT_LOG_BYTES // 2
    first, room = 0, half
    while first < len(log) and sizes[first] <= room:
        room -= sizes[first]
        first += 1
    last, room = len(log), half
    while last > first and sizes[last - 1] <= room:
        room -= sizes[last - 1]
        last -= 1
    words = f"[… {last - first:,} log events are not kept here …]"
    note = LogEvent(log[first].timestamp_ms, words, "platform")
    return (*log[:first], note, *log[last:])
