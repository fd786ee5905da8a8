"""How events are retried and where their records go: the event invoke configuration of a function, version or alias.

`retries_of` is what an asynchronous invocation follows; destinations are kept and shown. Source: "Configuring error
handling settings for Lambda asynchronous invocations".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from sandbox.errors import InvalidParameterValueException, LambdaError, ResourceNotFoundException
from sandbox.limits import MAX_ASYNC_EVENT_AGE_S, MAX_ASYNC_RETRIES
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.function_settings import FunctionSettingRecord, Kind, put, remove, setting, settings
from webapp.functions.names import LATEST, FunctionName
from webapp.functions.store import find, resolve

_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_DESTINATIONS = ("lambda", "sqs", "sns", "events", "s3")


@dataclass(frozen=True)
class Retries:
    """How often a failed event is tried again, and how old (in s) it may grow."""

    max_retries: int = MAX_ASYNC_RETRIES
    max_age_s: int = MAX_ASYNC_EVENT_AGE_S


def retries_of(session: Session, name: FunctionName) -> Retries:
    """What is configured for events to exactly what `name` names; Lambda's defaults where nothing is."""
    record = setting(session, Kind.EVENT_INVOKE, _stored(name))
    value = record.value if record is not None else {}
    return Retries(
        max_retries=value.get("MaximumRetryAttempts", MAX_ASYNC_RETRIES),
        max_age_s=value.get("MaximumEventAgeInSeconds", MAX_ASYNC_EVENT_AGE_S),
    )


@operation("PutFunctionEventInvokeConfig")
def put_function_event_invoke_config(call: Call) -> Mapping[str, Any]:
    """Set the configuration in place of the one before."""
    name, given = _stored(call.function_name()), _given(call)
    with call.services.database.writing() as session:
        _require(session, name)
        _check_destinations(session, name, given)
        return _fields(name, put(session, Kind.EVENT_INVOKE, name, given))


@operation("UpdateFunctionEventInvokeConfig")
def update_function_event_invoke_config(call: Call) -> Mapping[str, Any]:
    """Change what is given of an existing configuration."""
    name, given = _stored(call.function_name()), _given(call)
    with call.services.database.writing() as session:
        _require(session, name)
        _check_destinations(session, name, given)
        before = _existing(session, name)
        return _fields(name, put(session, Kind.EVENT_INVOKE, name, {**before.value, **given}))


@operation("GetFunctionEventInvokeConfig")
def get_function_event_invoke_config(call: Call) -> Mapping[str, Any]:
    """The configuration."""
    name = _stored(call.function_name())
    with call.services.database.session() as session:
        return _fields(name, _existing(session, name))


@operation("DeleteFunctionEventInvokeConfig")
def delete_function_event_invoke_config(call: Call) -> Mapping[str, Any]:
    """Go back to Lambda's defaults."""
    name = _stored(call.function_name())
    with call.services.database.writing() as session:
        _existing(session, name)
        remove(session, Kind.EVENT_INVOKE, name)
    return {}


@operation("ListFunctionEventInvokeConfigs")
def list_function_event_invoke_configs(call: Call) -> Mapping[str, Any]:
    """The configurations of a function, its versions and aliases."""
    name = call.function_name().qualified(None)
    with call.services.database.session() as session:
        _require(session, name)
        records = settings(session, Kind.EVENT_INVOKE, name)
    chosen, marker = page(records, lambda record: record.qualifier, call.parameters)
    configs = [_fields(name.qualified(record.qualifier), record) for record in chosen]
    return {"FunctionEventInvokeConfigs": configs, "NextMarker": marker}


def _stored(name: FunctionName) -> FunctionName:
    """The function itself is configured as $LATEST."""
    return name.qualified(name.qualifier or LATEST)


def _given(call: Call) -> dict[str, Any]:
    given = {member: call.parameters[member] for member in _MEMBERS if member in call.parameters}
    if not given:
        raise InvalidParameterValueException("You must specify at least one of error handling or destination setting.")
    return given


def _require(session: Session, name: FunctionName) -> None:
    try:
        resolve(session, name)
    except ResourceNotFoundException:
        raise ResourceNotFoundException("The function doesn't exist.", field="FunctionName") from None


def _existing(session: Session, name: FunctionName) -> FunctionSettingRecord:
    record = setting(session, Kind.EVENT_INVOKE, name)
    if record is None:
        raise ResourceNotFoundException(f"The function {name.qualified_arn} doesn't have an EventInvokeConfig")
    return record


def _check_destinations(session: Session, name: FunctionName, given: Mapping[str, Any]) -> None:
    """Refuse what can be no destination, a function that does not exist, and the function itself."""
    config = given.get("DestinationConfig") or {}
    success = (config.get("OnSuccess") or {}).get("Destination")
    failure = (config.get("OnFailure") or {}).get("Destination")
    for arn in filter(None, (success, failure)):
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service not in _DESTINATIONS:
            shown_success = f"OnSuccess(destination={success})" if success else "null"
            shown_failure = f"OnFailure(destination={failure})" if failure else "null"
            raise InvalidParameterValueException(
                f"The provided destination config DestinationConfig(onSuccess={shown_success}, "
                f"onFailure={shown_failure}) is invalid.",
                field="DestinationConfig",
            )
        if service == "lambda":
            _check_function(session, name, arn)


def _check_function(session: Session, name: FunctionName, arn: str) -> None:
    try:
        destination = FunctionName.parse(arn, region=name.region, account_id=name.account_id)
        find(session, destination)
    except LambdaError:
        raise InvalidParameterValueException(
            f"The destination ARN {arn} is invalid.", field="DestinationConfig"
        ) from None
    if destination.name == name.name:
        raise InvalidParameterValueException(
            "You can't specify the function as a destination for itself.", field="DestinationConfig"
        )


def _fields(name: FunctionName, record: FunctionSettingRecord) -> dict[str, Any]:
    destinations = {"OnSuccess": {}, "OnFailure": {}, **(record.value.get("DestinationConfig") or {})}
    return {
        "LastModified": datetime.fromtimestamp(record.modified_ms / 1000, UTC),
        "FunctionArn": name.qualified_arn,
        **record.value,
        "DestinationConfig": destinations,
    }
