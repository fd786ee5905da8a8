"""What an environment writes, read back as log events, and Lambda's own lines around it.

`LogReader` takes the bytes of the environment's one output pipe apart; `PlatformLog` words START, END, REPORT and the
rest, as text or as JSON. Used by `sandbox.environment` and `sandbox.invoke`. Source: "Working with Lambda function
logs" and "Configuring advanced logging controls" in the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.function import Function, LogEvent

MAX_EVENT_BYTES = 256 * 1024  # one CloudWatch log event
MAX_LOG_BYTES = 6 * 1024 * 1024  # kept of one invocation, ours: a flood must not fill the manager's memory

_FRAME_MAGIC = b"\xa5\x5a\x00"  # runtime clients frame a log event: type (4), length (4), time in µs (8), message
_HEADER = 16
_LEVELS = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "WARNING": 3, "ERROR": 4, "FATAL": 5, "CRITICAL": 5}


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class LogReader:
    """Splits a stream of printed lines and framed events. `emit` gets each LogEvent as soon as it is whole."""

    def __init__(self) -> None:
        self.emit: Callable[[LogEvent], None] = lambda event: None
        self._buffer = b""
        self._room = MAX_LOG_BYTES

    def begin(self, emit: Callable[[LogEvent], None]) -> None:
        """A new invocation: its events go to `emit`."""
        self.emit = emit
        self._room = MAX_LOG_BYTES

    def feed(self, data: bytes) -> None:
        """More bytes of the pipe."""
        if self._room <= 0:
            self._buffer = b""
            return
        buffer = self._buffer + data if self._buffer else data
        while buffer:
            frame = buffer.find(_FRAME_MAGIC)
            if frame == 0:
                if len(buffer) < _HEADER:
                    break
                size = int.from_bytes(buffer[4:8], "big")
                if len(buffer) < _HEADER + size and len(buffer) < MAX_LOG_BYTES:
                    break
                at_us = int.from_bytes(buffer[8:16], "big")
                self._event(buffer[_HEADER : _HEADER + size], at_us // 1000)
                buffer = buffer[_HEADER + size :]
                continue
            line, newline, rest = (buffer if frame < 0 else buffer[:frame]).partition(b"\n")
            if newline:
                self._event(line, now_ms())
                buffer = rest if frame < 0 else rest + buffer[frame:]
            elif frame > 0 or len(buffer) >= MAX_EVENT_BYTES:
                self._event(line, now_ms())
                buffer = buffer[len(line) :]
            else:
                break
        self._buffer = buffer

    def flush(self) -> None:
        """The invocation is over: what has no newline yet is an event too."""
        if self._buffer:
            rest, self._buffer = self._buffer, b""
            self._event(rest, now_ms())

    def _event(self, data: bytes, at_ms: int) -> None:
        if not data and self._room <= 0:
            return
        for start in range(0, max(len(data), 1), MAX_EVENT_BYTES):
            part = data[start : start + MAX_EVENT_BYTES]
            if self._room <= 0:
                return
            self._room -= len(part) + 26  # CloudWatch counts 26 bytes for each event
            text = part.decode("utf-8", "replace").rstrip("\r\n")
            self.emit(LogEvent(at_ms, text))
            if self._room <= 0:
                kept_mb = MAX_LOG_BYTES // (1024 * 1024)
                words = f"[the playground keeps {kept_mb} MB of one invocation's log; the rest is dropped]"
                self.emit(LogEvent(at_ms, words, "platform"))


class PlatformLog:
    """Lambda's own lines for one invocation of `function`, handed to `emit`. Durations in ms, memory in MB."""

    def __init__(self, function: Function, request_id: str, emit: Callable[[LogEvent], None]) -> None:
        self._function = function
        self._request_id = request_id
        self._emit = emit
        self._json = function.log_format.upper() == "JSON"
        self._level = _LEVELS.get(function.system_log_level.upper() or "INFO", 2)

    def init_start(self, version_label: str) -> None:
        """A new execution environment starts its init."""
        digest = hashlib.sha256(version_label.encode()).hexdigest()
        arn = f"arn:aws:lambda:{self._function.region}::runtime:{digest}"
        if self._json:
            fields = {
                "initializationType": self._function.initialization_type, "phase": "init",
                "runtimeVersion": version_label, "runtimeVersionArn": arn,
                "functionName": self._function.name, "functionVersion": self._function.version,
            }  # fmt: skip
            self._record("platform.initStart", fields)
        else:
            self._line(f"INIT_START Runtime Version: {version_label}\tRuntime Version ARN: {arn}")

    def init_report(self, duration_ms: float, phase: str, status: str, error_type: str | None) -> None:
        """An init that failed. `phase` is "init", or "invoke" where it was tried again within the invocation."""
        if self._json:
            fields: dict[str, Any] = {
                "initializationType": self._function.initialization_type, "phase": phase, "status": status,
                "metrics": {"durationMs": round(duration_ms, 3)},
            }  # fmt: skip
            if error_type:
                fields["errorType"] = error_type
            self._record("platform.initReport", fields, failed=True)
        else:
            error = f"\tError Type: {error_type}" if error_type else ""
            self._line(f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}{error}")

    def start(self) -> None:
        """The invocation starts."""
        if self._json:
            self._record("platform.start", {"requestId": self._request_id, "version": self._function.version})
        else:
            self._line(f"START RequestId: {self._request_id} Version: {self._function.version}")

    def timed_out(self) -> None:
        """The function's timeout ran out."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        words = f"Task timed out after {self._function.timeout_s:.2f} seconds"
        if self._json:
            record = {"timestamp": stamp, "level": "ERROR", "message": words, "requestId": self._request_id}
            self._line(json.dumps(record, separators=(",", ":")))
        else:
            self._line(f"{stamp} {self._request_id} {words}")

    def failure(self, words: str, error_type: str) -> None:
        """The runtime's process ended by itself or was killed."""
        if self._json:
            stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            record = {"timestamp": stamp, "level": "ERROR", "message": words, "errorType": error_type,
                      "requestId": self._request_id}  # fmt: skip
            self._line(json.dumps(record, separators=(",", ":"), ensure_ascii=False))
        else:
            self._line(words)

    def end_and_report(
        self, duration_ms: float, billed_ms: int, memory_used_mb: int, init_ms: float | None, status: str,
        error_type: str | None,
    ) -> None:  # fmt: skip
        """The invocation is over. `status` is "success", "failure" (the handler raised), "error" or "timeout"."""
        size_mb = self._function.memory_mb
        if self._json:
            metrics: dict[str, Any] = {
                "durationMs": round(duration_ms, 3), "billedDurationMs": billed_ms,
                "memorySizeMB": size_mb, "maxMemoryUsedMB": memory_used_mb,
            }  # fmt: skip
            if init_ms is not None:
                metrics["initDurationMs"] = round(init_ms, 3)
            fields: dict[str, Any] = {"requestId": self._request_id, "metrics": metrics, "status": status}
            if error_type and status != "success":
                fields["errorType"] = error_type
            self._record("platform.report", fields, failed=status != "success")
            return
        self._line(f"END RequestId: {self._request_id}")
        line = (
            f"REPORT RequestId: {self._request_id}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {billed_ms} ms\t"
            f"Memory Size: {size_mb} MB\tMax Memory Used: {memory_used_mb} MB\t"
        )
        if init_ms is not None:
            line += f"Init Duration: {init_ms:.2f} ms\t"
        if status == "timeout":
            line += "Status: timeout"
        elif status == "error":
            line += f"Status: error\tError Type: {error_type}"
        self._line(line)

    def _record(self, kind: str, fields: dict[str, Any], *, failed: bool = False) -> None:
        if (3 if failed else 2) < self._level:
            return
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._line(json.dumps({"time": stamp, "type": kind, "record": fields}, separators=(",", ":")))

    def _line(self, message: str) -> None:
        self._emit(LogEvent(now_ms(), message, "platform"))
