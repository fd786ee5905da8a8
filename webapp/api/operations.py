"""The operations of the API: a registry by name, and the one way to perform one.

An operation's module says `@operation("CreateFunction")` over a function from a `Call` to the output, both by
the service model's member names. `webapp.api.dispatch` performs them for HTTP, the pages call `perform`.
"""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from sandbox.errors import LambdaError
from webapp.api.service_model import operation_model, service_model
from webapp.api.validation import validate
from webapp.functions.names import FunctionName

if TYPE_CHECKING:
    from webapp.services import Services

# Every module with operations, in webapp/api. A new one is added here and nowhere else.
MODULES = (
    "functions",
    "updates",
    "invoke",
    "invoke_stream",
    "versions",
    "aliases",
    "tags",
    "account",
    "layers",
    "layer_policies",
    "policies",
    "resource_policies",
    "urls",
    "event_source_mappings",
    "concurrency",
    "provisioned",
    "event_invoke",
    "code_signing",
    "runtime_management",
    "recursion",
    "scaling",
)


class NotImplementedException(LambdaError):
    """An operation that Lambda has and this playground has not."""

    type = "NotImplementedException"
    status = 501


@dataclass(frozen=True)
class Call:
    """One call of an operation.

    `parameters` are checked against the service model; `headers` are the raw HTTP ones (lower-case names),
    empty where the page calls; `base_url` is where the caller reached us, without a closing slash. An operation
    may put HTTP headers that the model does not know into `answer_headers`.
    """

    parameters: Mapping[str, Any]
    services: Services
    region: str
    account_id: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    headers: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    answer_headers: dict[str, str] = field(default_factory=dict)

    def function_name(self, parameter: str = "FunctionName") -> FunctionName:
        """The function that the call is about, with the qualifier of its name or its Qualifier parameter."""
        return FunctionName.parse(
            self.parameters[parameter],
            self.parameters.get("Qualifier"),
            region=self.region,
            account_id=self.account_id,
        )


Handler = Callable[[Call], Mapping[str, Any]]

_handlers: dict[str, Handler] = {}


def operation(name: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as the operation `name` of the service model."""
    if name not in service_model().operation_names:
        raise ValueError(f"Lambda has no operation {name}")

    def register(handler: Handler) -> Handler:
        if name in _handlers:
            raise ValueError(f"{name} is registered twice")
        _handlers[name] = handler
        return handler

    return register


@cache
def handlers() -> Mapping[str, Handler]:
    """Every operation there is, by name."""
    for module in MODULES:
        importlib.import_module(f"webapp.api.{module}")
    return _handlers


def perform(name: str, call: Call) -> Mapping[str, Any]:
    """Check `call` against the service model, and do it. Raises LambdaError."""
    handler = handlers().get(name)
    if handler is None:
        raise NotImplementedException(f"The playground does not implement {name}, which Lambda has.")
    validate(operation_model(name), call.parameters, strict=call.services.settings.strict)
    return handler(call)
