"""The account's settings."""

from __future__ import annotations

from typing import Any

from tests.api.support import function


def test_the_account_has_lambdas_quotas_and_counts_what_is_used(lambda_client: Any) -> None:
    before = lambda_client.get_account_settings()
    assert before["AccountLimit"] == {
        "TotalCodeSize": 80_530_636_800,
        "CodeSizeUnzipped": 262_144_000,
        "CodeSizeZipped": 52_428_800,
        "ConcurrentExecutions": 1_000,
        "UnreservedConcurrentExecutions": before["AccountLimit"]["UnreservedConcurrentExecutions"],
    }
    with function(lambda_client) as name:
        lambda_client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=100)
        size = lambda_client.get_function_configuration(FunctionName=name)["CodeSize"]
        during = lambda_client.get_account_settings()
        assert during["AccountUsage"]["FunctionCount"] == before["AccountUsage"]["FunctionCount"] + 1
        assert during["AccountUsage"]["TotalCodeSize"] == before["AccountUsage"]["TotalCodeSize"] + size
        free = before["AccountLimit"]["UnreservedConcurrentExecutions"] - 100
        assert during["AccountLimit"]["UnreservedConcurrentExecutions"] == free
    assert lambda_client.get_account_settings() | {"ResponseMetadata": 0} == before | {"ResponseMetadata": 0}
