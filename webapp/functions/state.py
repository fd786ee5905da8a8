"""The states a function goes through: Pending → Active when made, InProgress → Successful at every update.

Nothing here waits: a record says until when it is changing, and its state follows from the clock. So a state survives
any crash, and every process sees the same one. Source: "Lambda function states" in the Developer Guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sandbox.errors import ResourceConflictException
from webapp.functions.records import VersionRecord, new_revision_id, now_ms
from webapp.settings import Settings

# Long enough that a client sees the transition, short enough that nobody waits for it.
SETTLE_MS = 300
STRICT_SETTLE_MS = 1_500


class State(StrEnum):
    """Whether a version can be invoked."""

    PENDING = "Pending"
    ACTIVE = "Active"


class UpdateStatus(StrEnum):
    """How the last update of $LATEST went."""

    IN_PROGRESS = "InProgress"
    SUCCESSFUL = "Successful"


class Change(StrEnum):
    """What may happen to a version."""

    CREATED = "created"
    UPDATED = "updated"


# What each change begins with, and what the passing of time makes of it.
BEGINS: Mapping[Change, tuple[State, UpdateStatus | None]] = {
    Change.CREATED: (State.PENDING, None),
    Change.UPDATED: (State.ACTIVE, UpdateStatus.IN_PROGRESS),
}
SETTLED: tuple[State, UpdateStatus] = (State.ACTIVE, UpdateStatus.SUCCESSFUL)

_REASON, _REASON_CODE = "The function is being created.", "Creating"


def begin(version: VersionRecord, change: Change, settings: Settings) -> None:
    """Let `version` begin a change, with new revision ids: one for now, one for when it has settled."""
    until = now_ms() + (STRICT_SETTLE_MS if settings.strict else SETTLE_MS)
    version.revision_id, version.settled_revision_id = new_revision_id(), new_revision_id()
    if change is Change.CREATED:
        version.pending_until_ms = until
    else:
        version.updating_until_ms = until
        version.environment_id = new_revision_id()


def new_revision(version: VersionRecord) -> None:
    """Give `version` a new RevisionId without any change of state."""
    version.revision_id, version.settled_revision_id = new_revision_id(), new_revision_id()


def state_of(version: VersionRecord) -> tuple[State, UpdateStatus | None]:
    """The state now."""
    now = now_ms()
    if now < version.pending_until_ms:
        return BEGINS[Change.CREATED]
    if now < version.updating_until_ms:
        return BEGINS[Change.UPDATED]
    return SETTLED


def revision_of(version: VersionRecord) -> str:
    """The RevisionId now."""
    return version.settled_revision_id if state_of(version) == SETTLED else version.revision_id


def state_fields(version: VersionRecord) -> dict[str, str]:
    """The state as members of FunctionConfiguration."""
    state, update = state_of(version)
    fields: dict[str, str] = {"State": state.value}
    if state is State.PENDING:
        fields.update(StateReason=_REASON, StateReasonCode=_REASON_CODE)
    if update is not None:
        fields["LastUpdateStatus"] = update.value
    if update is UpdateStatus.IN_PROGRESS:
        fields.update(LastUpdateStatusReason=_REASON, LastUpdateStatusReasonCode=_REASON_CODE)
    return fields


def refuse_pending(version: VersionRecord, settings: Settings) -> None:
    """ResourceConflictException while `version` is being created. Only a strict playground is so strict."""
    if settings.strict and state_of(version)[0] is State.PENDING:
        raise ResourceConflictException(
            "The operation cannot be performed at this time. The function is currently in the following state: "
            f"{State.PENDING.value}"
        )


def refuse_changing(version: VersionRecord, settings: Settings) -> None:
    """ResourceConflictException while `version` is being created or updated, in a strict playground."""
    refuse_pending(version, settings)
    if settings.strict and state_of(version)[1] is UpdateStatus.IN_PROGRESS:
        raise ResourceConflictException(
            "The operation cannot be performed at this time. An update is in progress for resource: "
            f"{version.function.arn}"
        )
