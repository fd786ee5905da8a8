"""Aliases: names for versions, with a share of the traffic for a second one. Source: "API reference", …Alias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from sandbox.errors import InvalidParameterValueException, ResourceConflictException, ResourceNotFoundException
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.api.updates import wrong_revision
from webapp.functions import describe
from webapp.functions.cleanup import deleted
from webapp.functions.names import LATEST, FunctionName
from webapp.functions.records import AliasRecord, FunctionRecord, new_revision_id
from webapp.functions.store import alias_of, find, version_of
from webapp.provisioned_concurrency import aliases_changed


@operation("CreateAlias")
def create_alias(call: Call) -> Mapping[str, Any]:
    """A new name for a version."""
    given = call.parameters
    name = call.function_name().only_function()
    try:
        with call.services.database.writing() as session:
            record = find(session, name.qualified(given["FunctionVersion"]), lock=True)
            weights = _weights(record, name, given, given["FunctionVersion"]) or {}
            named = name.qualified(given["Name"])
            if any(alias.name == given["Name"] for alias in record.aliases):
                raise _taken(named)
            alias = AliasRecord(
                name=given["Name"],
                function_version=given["FunctionVersion"],
                description=given.get("Description") or "",
                weights=weights,
                revision_id=new_revision_id(),
            )
            record.aliases.append(alias)
            session.flush()
            return describe.alias(alias)
    except IntegrityError:
        raise _taken(name.qualified(given["Name"])) from None


@operation("GetAlias")
def get_alias(call: Call) -> Mapping[str, Any]:
    """One alias."""
    name = call.function_name().only_function().qualified(call.parameters["Name"])
    with call.services.database.session() as session:
        return describe.alias(_existing(find(session, name), name, "Cannot find alias arn"))


@operation("UpdateAlias")
def update_alias(call: Call) -> Mapping[str, Any]:
    """Another version, description or routing; what is not given stays as it is."""
    given = call.parameters
    name = call.function_name().only_function().qualified(given["Name"])
    with call.services.database.writing() as session:
        record = find(session, name, lock=True)
        alias = _existing(record, name, "Alias not found")
        if given.get("RevisionId") not in (None, alias.revision_id):
            raise wrong_revision()
        target = given.get("FunctionVersion") or alias.function_version
        weights = _weights(record, name, given, target)
        if weights is None and target in alias.weights:
            raise _twice(target)
        alias.function_version = target
        if weights is not None:
            alias.weights = weights
        if given.get("Description") is not None:
            alias.description = given["Description"]
        alias.revision_id = new_revision_id()
        answer = describe.alias(alias)
    aliases_changed(call.services, name)
    return answer


@operation("DeleteAlias")
def delete_alias(call: Call) -> Mapping[str, Any]:
    """Delete it; where there is none, nothing is wrong."""
    name = call.function_name().only_function().qualified(call.parameters["Name"])
    with call.services.database.writing() as session:
        record = find(session, name.qualified(None), lock=True)
        for alias in [alias for alias in record.aliases if alias.name == name.qualifier]:
            deleted(session, name)
            record.aliases.remove(alias)
    aliases_changed(call.services, name)
    return {}


@operation("ListAliases")
def list_aliases(call: Call) -> Mapping[str, Any]:
    """A function's aliases by name, 50 a page; those of one version with FunctionVersion."""
    wanted = call.parameters.get("FunctionVersion")
    with call.services.database.session() as session:
        record = find(session, call.function_name().only_function().qualified(None))
        found = [alias for alias in record.aliases if wanted in (None, alias.function_version)]
        chosen, marker = page(found, lambda alias: alias.name, call.parameters)
        return {"Aliases": [describe.alias(alias) for alias in chosen], "NextMarker": marker}


def _weights(
    record: FunctionRecord, name: FunctionName, given: Mapping[str, Any], target: str
) -> dict[str, float] | None:
    """The weights asked for, checked together with the version that the alias is for; None where not given."""
    routing = given.get("RoutingConfig")
    weights: dict[str, float] = dict((routing or {}).get("AdditionalVersionWeights") or {})
    if len(weights) > 1:
        raise _refuse("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if target in weights:
        raise _twice(target)
    if weights and target == LATEST:
        raise _refuse("$LATEST is not supported for an alias pointing to more than 1 version")
    for version in (target, *weights):
        version_of(record, version, name.qualified(version))
    return None if routing is None else weights


def _existing(record: FunctionRecord, name: FunctionName, words: str) -> AliasRecord:
    try:
        return alias_of(record, name)
    except ResourceNotFoundException:
        raise ResourceNotFoundException(f"{words}: {name.qualified_arn}", field="Name") from None


def _twice(version: str) -> InvalidParameterValueException:
    return _refuse(
        f"Invalid function version {version}. Function version {version} is already included in routing configuration."
    )


def _taken(name: FunctionName) -> ResourceConflictException:
    return ResourceConflictException(f"Alias already exists: {name.qualified_arn}", field="Name")


def _refuse(message: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(message, field="RoutingConfig")
