"""The Lambda API as the pages call it: the same operations as over HTTP, checked and performed in this process.

So what the page does to a function is what the AWS CLI would do to it, and said in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from sqlalchemy import select

from webapp.api.operations import Call, perform
from webapp.functions.records import FunctionRecord
from webapp.services import services


def call(operation: str, region: str = "", **parameters: Any) -> Mapping[str, Any]:
    """Perform it, by the service model's names, in `region` (the default one). Raises LambdaError."""
    shared = services()
    return perform(
        operation,
        Call(
            parameters=parameters,
            services=shared,
            region=region or shared.settings.default_region,
            account_id=shared.settings.account_id,
            base_url=request.host_url.rstrip("/"),
        ),
    )


def everything(operation: str, member: str, region: str = "", **parameters: Any) -> list[Mapping[str, Any]]:
    """Every page of a list operation, together."""
    found: list[Mapping[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        answer = call(operation, region, **parameters, **marker)
        found.extend(answer.get(member) or [])
        if not answer.get("NextMarker"):
            return found
        marker = {"Marker": answer["NextMarker"]}


def regions() -> list[str]:
    """Every region that has a function, the default one first."""
    default = services().settings.default_region
    with services().database.session() as session:
        found = session.scalars(select(FunctionRecord.region).distinct()).all()
    return sorted(found, key=lambda region: (region != default, region))
