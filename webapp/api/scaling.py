"""How many environments a version on managed instances may have: stored configuration, nothing here scales by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.errors import InvalidParameterValueException
from webapp.api.operations import Call, operation
from webapp.function_settings import Kind, put, setting
from webapp.functions.names import FunctionName
from webapp.functions.state import state_of
from webapp.functions.store import resolve

_LATEST_PUBLISHED = "$LATEST.PUBLISHED"


@operation("PutFunctionScalingConfig")
def put_function_scaling_config(call: Call) -> Mapping[str, Any]:
    """Set the least and the most."""
    name, given = _name(call), call.parameters.get("FunctionScalingConfig") or {}
    least, most = given.get("MinExecutionEnvironments"), given.get("MaxExecutionEnvironments")
    if least is not None and most is not None and least > most:
        raise InvalidParameterValueException(
            "MinExecutionEnvironments must not be greater than MaxExecutionEnvironments.",
            field="FunctionScalingConfig",
        )
    with call.services.database.writing() as session:
        version = resolve(session, name)
        put(session, Kind.SCALING, name, given)
        return {"FunctionState": state_of(version)[0].value}


@operation("GetFunctionScalingConfig")
def get_function_scaling_config(call: Call) -> Mapping[str, Any]:
    """What was asked for; it is in force at once."""
    name = _name(call)
    with call.services.database.session() as session:
        resolve(session, name)
        record = setting(session, Kind.SCALING, name)
    config = record.value if record is not None else None
    return {
        "FunctionArn": name.qualified_arn,
        "AppliedFunctionScalingConfig": config,
        "RequestedFunctionScalingConfig": config,
    }


def _name(call: Call) -> FunctionName:
    """The version; the newest published one has a name of its own."""
    qualifier = call.parameters["Qualifier"]
    name = FunctionName.parse(call.parameters["FunctionName"], region=call.region, account_id=call.account_id)
    if qualifier != _LATEST_PUBLISHED:
        return name.qualified(qualifier)
    with call.services.database.session() as session:
        newest = max(version.number for version in resolve(session, name).function.versions)
    return name.qualified(str(newest) if newest else "0")  # no version is number 0, so that it is not found
