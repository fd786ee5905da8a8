"""Which runtimes this host can test: asked by the tests of each family."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Invocation
from sandbox.runtimes import runtimes
from sandbox.runtimes.install import install_clients


def found(family: str) -> list[Any]:
    """The identifiers of `family` that this host can run, as parameters of a test; skipped by name if there is none.

    A client that is missing is installed here, so that nothing is skipped where the interpreter is there.
    """
    known = [item for item in runtimes() if item.family == family]
    if any("not installed" in item.missing for item in known):
        install_clients([family])
    here = [item for item in known if item.available or "not installed" in item.missing]
    if here:
        return [item.identifier for item in here]
    return [pytest.param(item.identifier, marks=pytest.mark.skip(reason=item.missing)) for item in known]


def answer(invocation: Invocation) -> Any:
    """The response of an invocation that succeeded."""
    assert invocation.succeeded, (invocation.payload, invocation.log_text())
    return json.loads(invocation.payload)


def failure(invocation: Invocation) -> Any:
    """The error's JSON of one that did not."""
    assert invocation.function_error == "Unhandled", invocation.payload
    return json.loads(invocation.payload)


def lines(invocation: Invocation) -> list[str]:
    """What the function itself wrote."""
    return [event.message for event in invocation.log if event.source == "function"]
