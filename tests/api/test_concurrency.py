"""Reserved concurrency: a share of the account's thousand, and a limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.support import arn_of, function, refused


@pytest.fixture
def name(lambda_client: Any) -> Iterator[str]:
    with function(lambda_client) as made:
        yield made


def test_concurrency_is_reserved_and_given_back(lambda_client: Any, name: str) -> None:
    assert "ReservedConcurrentExecutions" not in lambda_client.get_function_concurrency(FunctionName=name)
    put = lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    assert put["ReservedConcurrentExecutions"] == 5
    assert lambda_client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 5
    assert lambda_client.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    answer = lambda_client.delete_function_concurrency(FunctionName=name)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "ReservedConcurrentExecutions" not in lambda_client.get_function_concurrency(FunctionName=name)


def test_a_reservation_of_zero_throttles_every_invocation(lambda_client: Any, name: str) -> None:
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert lambda_client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 0
    assert refused(lambda_client.invoke, FunctionName=name)[:2] == ("TooManyRequestsException", 429)
    lambda_client.delete_function_concurrency(FunctionName=name)
    assert lambda_client.invoke(FunctionName=name)["StatusCode"] == 200


def test_a_hundred_are_left_to_the_functions_without_a_reservation(lambda_client: Any, name: str) -> None:
    lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=500)
    with function(lambda_client) as other:
        found = refused(lambda_client.put_function_concurrency, FunctionName=other, ReservedConcurrentExecutions=401)
        lambda_client.put_function_concurrency(FunctionName=other, ReservedConcurrentExecutions=300)
    assert found == (
        "InvalidParameterValueException", 400,
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        "its minimum value of [100].",
    )  # fmt: skip


def test_concurrency_is_reserved_for_functions_only(lambda_client: Any, name: str) -> None:
    lambda_client.publish_version(FunctionName=name)
    found = refused(
        lambda_client.put_function_concurrency, FunctionName=arn_of(name, "1"), ReservedConcurrentExecutions=1
    )
    assert found[0] == "InvalidParameterValueException"
    for call in (lambda_client.get_function_concurrency, lambda_client.delete_function_concurrency):
        assert refused(call, FunctionName="doesnotexist") == (
            "ResourceNotFoundException", 404, f"Function not found: {arn_of('doesnotexist')}",
        )  # fmt: skip
