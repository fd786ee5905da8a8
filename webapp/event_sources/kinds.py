"""The kinds of event sources, each with the parameters it takes and what they are by default.

Called by `webapp.api.event_source_mappings`. Source: "CreateEventSourceMapping" in the API reference; the errors are
those that AWS was seen to give.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import InvalidParameterValueException

_STREAM_ONLY = {
    "ParallelizationFactor",
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
}
_STREAM_DEFAULTS: Mapping[str, Any] = {
    "ParallelizationFactor": 1,
    "BisectBatchOnFunctionError": False,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "DestinationConfig": {"OnFailure": {}},
}
_KAFKA = {
    "Topics",
    "SourceAccessConfigurations",
    "ProvisionedPollerConfig",
    "DestinationConfig",
    "KMSKeyArn",
    "LoggingConfig",
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
}

# What every kind takes.
_ALWAYS = {
    "EventSourceArn", "FunctionName", "Enabled", "BatchSize", "FilterCriteria", "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes", "Tags", "KMSKeyArn", "MetricsConfig", "UUID",
}  # fmt: skip


@dataclass(frozen=True)
class SourceKind:
    """One kind of event source.

    `takes` are the parameters beyond those of all kinds, `needs` those that must be there; windows in s;
    `reason` is the StateTransitionReason, `reads_from_position` whether StartingPosition must be said.
    """

    name: str
    arn: re.Pattern[str] | None
    batch_size: int
    takes: frozenset[str]
    needs: tuple[str, ...] = ()
    window_s: int = 0
    reads_from_position: bool = False
    stream: bool = False
    reason: str = "USER_INITIATED"

    def defaults(self) -> dict[str, Any]:
        """What a mapping has that says nothing."""
        fields: dict[str, Any] = {
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.window_s,
            "FunctionResponseTypes": [],
        }
        return {**fields, **_STREAM_DEFAULTS} if self.stream else fields


def _kind(name: str, arn: str | None, batch_size: int, takes: set[str], **more: Any) -> SourceKind:
    return SourceKind(name, re.compile(arn) if arn else None, batch_size, frozenset(takes), **more)


SQS = _kind("SQS", r"arn:[^:]+:sqs:[^:]+:\d{12}:[\w.-]+", 10, {"ScalingConfig", "ProvisionedPollerConfig"})
KINDS = (
    SQS,
    _kind(
        "Kinesis", r"arn:[^:]+:kinesis:[^:]+:\d{12}:stream/[\w.-]+(/consumer/[\w.-]+(:\d+)?)?", 100,
        {"StartingPosition", "StartingPositionTimestamp", "DestinationConfig"} | _STREAM_ONLY,
        reads_from_position=True, stream=True, reason="User action",
    ),
    _kind(
        "DynamoDB", r"arn:[^:]+:dynamodb:[^:]+:\d{12}:table/[\w.-]+/stream/.+", 100,
        {"StartingPosition", "StartingPositionTimestamp", "DestinationConfig"} | _STREAM_ONLY,
        reads_from_position=True, stream=True, reason="User action",
    ),
    _kind(
        "Amazon MSK", r"arn:[^:]+:kafka:[^:]+:\d{12}:(cluster|vpc-connection)/.+", 100,
        _KAFKA | {"StartingPosition", "StartingPositionTimestamp", "AmazonManagedKafkaEventSourceConfig"},
        needs=("Topics",), reads_from_position=True,
    ),
    _kind(
        "Amazon MQ", r"arn:[^:]+:mq:[^:]+:\d{12}:broker:.+", 100,
        {"Queues", "SourceAccessConfigurations"}, needs=("Queues", "SourceAccessConfigurations"),
    ),
    _kind(
        "Amazon DocumentDB", r"arn:[^:]+:rds:[^:]+:\d{12}:cluster:.+", 100,
        {"StartingPosition", "StartingPositionTimestamp", "DocumentDBEventSourceConfig", "SourceAccessConfigurations"},
        needs=("DocumentDBEventSourceConfig", "SourceAccessConfigurations"), reads_from_position=True,
    ),
)  # fmt: skip
SELF_MANAGED_KAFKA = _kind(
    "self-managed Apache Kafka", None, 100,
    _KAFKA | {
        "StartingPosition", "StartingPositionTimestamp", "SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig",
    },
    needs=("Topics",), reads_from_position=True,
)  # fmt: skip


def kind_of(parameters: Mapping[str, Any]) -> SourceKind:
    """The kind of source that a mapping reads from; InvalidParameterValueException for what Lambda can't read."""
    arn = parameters.get("EventSourceArn")
    if arn is None:
        if parameters.get("SelfManagedEventSource"):
            return SELF_MANAGED_KAFKA
        raise InvalidParameterValueException("Unrecognized event source.", field="EventSourceArn")
    for kind in KINDS:
        if kind.arn is not None and kind.arn.fullmatch(arn):
            return kind
    raise InvalidParameterValueException(
        f"Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source arn : {arn}",
        field="EventSourceArn",
    )


