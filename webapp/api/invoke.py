"""Functions invoked: Invoke and InvokeAsync. Source: "API reference", Invoke.

The streamed kind is in `webapp.api.invoke_stream`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.errors import InvalidParameterValueException, InvalidRequestContentException, InvalidRuntimeException
from sandbox.function import Function
from sandbox.runtimes import runtime as runtime_named
from webapp.api.event_invoke import Retries, retries_of
from webapp.api.operations import Call, operation
from webapp.functions.names import FunctionName
from webapp.functions.state import refuse_pending
from webapp.functions.store import route, to_sandbox

_HINT = (
    ". (The AWS CLI version 2 takes --payload as base64 unless it is told --cli-binary-format raw-in-base64-out; "
    "version 1 takes it as text.)"
)


@dataclass(frozen=True)
class Target:
    """What an invocation is of: the function as the sandbox runs it, and how its events are retried."""

    name: FunctionName
    function: Function
    retries: Retries

    def options(self, call: Call) -> dict[str, Any]:
        """The sandbox's options for `call`."""
        return {
            "client_context": call.parameters.get("ClientContext"),
            "trace_id": call.headers.get("x-amzn-trace-id"),
            "request_id": call.request_id,
            "qualifier_arn": self.name.qualified_arn,
        }


@operation("Invoke")
def invoke(call: Call) -> Mapping[str, Any]:
    """Run a function and answer with its response, or queue the event (Event), or only check the call (DryRun)."""
    given = call.parameters
    target = find_target(call)
    event: bytes = given.get("Payload") or b""
    kind = given.get("InvocationType") or "RequestResponse"
    if kind == "DryRun":
        return {"StatusCode": 204}
    if kind == "Event":
        queue(call, target, event)
        return {"StatusCode": 202, "Payload": b""}
    with clear_refusals():
        result = call.services.sandbox.invoke(target.function, event, **target.options(call))
    if result.trace_id:
        call.answer_headers["X-Amzn-Trace-Id"] = result.trace_id
    return {
        "StatusCode": 200,
        "Payload": result.payload,
        "ExecutedVersion": result.executed_version,
        "FunctionError": result.function_error,
        "LogResult": b64encode(result.log_tail()).decode() if given.get("LogType") == "Tail" else None,
    }


@operation("InvokeAsync")
def invoke_async(call: Call) -> Mapping[str, Any]:
    """The old way to queue an event."""
    queue(call, find_target(call), call.parameters["InvokeArgs"])
    return {"Status": 202}


def queue(call: Call, target: Target, event: bytes) -> None:
    """Queue an event for a function."""
    with clear_refusals():
        call.services.sandbox.invoke_async(
            target.function,
            event,
            max_retries=target.retries.max_retries,
            max_age_s=target.retries.max_age_s,
            **target.options(call),
        )


def find_target(call: Call) -> Target:
    """The function that `call` invokes, an alias's weights drawn."""
    for member in ("DurableExecutionName", "TenantId"):
        if call.parameters.get(member):
            raise InvalidParameterValueException(f"The playground does not support {member}.", field=member)
    name = call.function_name()
    with call.services.database.session() as session:
        version = route(session, name)
        refuse_pending(version, call.services.settings)
        target = Target(name, to_sandbox(session, version), retries_of(session, name))
    _require_runtime(target.function.runtime)
    return target


def _require_runtime(identifier: str) -> None:
    """A runtime of Lambda's that the playground has none for is known here; what the host lacks, the manager tells."""
    try:
        runtime_named(identifier)
    except InvalidParameterValueException:
        raise InvalidRuntimeException(
            f"The playground can't run functions of the runtime {identifier}. It runs Python, Node.js, Go, Java and "
            "any executable bootstrap (provided.al2023).",
            field="Runtime",
        ) from None


@contextmanager
def clear_refusals() -> Iterator[None]:
    """Say what a person can do where an event is not JSON."""
    try:
        yield
    except InvalidRequestContentException as error:
        raise InvalidRequestContentException(error.message.rstrip(".") + _HINT, field="Payload") from None
