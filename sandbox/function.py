"""What a function is to the sandbox: code, handler, runtime and configuration, and what one invocation gave.

Frozen data that flows from `webapp` (or a script) to the manager and back; nothing here does any work.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sandbox.limits import DEFAULT_MEMORY_MB, DEFAULT_STORAGE_MB, DEFAULT_TIMEOUT_S

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Function:
    """One version of a function, as an execution environment needs it.

    `code_sha256` names an unpacked package in the `PackageStore` (hex SHA-256 of the zip's bytes), `layers` likewise,
    lowest first. Memory and storage in MB (MiB, as Lambda means it), timeout in s.
    """

    code_sha256: str
    handler: str
    runtime: str = "python3.11"
    name: str = "playground"
    version: str = "$LATEST"
    memory_mb: int = DEFAULT_MEMORY_MB
    timeout_s: int = DEFAULT_TIMEOUT_S
    environment: Mapping[str, str] = field(default_factory=dict)
    architecture: str = "x86_64"
    ephemeral_storage_mb: int = DEFAULT_STORAGE_MB
    layers: tuple[str, ...] = ()
    account_id: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    log_format: str = "Text"  # "Text" | "JSON"
    application_log_level: str = ""  # only with JSON: TRACE DEBUG INFO WARN ERROR FATAL
    system_log_level: str = ""  # only with JSON: DEBUG INFO WARN
    log_group: str = ""  # default /aws/lambda/NAME
    initialization_type: str = "on-demand"
    revision: str = ""  # another revision never shares an environment, even with equal code and configuration
    reserved_concurrency: int | None = None  # None: unreserved; 0: every invocation is throttled
    provisioned_concurrency: int = 0

    @property
    def arn(self) -> str:
        """The unqualified function ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def log_group_name(self) -> str:
        """The log group that its log goes to."""
        return self.log_group or f"/aws/lambda/{self.name}"

    @cached_property
    def environment_key(self) -> str:
        """Two functions with the same key may share warm execution environments."""
        fields = dataclasses.asdict(self)
        # How it is scaled is no matter of what runs inside; a provisioned environment serves like any other.
        for scaling in ("reserved_concurrency", "provisioned_concurrency", "initialization_type"):
            fields.pop(scaling)
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form, read back by `from_dict`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Function:
        """The function that `to_dict` wrote."""
        return cls(**{**data, "layers": tuple(data.get("layers", ()))})


@dataclass(frozen=True)
class LogEvent:
    """One log event as CloudWatch would show it. `timestamp_ms` since the epoch; `message` has no trailing newline.

    `source` is "platform" (INIT_START, START, END, REPORT, timeouts) or "function" (what the code wrote).
    """

    timestamp_ms: int
    message: str
    source: str = "function"


@dataclass(frozen=True)
class ResponseChunk:
    """A piece of a streamed response, as the runtime sent it."""

    data: bytes
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Invocation:
    """What one invocation gave.

    `payload` is the response, or the error's JSON where `function_error` ("Unhandled" or "Handled") is set;
    `error_type` is then the error's name ("ValueError", "Sandbox.Timedout"). Durations in ms; `init_duration_ms` only
    on a cold start; memory in MB. `log` is everything between this invocation's first and last log event.
    """

    request_id: str
    payload: bytes
    function_error: str | None
    error_type: str | None
    executed_version: str
    log: tuple[LogEvent, ...]
    duration_ms: float
    billed_duration_ms: int
    init_duration_ms: float | None
    memory_size_mb: int
    max_memory_used_mb: int
    log_group: str = ""
    log_stream: str = ""
    trace_id: str = ""
    content_type: str = "application/json"
    stopped: bool = False  # a person stopped it before it ended

    @property
    def cold(self) -> bool:
        """True where this invocation waited for a new execution environment."""
        return self.init_duration_ms is not None

    @property
    def succeeded(self) -> bool:
        """True where the handler returned."""
        return self.function_error is None

    def log_text(self) -> str:
        """The log as plain lines, each closed by a newline."""
        return "".join(event.message + "\n" for event in self.log)

    def log_tail(self, size: int = 4096) -> bytes:
        """The last 4 KB of the log, as `LogType: Tail` gives it ("API reference, Invoke")."""
        return self.log_text().encode()[-size:]
