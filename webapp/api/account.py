"""The account's limits and what is used of them in the region. Source: "API reference", GetAccountSettings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from sandbox.limits import ACCOUNT_CONCURRENCY, MAX_UNZIPPED_BYTES, MAX_ZIP_BYTES
from webapp.api.operations import Call, operation
from webapp.functions.records import FunctionRecord, VersionRecord

TOTAL_CODE_BYTES = 75 * 1024**3  # "Lambda quotas": 75 GB of functions and layers


@operation("GetAccountSettings")
def get_account_settings(call: Call) -> Mapping[str, Any]:
    """Quotas, and how much code there is in how many functions."""
    here = FunctionRecord.region == call.region
    with call.services.database.session() as session:
        reserved = session.scalar(select(func.coalesce(func.sum(FunctionRecord.reserved_concurrency), 0)).where(here))
        functions = session.scalar(select(func.count()).select_from(FunctionRecord).where(here))
        size = session.scalar(
            select(func.coalesce(func.sum(VersionRecord.code_size), 0)).join(VersionRecord.function).where(here)
        )
    return {
        "AccountLimit": {
            "TotalCodeSize": TOTAL_CODE_BYTES,
            "CodeSizeUnzipped": MAX_UNZIPPED_BYTES,
            "CodeSizeZipped": MAX_ZIP_BYTES,
            "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
            "UnreservedConcurrentExecutions": ACCOUNT_CONCURRENCY - int(reserved or 0),
        },
        "AccountUsage": {"TotalCodeSize": int(size or 0), "FunctionCount": int(functions or 0)},
    }
