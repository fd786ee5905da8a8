"""How Lambda words what goes wrong in an invocation: the error types, and the JSON that the caller gets.

Used by `sandbox.invoke` and `sandbox.runtime_api`. Source: "Understanding the Lambda execution environment lifecycle"
in the AWS Lambda Developer Guide, and the Runtime Interface Emulator's messages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sandbox.limits import MAX_RESPONSE_BYTES

TIMED_OUT = "Sandbox.Timedout"
EXIT_ERROR = "Runtime.ExitError"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
RESPONSE_TOO_LARGE = "Function.ResponseSizeTooLarge"
BUILD_ERROR = "Runtime.BuildError"
STOPPED = "Sandbox.Stopped"
UNKNOWN = "Runtime.Unknown"

_SIGNALS = {
    1: "hangup", 2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trace/breakpoint trap", 6: "aborted",
    7: "bus error", 8: "floating point exception", 9: "killed", 10: "user defined signal 1",
    11: "segmentation fault", 12: "user defined signal 2", 13: "broken pipe", 14: "alarm clock", 15: "terminated",
    31: "bad system call",
}  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """What a failed invocation answers: the error's type and message as Lambda words them."""

    error_type: str
    message: str

    def payload(self) -> bytes:
        """The error's JSON, as the caller gets it."""
        return json.dumps({"errorType": self.error_type, "errorMessage": self.message}, ensure_ascii=False).encode()


def timed_out(request_id: str, timeout_s: float) -> Failure:
    """The handler took longer than the function's timeout."""
    return Failure(TIMED_OUT, f"RequestId: {request_id} Error: Task timed out after {timeout_s:.2f} seconds")


def exited(request_id: str, exit_code: int) -> Failure:
    """The runtime's process ended. `exit_code` as a shell has it: 128 + the signal's number where one killed it."""
    return Failure(EXIT_ERROR, f"RequestId: {request_id} Error: {exit_words(exit_code)}")


def exit_words(exit_code: int) -> str:
    """How a process ended, as Lambda says it."""
    if exit_code == 0:
        return "Runtime exited without providing a reason"
    if exit_code > 128 and exit_code - 128 in _SIGNALS:
        return f"Runtime exited with error: signal: {_SIGNALS[exit_code - 128]}"
    return f"Runtime exited with error: exit status {exit_code}"


def out_of_memory(request_id: str) -> Failure:
    """The kernel killed a process of the environment for memory."""
    return Failure(EXIT_ERROR, f"RequestId: {request_id} Error: Runtime exited with error: signal: killed")


def response_too_large() -> Failure:
    """The response is over 6 MB."""
    return Failure(
        RESPONSE_TOO_LARGE,
        f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).",
    )


def stopped(request_id: str) -> Failure:
    """A person stopped the run before it ended (the playground's own; Lambda has no such control)."""
    return Failure(STOPPED, f"RequestId: {request_id} Error: The run was stopped before it ended")
