"""Who may use a layer version: its resource policy, kept and shown; this playground has one account only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.errors import PreconditionFailedException, ResourceNotFoundException
from webapp.api.layers import layer_name, version_number
from webapp.api.operations import Call, operation
from webapp.api.policy_documents import Statement, added, as_json, document, no_policy, removed
from webapp.functions.records import new_revision_id
from webapp.layers.records import LayerVersionRecord
from webapp.layers.store import find


@operation("AddLayerVersionPermission")
def add_layer_version_permission(call: Call) -> Mapping[str, Any]:
    """Add a statement."""
    parameters = call.parameters
    statement: dict[str, Any] = {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(parameters["Principal"]),
        "Action": parameters["Action"],
        "Resource": _arn(call),
    }
    if organization := parameters.get("OrganizationId"):
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organization}}
    record = _change(call, lambda statements: added(statements, statement))
    return {"Statement": as_json(statement), "RevisionId": record.policy_revision_id}


@operation("RemoveLayerVersionPermission")
def remove_layer_version_permission(call: Call) -> Mapping[str, Any]:
    """Remove a statement."""
    _change(call, lambda statements: removed(statements, call.parameters["StatementId"]))
    return {}


@operation("GetLayerVersionPolicy")
def get_layer_version_policy(call: Call) -> Mapping[str, Any]:
    """The policy."""
    with call.services.database.session() as session:
        record = _record(call, find(session, call.region, layer_name(call), version_number(call)))
    if not record.statements:
        raise no_policy()
    return {"Policy": document(record.statements), "RevisionId": record.policy_revision_id}


def _change(call: Call, change: Callable[[Sequence[Statement]], list[Statement]]) -> LayerVersionRecord:
    with call.services.database.writing() as session:
        record = _record(call, find(session, call.region, layer_name(call), version_number(call)))
        revision = call.parameters.get("RevisionId")
        if revision and revision != record.policy_revision_id:
            raise PreconditionFailedException(
                "The Revision Id provided does not match the latest Revision Id. "
                "Call the GetLayerPolicy API to retrieve the latest Revision Id",
                field="RevisionId",
            )
        record.statements = change(record.statements)
        record.policy_revision_id = new_revision_id()
    return record


def _record(call: Call, record: LayerVersionRecord | None) -> LayerVersionRecord:
    if record is None or record.deleted:
        arn = f"arn:aws:lambda:{call.region}:{call.account_id}:layer:{layer_name(call)}:{version_number(call)}"
        raise ResourceNotFoundException(f"Layer version {arn} does not exist.", field="LayerName")
    return record


def _arn(call: Call) -> str:
    return f"arn:aws:lambda:{call.region}:{call.account_id}:layer:{layer_name(call)}:{version_number(call)}"


def _principal(given: str) -> Any:
    if given == "*":
        return "*"
    return {"AWS": f"arn:aws:iam::{given}:root" if given.isdecimal() else given}
