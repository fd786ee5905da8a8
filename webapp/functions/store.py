"""Functions found by name, and turned into what the sandbox runs.

Called by every operation of `webapp.api` on a function, by function URLs and by the pages.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from sandbox.errors import ResourceNotFoundException
from sandbox.function import Function
from webapp.functions.layers import find_layers
from webapp.functions.names import LATEST, FunctionName
from webapp.functions.records import AliasRecord, FunctionRecord, VersionRecord


def find(session: Session, name: FunctionName, *, lock: bool = False) -> FunctionRecord:
    """The function, whatever the qualifier; ResourceNotFoundException in AWS's words.

    `lock` keeps other writers of this function waiting until the transaction ends (on SQLite that is what
    `Database.writing` does).
    """
    query = select(FunctionRecord).where(FunctionRecord.region == name.region, FunctionRecord.name == name.name)
    record = session.scalar(query.with_for_update() if lock else query)
    if record is None:
        raise not_found(name)
    return record


def resolve(session: Session, name: FunctionName) -> VersionRecord:
    """The version that `name`'s qualifier means: $LATEST without one, for an alias its main version."""
    record = find(session, name)
    qualifier = name.qualifier or LATEST
    if name.names_alias:
        qualifier = alias_of(record, name).function_version
    return version_of(record, qualifier, name)


def route(session: Session, name: FunctionName) -> VersionRecord:
    """The version that runs an invocation of `name`: as `resolve`, but an alias's weights are drawn."""
    record = find(session, name)
    if not name.names_alias:
        return version_of(record, name.qualifier or LATEST, name)
    alias = alias_of(record, name)
    drawn = random.random()
    for version, weight in alias.weights.items():
        if drawn < float(weight):
            return version_of(record, version, name)
        drawn -= float(weight)
    return version_of(record, alias.function_version, name)


def version_of(record: FunctionRecord, version: str, name: FunctionName) -> VersionRecord:
    """The version of that number, or $LATEST; `name` is what the error speaks of."""
    number = 0 if version == LATEST else int(version) if version.isdecimal() and len(version) < 10 else -1
    session = object_session(record)
    found = None
    if session is not None and number >= 0 and (number or version == LATEST):
        found = session.scalar(
            select(VersionRecord).where(VersionRecord.function_id == record.id, VersionRecord.number == number)
        )
    if found is None:
        raise not_found(name)
    return found


def find_alias(session: Session, name: FunctionName) -> AliasRecord:
    """The alias that `name`'s qualifier names."""
    return alias_of(find(session, name), name)


def alias_of(record: FunctionRecord, name: FunctionName) -> AliasRecord:
    """The function's alias that `name`'s qualifier names."""
    for alias in record.aliases:
        if alias.name == name.qualifier:
            return alias
    raise not_found(name)


def not_found(name: FunctionName) -> ResourceNotFoundException:
    """The error for a function, version or alias that is not there."""
    return ResourceNotFoundException(f"Function not found: {name.qualified_arn}", field="FunctionName")


def name_of(record: FunctionRecord, qualifier: str | None = None) -> FunctionName:
    """The name of a record."""
    return FunctionName(record.name, qualifier, record.region, record.account_id)


def to_sandbox(session: Session, version: VersionRecord) -> Function:
    """What the sandbox needs to run `version`: code, layers, configuration, concurrency."""
    record, settings = version.function, version.settings
    logging: Mapping[str, Any] = settings.get("LoggingConfig") or {}
    return Function(
        code_sha256=version.code_sha256,
        handler=version.handler,
        runtime=version.runtime,
        name=record.name,
        version=version.version,
        memory_mb=version.memory_mb,
        timeout_s=version.timeout_s,
        environment=dict((settings.get("Environment") or {}).get("Variables") or {}),
        architecture=settings["Architectures"][0],
        ephemeral_storage_mb=settings["EphemeralStorage"]["Size"],
        layers=tuple(layer.sha256 for layer in find_layers(session, settings.get("Layers") or [])),
        account_id=record.account_id,
        region=record.region,
        log_format=logging.get("LogFormat", "Text"),
        application_log_level=logging.get("ApplicationLogLevel", ""),
        system_log_level=logging.get("SystemLogLevel", ""),
        log_group=logging.get("LogGroup", f"/aws/lambda/{record.name}"),
        initialization_type="provisioned-concurrency" if version.provisioned_concurrency else "on-demand",
        revision=version.environment_id,
        reserved_concurrency=record.reserved_concurrency,
        provisioned_concurrency=version.provisioned_concurrency,
    )
