"""Functions found by name, and turned into what the sandbox runs.

Called by every operation of `webapp.api` on a function, by function URLs and by the pages.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.errors import ResourceNotFoundException
from sandbox.function import Function
from webapp.functions.layers import find_layers
from webapp.functions.names import LATEST, FunctionName, is_version
from webapp.functions.records import AliasRecord, FunctionRecord, VersionRecord


def find(session: Session, name: FunctionName) -> FunctionRecord:
    """The function, whatever the qualifier; ResourceNotFoundException in AWS's words."""
    record = session.scalar(
        select(FunctionRecord).where(FunctionRecord.region == name.region, FunctionRecord.name == name.name)
    )
    if record is None:
        raise not_found(name)
    return record


def resolve(session: Session, name: FunctionName) -> VersionRecord:
    """The version that `name`'s qualifier means; $LATEST without one, an alias's main version for an alias."""
    record = find(session, name)
    qualifier = name.qualifier or LATEST
    if not is_version(qualifier):
        qualifier = find_alias(session, name).function_version
    return version_of(record, qualifier, name)


def route(session: Session, name: FunctionName) -> VersionRecord:
    """The version that runs an invocation of `name`: as `resolve`, but an alias's weights are drawn."""
    record = find(session, name)
    if not name.names_alias:
        return version_of(record, name.qualifier or LATEST, name)
    alias = find_alias(session, name)
    drawn = random.random()
    for version, weight in alias.weights.items():
        if drawn < float(weight):
            return version_of(record, version, name)
        drawn -= float(weight)
    return version_of(record, alias.function_version, name)


def version_of(record: FunctionRecord, version: str, name: FunctionName) -> VersionRecord:
    """The version of that number, or $LATEST; `name` is what the error speaks of."""
    for candidate in record.versions:
        if candidate.version == version:
            return candidate
    raise not_found(name)


def find_alias(session: Session, name: FunctionName) -> AliasRecord:
    """The alias that `name`'s qualifier names."""
    record = find(session, name)
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
        revision=version.settled_revision_id,
        reserved_concurrency=record.reserved_concurrency,
        provisioned_concurrency=version.provisioned_concurrency,
    )
