"""Lambda's own description of its API, as botocore carries it: every operation, shape and constraint.

Read by routing, parsing, validation and responses; nothing else here knows a URL or a field's limits.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

# Quotas in force where the model allows more (it covers features this playground does not have).
_TIGHTER: dict[str, dict[str, int]] = {"MemorySize": {"max": 10_240}, "Timeout": {"max": 900}}


@cache
def service_model() -> ServiceModel:
    """Lambda's service model."""
    return ServiceModel(Loader().load_service_model("lambda", "service-2"), service_name="lambda")


@cache
def operation_model(name: str) -> OperationModel:
    """The operation called `name`, such as "CreateFunction"."""
    return service_model().operation_model(name)


def constraints(shape: Shape) -> dict[str, Any]:
    """The shape's `min`, `max`, `pattern` and `enum`, where it has them."""
    found = dict(shape.metadata)
    found.update(_TIGHTER.get(shape.name, {}))
    return found


@cache
def error_message_member(error_type: str) -> str | None:
    """ "Message" or "message", as the error's shape spells it; None for an error the model does not have."""
    model = service_model()
    if error_type not in model.shape_names:
        return None
    for name in model.shape_for(error_type).members:
        if name.lower() == "message":
            return str(name)
    return None


@cache
def runtime_identifiers() -> tuple[str, ...]:
    """Every runtime identifier that the model lists."""
    return tuple(service_model().shape_for("Runtime").enum)
