"""The API's clients: every answer that they receive is held against Lambda's service model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conformity import watch
from tests.conftest import Server, boto3_client


@pytest.fixture(scope="session")
def lambda_client(server: Server) -> Any:
    """boto3's Lambda client."""
    return watch(boto3_client(server.url))


@pytest.fixture(scope="session")
def careless_client(server: Server) -> Any:
    """The same without boto3's own check of the parameters, so that the server's is seen."""
    return watch(boto3_client(server.url, parameter_validation=False))


@pytest.fixture(scope="session")
def strict_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a playground that forgives nothing that AWS would not."""
    running = Server(tmp_path_factory.mktemp("strict") / "data", LAMBDA_PLAYGROUND_STRICT="1")
    running.start()
    yield watch(boto3_client(running.url))
    running.stop()