def check_new(kind: SourceKind, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters that a new mapping of that kind can't have, or lacks."""
    _check_position(kind, parameters)
    for needed in kind.needs:
        if not parameters.get(needed):
            raise InvalidParameterValueException(f"{needed} is required for {kind.name} event sources.", field=needed)
    check(kind, parameters, {**kind.defaults(), **parameters})


def check(kind: SourceKind, given: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
    """Refuse parameters that a mapping of that kind can't have; `whole` is the mapping as it would become."""
    for parameter in given:
        if parameter not in _ALWAYS and parameter not in kind.takes:
            raise InvalidParameterValueException(
                "Unsupported parameter for given event source mapping type.", field=parameter
            )
    if kind is SQS:
        _check_queue(whole)
    for entry in (given.get("FilterCriteria") or {}).get("Filters") or []:
        _check_pattern(entry.get("Pattern") or "")


def _check_position(kind: SourceKind, parameters: Mapping[str, Any]) -> None:
    position, timestamp = parameters.get("StartingPosition"), parameters.get("StartingPositionTimestamp")
    if not kind.reads_from_position:
        if position is not None:
            raise InvalidParameterValueException(
                f"StartingPosition is not valid for {kind.name} event sources.", field="StartingPosition"
            )
        return
    if position is None:
        raise InvalidParameterValueException(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null.",
            field="StartingPosition",
        )
    if position != "AT_TIMESTAMP":
        if timestamp is not None:
            raise InvalidParameterValueException(
                "Timestamp only valid with StartingPosition AT_TIMESTAMP", field="StartingPositionTimestamp"
            )
        return
    if kind.name == "DynamoDB":
        raise InvalidParameterValueException(
            f"Unsupported starting position for arn type: {parameters['EventSourceArn']}", field="StartingPosition"
        )
    if timestamp is None:
        raise InvalidParameterValueException(
            "1 validation error detected: Value null at 'startingPositionTimestamp' failed to satisfy constraint: "
            "Member must not be null.",
            field="StartingPositionTimestamp",
        )


def _check_queue(whole: Mapping[str, Any]) -> None:
    batch, window = whole["BatchSize"], whole["MaximumBatchingWindowInSeconds"]
    fifo = str(whole.get("EventSourceArn", "")).endswith(".fifo")
    if fifo and window > 0:
        raise InvalidParameterValueException(
            "Batching window is not supported for FIFO queues.", field="MaximumBatchingWindowInSeconds"
        )
    if fifo and batch > 10:
        raise InvalidParameterValueException(
            "Batch size must not be greater than 10 for FIFO queues.", field="BatchSize"
        )
    if batch > 10 and window == 0:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            field="MaximumBatchingWindowInSeconds",
        )


def _check_pattern(pattern: str) -> None:
    try:
        if isinstance(json.loads(pattern), dict):
            return
    except (ValueError, RecursionError):
        pass
    raise InvalidParameterValueException("Invalid filter pattern definition.", field="FilterCriteria")
