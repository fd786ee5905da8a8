"""Environments kept initialised for a version or an alias: what is asked for, and how far that has come.

`webapp.api.provisioned` configures it, `webapp.api.aliases` says when an alias points elsewhere or has gone. Source:
"Configuring provisioned concurrency".
"""

from __future__ import annotations

import logging
import threading
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from sandbox.errors import LambdaError, ResourceNotFoundException
from webapp.function_settings import FunctionSettingRecord, Kind, put, setting, settings
from webapp.functions.names import FunctionName
from webapp.functions.records import now_ms
from webapp.functions.store import find, resolve, to_sandbox
from webapp.services import Services

log = logging.getLogger(__name__)

# A process that died in the middle leaves IN_PROGRESS behind; whoever asks after this long starts it again.
STALE_MS = 120_000
INIT_FAILED = "FUNCTION_ERROR_INIT_FAILURE"


class Status(StrEnum):
    """IN_PROGRESS → READY or FAILED, and again from the start with every request."""

    IN_PROGRESS = "IN_PROGRESS"
    READY = "READY"
    FAILED = "FAILED"


def request(session: Session, name: FunctionName, count: int) -> FunctionSettingRecord:
    """Ask for `count` environments of the version that `name` means. `begin` does it, after the transaction."""
    record = put(session, Kind.PROVISIONED, name, _asked(count))
    session.flush()
    follow_aliases(session, name)
    return record


def requested(session: Session, name: FunctionName) -> int:
    """How many environments are asked for, for all versions and aliases of the function together."""
    return sum(int(record.value["requested"]) for record in settings(session, Kind.PROVISIONED, name))


def follow_aliases(session: Session, name: FunctionName) -> list[FunctionName]:
    """Count anew what every version of the function is to have, as its aliases point now.

    Returns the versions whose count has changed, for `begin`.
    """
    function = find(session, name)
    counts: dict[int, int] = {}
    for record in settings(session, Kind.PROVISIONED, name):
        try:
            version = resolve(session, name.qualified(record.qualifier))
        except ResourceNotFoundException:
            continue
        counts[version.number] = counts.get(version.number, 0) + int(record.value["requested"])
    changed: list[FunctionName] = []
    for version in function.versions:
        wanted = counts.get(version.number, 0)
        if version.provisioned_concurrency != wanted:
            version.provisioned_concurrency = wanted
            changed.append(name.qualified(version.version))
    return changed


def aliases_changed(services: Services, name: FunctionName) -> None:
    """Have environments follow the function's aliases, where one was pointed to another version or deleted."""
    name = name.qualified(None)
    with services.database.session() as session:
        if not settings(session, Kind.PROVISIONED, name) and not _any_provisioned(session, name):
            return
    with services.database.writing() as session:
        # each version once: through the setting that asks for it, if there is one, which is then told the outcome
        to_begin = {version: version for version in follow_aliases(session, name)}
        for record in settings(session, Kind.PROVISIONED, name):
            asking = name.qualified(record.qualifier)
            version = name.qualified(resolve(session, asking).version)
            if version in to_begin:
                put(session, Kind.PROVISIONED, asking, _asked(int(record.value["requested"])))
                to_begin[version] = asking
    for asking in to_begin.values():
        begin(services, asking)


def begin(services: Services, name: FunctionName) -> None:
    """Bring the version that `name` means to the number of environments it is to have, in the background."""
    threading.Thread(target=_provision, args=(services, name), daemon=True, name=f"provision {name.name}").start()


def begin_again_if_stale(services: Services, name: FunctionName, record: FunctionSettingRecord) -> None:
    """Take up what a process that died has left in the middle."""
    if record.value["status"] == Status.IN_PROGRESS and now_ms() - record.modified_ms > STALE_MS:
        with services.database.writing() as session:
            current = setting(session, Kind.PROVISIONED, name)
            if current is None or current.modified_ms != record.modified_ms:
                return
            current.modified_ms = now_ms()
        begin(services, name)


def _provision(services: Services, name: FunctionName) -> None:
    with services.database.session() as session:
        before = setting(session, Kind.PROVISIONED, name)
        try:
            version = resolve(session, name)
        except ResourceNotFoundException:
            return  # deleted meanwhile
        function, count = to_sandbox(session, version), version.provisioned_concurrency
    ready, reason = 0, INIT_FAILED
    try:
        ready = services.sandbox.provision(function, count)
    except LambdaError as error:
        reason = error.message
    except Exception:
        log.exception("Provisioning %s failed", name.qualified_arn)
    if before is None:
        return
    with services.database.writing() as session:
        record = setting(session, Kind.PROVISIONED, name)
        if record is None or record.modified_ms != before.modified_ms:
            return  # another request has taken its place
        wanted = int(record.value["requested"])
        enough = ready >= count
        record.value = {
            "requested": wanted,
            "status": (Status.READY if enough else Status.FAILED).value,
            "ready": min(ready, wanted),
            "reason": None if enough else reason,
        }


def _asked(count: int) -> dict[str, Any]:
    """The setting's value at the start."""
    return {"requested": count, "status": Status.IN_PROGRESS.value, "ready": 0, "reason": None}


def _any_provisioned(session: Session, name: FunctionName) -> bool:
    return any(version.provisioned_concurrency for version in find(session, name).versions)
