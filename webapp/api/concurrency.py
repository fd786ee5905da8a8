"""Reserved concurrency: how much of the account's concurrency a function has for itself, and no more than that.

The sandbox throttles by it (`Function.reserved_concurrency`). Source: "Configuring reserved concurrency".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox.errors import InvalidParameterValueException
from sandbox.limits import ACCOUNT_CONCURRENCY, MIN_UNRESERVED_CONCURRENCY
from webapp.api.operations import Call, operation
from webapp.functions.records import FunctionRecord
from webapp.functions.store import find
from webapp.provisioned_concurrency import requested


@operation("PutFunctionConcurrency")
def put_function_concurrency(call: Call) -> Mapping[str, Any]:
    """Reserve; 0 throttles every invocation."""
    name = call.function_name().only_function()
    wanted = int(call.parameters["ReservedConcurrentExecutions"])
    with call.services.database.writing() as session:
        record = find(session, name)
        if ACCOUNT_CONCURRENCY - _reserved_by_others(session, record) - wanted < MIN_UNRESERVED_CONCURRENCY:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                "UnreservedConcurrentExecution below its minimum value of "
                f"[{MIN_UNRESERVED_CONCURRENCY}].",
                field="ReservedConcurrentExecutions",
            )
        provisioned = requested(session, name)
        if wanted < provisioned:
            raise InvalidParameterValueException(
                f"ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
                f"concurrency [{provisioned}].",
                field="ReservedConcurrentExecutions",
            )
        record.reserved_concurrency = wanted
    return {"ReservedConcurrentExecutions": wanted}


@operation("GetFunctionConcurrency")
def get_function_concurrency(call: Call) -> Mapping[str, Any]:
    """What is reserved; nothing where the function shares the account's rest."""
    with call.services.database.session() as session:
        record = find(session, call.function_name().only_function())
        return {"ReservedConcurrentExecutions": record.reserved_concurrency}


@operation("DeleteFunctionConcurrency")
def delete_function_concurrency(call: Call) -> Mapping[str, Any]:
    """Give the reservation back."""
    with call.services.database.writing() as session:
        find(session, call.function_name().only_function()).reserved_concurrency = None
    return {}


def unreserved_concurrency(session: Session, region: str) -> int:
    """What the functions of a region have left for those without a reservation."""
    total = session.scalar(select(func.sum(FunctionRecord.reserved_concurrency)).where(FunctionRecord.region == region))
    return ACCOUNT_CONCURRENCY - int(total or 0)


def _reserved_by_others(session: Session, record: FunctionRecord) -> int:
    taken = ACCOUNT_CONCURRENCY - unreserved_concurrency(session, record.region)
    return taken - (record.reserved_concurrency or 0)
