"""Every starter handler, run with every sample event: it answers, or fails just as it means to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Function, Invocation, Sandbox
from sandbox.manager import default_runtime
from webapp.events import sample_event, sample_events
from webapp.starters import Starter, starter, starters

MEANT_TO_FAIL = {"raising-an-error": "OrderRefused", "timeout": "Sandbox.Timedout", "memory": "Runtime.ExitError"}
TAKE_SECONDS = {"timeout", "memory", "log-lines", "node-streaming"}  # run with their own event alone


def of(sandbox: Sandbox, found: Starter) -> Function:
    """The starter as a function, on the first runtime of its family that this host has."""
    if found.runtime_family == "python":
        identifier = default_runtime()
    else:
        family = [r for r in sandbox.status().runtimes if r.family == found.runtime_family]
        identifier = next((r.identifier for r in family if r.available), "")
        if not identifier:
            pytest.skip(f"{found.runtime_family}: {family[0].missing if family else 'no such runtime'}")
    package = sandbox.packages.put_files({name: text.encode() for name, text in found.files.items()})
    return Function(
        package.sha256, found.handler, runtime=identifier, name=found.slug, environment=found.environment,
        memory_mb=found.memory_mb, timeout_s=found.timeout_s,
    )  # fmt: skip


def run(sandbox: Sandbox, function: Function, slug: str) -> Invocation:
    return sandbox.invoke(function, sample_event(slug).body.encode())


@pytest.mark.parametrize("slug", [found.slug for found in starters()])
def test_a_starter_runs_with_every_sample_event(sandbox: Sandbox, slug: str) -> None:
    found = starter(slug)
    function = of(sandbox, found)
    for event in [found.event_slug] if slug in TAKE_SECONDS else [sample.slug for sample in sample_events()]:
        invocation = run(sandbox, function, event)
        assert invocation.error_type == MEANT_TO_FAIL.get(slug), (event, invocation.payload, invocation.log_text())


def answer(sandbox: Sandbox, slug: str, event: str | None = None) -> Any:
    found = starter(slug)
    return json.loads(run(sandbox, of(sandbox, found), event or found.event_slug).payload)


def test_reading_an_event_names_the_service_that_sent_it(sandbox: Sandbox) -> None:
    assert answer(sandbox, "reading-an-event")["sources"] == ["aws:s3"]
    assert answer(sandbox, "reading-an-event", "hello-world")["key1"] == "value1"


def test_cold_versus_warm_counts_on(sandbox: Sandbox) -> None:
    first, second = answer(sandbox, "cold-versus-warm"), answer(sandbox, "cold-versus-warm")
    assert second["invocations_here"] == first["invocations_here"] + 1
    assert second["start"] == "warm"


def test_the_environment_variable_is_the_starters_own(sandbox: Sandbox) -> None:
    assert answer(sandbox, "environment-variables")["message"] == "Good morning, World"


def test_an_sqs_batch_fails_in_part(sandbox: Sandbox) -> None:
    assert set(answer(sandbox, "sqs-batch")) == {"batchItemFailures"}


def test_an_api_response_has_a_status_and_a_body(sandbox: Sandbox) -> None:
    response = answer(sandbox, "api-response")
    assert response["statusCode"] == 200
    assert json.loads(response["body"])["message"].startswith("Hello, ")
