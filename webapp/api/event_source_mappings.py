"""Event source mappings: create, get, update, delete and list. They are kept with their states; nothing is polled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sandbox.errors import (
    InvalidParameterValueException,
    LambdaError,
    ResourceConflictException,
    ResourceNotFoundException,
)
from webapp.api.operations import Call, operation
from webapp.api.paging import page
from webapp.event_sources.kinds import SQS, SourceKind, check, check_new, kind_of
from webapp.event_sources.records import EventSourceMappingRecord, State
from webapp.functions.names import FunctionName
from webapp.functions.records import now_ms
from webapp.functions.store import resolve
from webapp.functions.tagging import taggable

_NOT_CONFIGURATION = {"UUID", "FunctionName", "EventSourceArn", "Enabled", "Tags", "Marker", "MaxItems"}


class ResourceInUseException(LambdaError):
    """The mapping is being changed."""

    type = "ResourceInUseException"
    status = 400


@operation("CreateEventSourceMapping")
def create_event_source_mapping(call: Call) -> Mapping[str, Any]:
    """Map a queue or a stream to a function."""
    parameters = call.parameters
    kind = kind_of(parameters)
    check_new(kind, parameters)
    source = parameters.get("EventSourceArn", "")
    with call.services.database.writing() as session:
        _sweep(session)
        name = _function(session, call)
        for other in _all(session, call):
            if source and (other.source_arn, other.function_arn) == (source, name.qualified_arn):
                raise _exists_already(kind, other, name)
        record = EventSourceMappingRecord(
            region=call.region,
            account_id=call.account_id,
            function_arn=name.qualified_arn,
            source_arn=source,
            config={**kind.defaults(), **_configuration(parameters)},
            tags=parameters.get("Tags") or {},
            enabled=parameters.get("Enabled", True),
            reason=kind.reason,
        )
        record.begin(State.CREATING)
        session.add(record)
        session.flush()
        return _fields(record)


@operation("UpdateEventSourceMapping")
def update_event_source_mapping(call: Call) -> Mapping[str, Any]:
    """Change what is given."""
    parameters = call.parameters
    with call.services.database.writing() as session:
        record = _existing(session, call)
        _refuse_in_use(call, record, "update")
        given = _configuration(parameters)
        config = {**record.config, **given}
        source = {"EventSourceArn": record.source_arn} if record.source_arn else {}
        check(kind_of({**config, **source}), given, {**config, **source})
        if "FunctionName" in parameters:
            record.function_arn = _function(session, call).qualified_arn
        record.config = config
        enabled = parameters.get("Enabled", record.enabled)
        if enabled == record.enabled:
            record.begin(State.UPDATING)
        else:
            record.enabled = enabled
            record.begin(State.ENABLING if enabled else State.DISABLING)
        return _fields(record)


@operation("GetEventSourceMapping")
def get_event_source_mapping(call: Call) -> Mapping[str, Any]:
    """One mapping."""
    with call.services.database.session() as session:
        return _fields(_existing(session, call))


@operation("DeleteEventSourceMapping")
def delete_event_source_mapping(call: Call) -> Mapping[str, Any]:
    """Begin to delete a mapping; it is there, as Deleting, for a moment."""
    with call.services.database.writing() as session:
        record = _existing(session, call)
        _refuse_in_use(call, record, "delete")
        record.begin(State.DELETING)
        return _fields(record)


@operation("ListEventSourceMappings")
def list_event_source_mappings(call: Call) -> Mapping[str, Any]:
    """The mappings of the region, of one source or of one function."""
    source = call.parameters.get("EventSourceArn")
    name = call.function_name() if "FunctionName" in call.parameters else None
    with call.services.database.session() as session:
        records = [
            record
            for record in _all(session, call)
            if (source is None or record.source_arn == source) and (name is None or _is_of(record, name))
        ]
    chosen, marker = page(records, lambda record: record.uuid, call.parameters, default=100)
    return {"EventSourceMappings": [_fields(record) for record in chosen], "NextMarker": marker}


def _function(session: Session, call: Call) -> FunctionName:
    name = call.function_name()
    try:
        resolve(session, name)
    except ResourceNotFoundException:
        raise InvalidParameterValueException("Function does not exist", field="FunctionName") from None
    return name


def _all(session: Session, call: Call) -> list[EventSourceMappingRecord]:
    """The region's mappings, the oldest first."""
    query = select(EventSourceMappingRecord).where(EventSourceMappingRecord.region == call.region)
    return [record for record in session.scalars(query.order_by(EventSourceMappingRecord.id)) if not record.gone]


def _sweep(session: Session) -> None:
    """Drop the rows of mappings whose deletion is over."""
    session.execute(
        delete(EventSourceMappingRecord).where(
            EventSourceMappingRecord.transition == State.DELETING.value,
            EventSourceMappingRecord.settles_ms <= now_ms(),
        )
    )


def _existing(session: Session, call: Call) -> EventSourceMappingRecord:
    return _find(session, call.region, call.parameters["UUID"])


@taggable("event-source-mapping")
def _tagged(session: Session, arn: str) -> EventSourceMappingRecord:
    parts = arn.split(":")
    return _find(session, parts[3], parts[-1])


def _find(session: Session, region: str, uuid: str) -> EventSourceMappingRecord:
    record = session.scalar(
        select(EventSourceMappingRecord).where(
            EventSourceMappingRecord.region == region, EventSourceMappingRecord.uuid == uuid
        )
    )
    if record is None or record.gone:
        raise ResourceNotFoundException("The resource you requested does not exist.", field="UUID")
    return record


def _refuse_in_use(call: Call, record: EventSourceMappingRecord, verb: str) -> None:
    """AWS refuses every change while one is going on; a playground that is not strict only one after the deletion."""
    settled = record.state in (State.ENABLED, State.DISABLED)
    if record.state is State.DELETING or (call.services.settings.strict and not settled):
        raise ResourceInUseException(f"Cannot {verb} the event source mapping because it is in use.", field="UUID")


def _exists_already(kind: SourceKind, other: EventSourceMappingRecord, name: FunctionName) -> ResourceConflictException:
    known = f'(" {other.source_arn} ") and function (" {name.name} ")'
    first = f"An event source mapping with SQS arn {known} already exists."
    if kind is not SQS:
        first = f"The event source arn {known} provided mapping already exists."
    return ResourceConflictException(f"{first} Please update or delete the existing mapping with UUID {other.uuid}")


def _is_of(record: EventSourceMappingRecord, name: FunctionName) -> bool:
    if name.qualifier is not None:
        return record.function_arn == name.qualified_arn
    return record.function_arn == name.arn or record.function_arn.startswith(f"{name.arn}:")


def _configuration(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept as JSON, so the one timestamp becomes s since the epoch."""
    given = {key: value for key, value in parameters.items() if key not in _NOT_CONFIGURATION}
    if isinstance(moment := given.get("StartingPositionTimestamp"), datetime):
        given["StartingPositionTimestamp"] = moment.timestamp()
    return given


def _fields(record: EventSourceMappingRecord) -> dict[str, Any]:
    source = {"EventSourceArn": record.source_arn} if record.source_arn else {}
    stream = kind_of({**record.config, **source}).stream
    return {
        "UUID": record.uuid,
        **record.config,
        **source,
        "EventSourceMappingArn": record.arn,
        "FunctionArn": record.function_arn,
        "LastModified": datetime.fromtimestamp(record.modified_ms / 1000, UTC),
        "LastProcessingResult": "No records processed" if stream else None,
        "State": record.state.value,
        "StateTransitionReason": record.reason,
    }
