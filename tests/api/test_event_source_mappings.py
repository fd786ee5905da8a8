"""Event source mappings: kept, with the defaults and states that Lambda gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, eventually, function, refused, unique

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/things/stream/2026-11-24T00:00:00.000"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/things"
KAFKA = "arn:aws:kafka:us-east-1:123456789012:cluster/things/0a1b2c3d"


def queue(suffix: str = "") -> str:
    return f"arn:aws:sqs:us-east-1:123456789012:{unique('queue')}{suffix}"


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as made:
        yield made


def state(client: Any, uuid: str) -> str:
    return str(client.get_event_source_mapping(UUID=uuid)["State"])


def test_a_mapping_of_a_queue_is_created_enabled_disabled_and_deleted(lambda_client: Any, name: str) -> None:
    source = queue()
    created = lambda_client.create_event_source_mapping(FunctionName=name, EventSourceArn=source)
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 202
    uuid = created["UUID"]
    assert created["State"] == "Creating"
    assert created["StateTransitionReason"] == "USER_INITIATED"
    assert created["EventSourceArn"] == source
    assert created["FunctionArn"] == arn_of(name)
    assert created["EventSourceMappingArn"] == f"arn:aws:lambda:us-east-1:123456789012:event-source-mapping:{uuid}"
    assert (created["BatchSize"], created["MaximumBatchingWindowInSeconds"]) == (10, 0)
    assert created["FunctionResponseTypes"] == []
    assert "ParallelizationFactor" not in created
    eventually(lambda: state(lambda_client, uuid) == "Enabled")

    changed = lambda_client.update_event_source_mapping(UUID=uuid, Enabled=False, BatchSize=5)
    assert (changed["State"], changed["BatchSize"]) == ("Disabling", 5)
    eventually(lambda: state(lambda_client, uuid) == "Disabled")
    assert lambda_client.update_event_source_mapping(UUID=uuid, BatchSize=6)["State"] == "Updating"
    eventually(lambda: state(lambda_client, uuid) == "Disabled")

    assert lambda_client.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    missing = ("ResourceNotFoundException", 404, "The resource you requested does not exist.")
    eventually(lambda: not lambda_client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"])
    for call in (lambda_client.get_event_source_mapping, lambda_client.delete_event_source_mapping):
        assert refused(call, UUID=uuid) == missing


def test_a_mapping_has_tags(lambda_client: Any, name: str) -> None:
    created = lambda_client.create_event_source_mapping(FunctionName=name, EventSourceArn=queue(), Tags={"team": "a"})
    assert lambda_client.list_tags(Resource=created["EventSourceMappingArn"])["Tags"] == {"team": "a"}


@pytest.mark.parametrize("source", [TABLE, STREAM])
def test_a_mapping_of_a_stream_has_the_defaults_of_streams(lambda_client: Any, name: str, source: str) -> None:
    created = lambda_client.create_event_source_mapping(
        FunctionName=name, EventSourceArn=source, StartingPosition="TRIM_HORIZON"
    )
    assert created["BatchSize"] == 100
    assert created["ParallelizationFactor"] == 1
    assert created["BisectBatchOnFunctionError"] is False
    assert (created["MaximumRetryAttempts"], created["MaximumRecordAgeInSeconds"]) == (-1, -1)
    assert created["TumblingWindowInSeconds"] == 0
    assert created["DestinationConfig"] == {"OnFailure": {}}
    assert created["LastProcessingResult"] == "No records processed"
    assert created["StateTransitionReason"] == "User action"


def test_reading_from_a_moment_is_kept(lambda_client: Any, name: str) -> None:
    created = lambda_client.create_event_source_mapping(
        FunctionName=name, EventSourceArn=STREAM, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1700000000
    )
    assert created["StartingPositionTimestamp"].timestamp() == 1700000000


def test_kafka_reads_a_topic(lambda_client: Any, name: str) -> None:
    position = {"StartingPosition": "LATEST"}
    created = lambda_client.create_event_source_mapping(
        FunctionName=name, EventSourceArn=KAFKA, Topics=["orders"], **position
    )
    assert (created["BatchSize"], created["Topics"]) == (100, ["orders"])
    own = lambda_client.create_event_source_mapping(
        FunctionName=name, Topics=["orders"], **position,
        SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["broker:9092"]}},
        SourceAccessConfigurations=[{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}],
    )  # fmt: skip
    assert own["SelfManagedEventSource"]["Endpoints"] == {"KAFKA_BOOTSTRAP_SERVERS": ["broker:9092"]}
    assert "EventSourceArn" not in own


def test_a_source_is_mapped_to_a_function_once(lambda_client: Any, name: str) -> None:
    source = queue()
    uuid = lambda_client.create_event_source_mapping(FunctionName=name, EventSourceArn=source)["UUID"]
    assert refused(lambda_client.create_event_source_mapping, FunctionName=name, EventSourceArn=source) == (
        "ResourceConflictException", 409,
        f'An event source mapping with SQS arn (" {source} ") and function (" {name} ") already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}",
    )  # fmt: skip
    lambda_client.publish_version(FunctionName=name)
    qualified = lambda_client.create_event_source_mapping(FunctionName=f"{name}:1", EventSourceArn=source)
    assert qualified["FunctionArn"] == arn_of(name, "1")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "Unrecognized event source."),
        (
            {"EventSourceArn": "arn:aws:s3:::bucket"},
            "Unrecognized event source, must be kinesis, dynamodb stream or sqs.",
        ),
        ({"EventSourceArn": STREAM}, "1 validation error detected: Value null at 'startingPosition' failed"),
        (
            {"EventSourceArn": STREAM, "StartingPosition": "LATEST", "StartingPositionTimestamp": 1},
            "Timestamp only valid with StartingPosition AT_TIMESTAMP",
        ),
        (
            {"EventSourceArn": TABLE, "StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 1},
            f"Unsupported starting position for arn type: {TABLE}",
        ),
        (
            {"EventSourceArn": queue(), "StartingPosition": "LATEST"},
            "StartingPosition is not valid for SQS event sources.",
        ),
        (
            {"EventSourceArn": queue(), "BatchSize": 11},
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ),
        (
            {"EventSourceArn": queue(), "ParallelizationFactor": 2},
            "Unsupported parameter for given event source mapping type.",
        ),
        (
            {"EventSourceArn": queue(), "FilterCriteria": {"Filters": [{"Pattern": "no json"}]}},
            "Invalid filter pattern definition.",
        ),
    ],
)
def test_what_a_source_does_not_take_is_refused(
    lambda_client: Any, name: str, parameters: dict[str, Any], message: str
) -> None:
    found = refused(lambda_client.create_event_source_mapping, FunctionName=name, **parameters)
    assert found[:2] == ("InvalidParameterValueException", 400)
    assert found[2].startswith(message)


def test_there_is_no_mapping_without_a_function(lambda_client: Any) -> None:
    found = refused(lambda_client.create_event_source_mapping, FunctionName="doesnotexist", EventSourceArn=queue())
    assert found == ("InvalidParameterValueException", 400, "Function does not exist")


def test_mappings_are_listed_by_source_by_function_and_page_by_page(lambda_client: Any, name: str) -> None:
    sources = [queue() for _ in range(3)]
    uuids = [
        lambda_client.create_event_source_mapping(FunctionName=name, EventSourceArn=source)["UUID"]
        for source in sources
    ]
    pages = lambda_client.get_paginator("list_event_source_mappings").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 2}
    )
    assert [[mapping["UUID"] for mapping in page["EventSourceMappings"]] for page in pages] == [uuids[:2], uuids[2:]]
    found = lambda_client.list_event_source_mappings(EventSourceArn=sources[1])["EventSourceMappings"]
    assert [mapping["UUID"] for mapping in found] == [uuids[1]]
