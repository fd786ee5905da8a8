"""Provisioned concurrency configurations of versions and aliases. `webapp.provisioned_concurrency` carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from sandbox.errors import InvalidParameterValueException, LambdaError, ResourceConflictException
from sandbox.limits import MIN_UNRESERVED_CONCURRENCY
from webapp.api.concurrency import unreserved_concurrency
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.api.targets import target
from webapp.function_settings import FunctionSettingRecord, Kind, remove, setting, settings
from webapp.functions.names import LATEST, FunctionName
from webapp.functions.store import find, resolve
from webapp.provisioned_concurrency import begin, begin_again_if_stale, follow_aliases, request, requested


class ProvisionedConcurrencyConfigNotFoundException(LambdaError):
    """Nothing is provisioned for that version or alias."""

    type = "ProvisionedConcurrencyConfigNotFoundException"
    status = 404


@operation("PutProvisionedConcurrencyConfig")
def put_provisioned_concurrency_config(call: Call) -> Mapping[str, Any]:
    """Have a number of environments initialised and kept so."""
    name, wanted = call.function_name(), int(call.parameters["ProvisionedConcurrentExecutions"])
    if name.qualifier == LATEST:
        raise InvalidParameterValueException(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.", field="Qualifier"
        )
    with call.services.database.writing() as session:
        target(session, name)
        _check_room(session, name, wanted)
        _check_overlap(session, name)
        record = request(session, name, wanted)
        answer = _fields(record)
    begin(call.services, name)
    return answer


@operation("GetProvisionedConcurrencyConfig")
def get_provisioned_concurrency_config(call: Call) -> Mapping[str, Any]:
    """What was asked for, and what there is."""
    name = _published(call)
    with call.services.database.session() as session:
        target(session, name)
        record = setting(session, Kind.PROVISIONED, name)
    if record is None:
        raise ProvisionedConcurrencyConfigNotFoundException("No Provisioned Concurrency Config found for this function")
    begin_again_if_stale(call.services, name, record)
    return _fields(record)


@operation("DeleteProvisionedConcurrencyConfig")
def delete_provisioned_concurrency_config(call: Call) -> Mapping[str, Any]:
    """Let the environments go; no error where there are none."""
    name = _published(call)
    with call.services.database.writing() as session:
        target(session, name)
        if not remove(session, Kind.PROVISIONED, name):
            return {}
        session.flush()
        changed = follow_aliases(session, name)
    for version in changed:
        begin(call.services, version)
    return {}


@operation("ListProvisionedConcurrencyConfigs")
def list_provisioned_concurrency_configs(call: Call) -> Mapping[str, Any]:
    """The configurations of all versions and aliases of a function."""
    name = call.function_name().qualified(None)
    with call.services.database.session() as session:
        find(session, name)
        records = settings(session, Kind.PROVISIONED, name)
    chosen, marker = page(records, lambda record: record.qualifier, call.parameters)
    configs = [{"FunctionArn": name.qualified(record.qualifier).qualified_arn, **_fields(record)} for record in chosen]
    return {"ProvisionedConcurrencyConfigs": configs, "NextMarker": marker}


def _published(call: Call) -> FunctionName:
    name = call.function_name()
    if name.qualifier == LATEST:
        raise InvalidParameterValueException(
            "The function resource provided must be an alias or a published version.", field="Qualifier"
        )
    return name


def _check_room(session: Session, name: FunctionName, wanted: int) -> None:
    """Refuse more than the function has reserved, or more than the account can spare."""
    before = setting(session, Kind.PROVISIONED, name)
    others = requested(session, name) - (before.value["requested"] if before is not None else 0)
    reserved = find(session, name).reserved_concurrency
    if reserved is not None:
        if others + wanted > reserved:
            raise InvalidParameterValueException(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                "function",
                field="ProvisionedConcurrentExecutions",
            )
        return
    unreserved = unreserved_concurrency(session, name.region)
    if others + wanted > unreserved:
        raise InvalidParameterValueException(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency "
            f"[{unreserved}].",
            field="ProvisionedConcurrentExecutions",
        )
    if others + wanted > unreserved - MIN_UNRESERVED_CONCURRENCY:
        raise InvalidParameterValueException(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
            f"minimum value of [{MIN_UNRESERVED_CONCURRENCY}].",
            field="ProvisionedConcurrentExecutions",
        )


def _check_overlap(session: Session, name: FunctionName) -> None:
    """A version is provisioned by its number or by an alias, not by both."""
    version = resolve(session, name)
    if name.names_alias:
        if setting(session, Kind.PROVISIONED, name.qualified(version.version)) is not None:
            raise ResourceConflictException(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )
        return
    for alias in version.function.aliases:
        by_alias = setting(session, Kind.PROVISIONED, name.qualified(alias.name))
        if alias.function_version == version.version and by_alias is not None:
            raise ResourceConflictException("Version is pointed by a Provisioned Concurrency alias")


def _fields(record: FunctionSettingRecord) -> dict[str, Any]:
    value = record.value
    return {
        "RequestedProvisionedConcurrentExecutions": value["requested"],
        "AvailableProvisionedConcurrentExecutions": value["ready"],
        "AllocatedProvisionedConcurrentExecutions": value["ready"],
        "Status": value["status"],
        "StatusReason": value["reason"],
        "LastModified": datetime.fromtimestamp(record.modified_ms / 1000, UTC),
    }
