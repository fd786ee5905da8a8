"""The same policies as `webapp.api.policies`, read and written as whole documents by ARN."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.errors import InvalidParameterValueException, ResourceNotFoundException
from webapp.api.operations import Call, operation
from webapp.api.policies import put_statements, statements
from webapp.api.policy_documents import document
from webapp.api.targets import check_revision, revise, revision_id, target
from webapp.functions.names import FunctionName


@operation("PutResourcePolicy")
def put_resource_policy(call: Call) -> Mapping[str, Any]:
    """Replace the whole policy."""
    name, kept = _name(call), _statements(call.parameters["Policy"])
    with call.services.database.writing() as session:
        found = target(session, name)
        check_revision(found, call.parameters.get("RevisionId"))
        put_statements(session, name, kept)
        revise(found)
        return {"Policy": document(kept), "RevisionId": revision_id(found)}


@operation("GetResourcePolicy")
def get_resource_policy(call: Call) -> Mapping[str, Any]:
    """The whole policy."""
    name = _name(call)
    with call.services.database.session() as session:
        found = target(session, name)
        kept = statements(session, name)
        if not kept:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        return {"Policy": document(kept), "RevisionId": revision_id(found)}


@operation("DeleteResourcePolicy")
def delete_resource_policy(call: Call) -> Mapping[str, Any]:
    """Remove the whole policy."""
    name = _name(call)
    with call.services.database.writing() as session:
        found = target(session, name)
        check_revision(found, call.parameters.get("RevisionId"))
        if not statements(session, name):
            raise ResourceNotFoundException("The resource you requested does not exist.")
        put_statements(session, name, [])
        revise(found)
    return {}


def _name(call: Call) -> FunctionName:
    arn = str(call.parameters["ResourceArn"])
    if ":function:" not in arn:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return FunctionName.parse(arn, region=call.region, account_id=call.account_id)


def _statements(text: str) -> list[dict[str, Any]]:
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise InvalidParameterValueException(f"The policy is not valid JSON: {error}", field="Policy") from None
    kept = parsed.get("Statement") if isinstance(parsed, dict) else None
    kept = [kept] if isinstance(kept, dict) else kept
    if not isinstance(kept, list) or not kept or not all(isinstance(item, dict) for item in kept):
        raise InvalidParameterValueException("The policy must have at least one Statement.", field="Policy")
    return kept
