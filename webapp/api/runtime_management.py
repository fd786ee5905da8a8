"""When Lambda may update the runtime below a function: stored configuration, the host's runtimes are what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.errors import InvalidParameterValueException
from webapp.api.operations import Call, operation
from webapp.function_settings import Kind, put, setting
from webapp.functions.names import LATEST, FunctionName
from webapp.functions.store import resolve


@operation("PutRuntimeManagementConfig")
def put_runtime_management_config(call: Call) -> Mapping[str, Any]:
    """Update it automatically, with the function, or never (Manual, with the version to stay at)."""
    name, mode = _name(call), call.parameters["UpdateRuntimeOn"]
    arn = call.parameters.get("RuntimeVersionArn")
    if (mode == "Manual") != (arn is not None):
        raise InvalidParameterValueException(
            "RuntimeVersionArn is required for UpdateRuntimeOn Manual."
            if arn is None
            else f"RuntimeVersionArn must not be provided for UpdateRuntimeOn {mode}.",
            field="RuntimeVersionArn",
        )
    value = {"UpdateRuntimeOn": mode, "RuntimeVersionArn": arn}
    with call.services.database.writing() as session:
        resolve(session, name)
        put(session, Kind.RUNTIME_MANAGEMENT, name, value)
    return {**value, "FunctionArn": name.qualified_arn}


@operation("GetRuntimeManagementConfig")
def get_runtime_management_config(call: Call) -> Mapping[str, Any]:
    """What is set; "Auto" by default."""
    name = _name(call)
    with call.services.database.session() as session:
        resolve(session, name)
        record = setting(session, Kind.RUNTIME_MANAGEMENT, name)
    value = record.value if record is not None else {"UpdateRuntimeOn": "Auto"}
    return {**value, "FunctionArn": name.qualified_arn}


def _name(call: Call) -> FunctionName:
    """The function itself is meant by its $LATEST."""
    name = call.function_name()
    return name.qualified(name.qualifier or LATEST)
