"""Who may invoke a function: the resource policy of a function, a version or an alias.

Source: "Viewing resource-based IAM policies in Lambda". The playground has no callers to tell apart, so a
policy is kept and shown; only a strict one asks it, for function URLs (`allows_public_url`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from sandbox.errors import InvalidParameterValueException, ResourceNotFoundException
from webapp.api.operations import Call, operation
from webapp.api.policy_documents import Statement, added, as_json, document, removed
from webapp.api.targets import check_revision, revise, revision_id, target
from webapp.function_settings import Kind, put, remove, setting
from webapp.functions.names import LATEST, FunctionName

_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)")
_IDENTITY = re.compile(
    r"arn:aws[a-zA-Z-]*:(iam::\d{12}:(root|user/.+|role/.+|group/.+|federated-user/.+)|sts::\d{12}:.+)"
)
INVOKE_URL = "lambda:InvokeFunctionUrl"


@operation("AddPermission")
def add_permission(call: Call) -> Mapping[str, Any]:
    """Add a statement to the policy."""
    name = call.function_name()
    if name.qualifier == LATEST:
        raise InvalidParameterValueException(
            "We currently do not support adding policies for $LATEST.", field="Qualifier"
        )
    statement = _statement(call.parameters, name)
    with call.services.database.writing() as session:
        found = target(session, name)
        check_revision(found, call.parameters.get("RevisionId"))
        put_statements(session, name, added(statements(session, name), statement))
        revise(found)
    return {"Statement": as_json(statement)}


@operation("RemovePermission")
def remove_permission(call: Call) -> Mapping[str, Any]:
    """Remove a statement from the policy."""
    name = call.function_name()
    with call.services.database.writing() as session:
        try:
            found = target(session, name)
        except ResourceNotFoundException as error:
            if error.message.startswith("Function not found"):
                raise ResourceNotFoundException(f"No policy found for: {name.qualified_arn}") from None
            raise
        left = removed(statements(session, name), call.parameters["StatementId"])
        check_revision(found, call.parameters.get("RevisionId"))
        put_statements(session, name, left)
        revise(found)
    return {}


@operation("GetPolicy")
def get_policy(call: Call) -> Mapping[str, Any]:
    """The policy, and the RevisionId of what it is the policy of."""
    name = call.function_name()
    with call.services.database.session() as session:
        target(session, name.qualified(None))
        kept = statements(session, name)
        if not kept:
            raise ResourceNotFoundException("The resource you requested does not exist.")
        return {"Policy": document(kept), "RevisionId": revision_id(target(session, name))}


def statements(session: Session, name: FunctionName) -> Sequence[Statement]:
    """The statements of exactly what `name` names."""
    record = setting(session, Kind.POLICY, name)
    return record.value["Statement"] if record is not None else []


def put_statements(session: Session, name: FunctionName, kept: Sequence[Statement]) -> None:
    """Keep these statements in place of the ones before; a policy without any is none."""
    if kept:
        put(session, Kind.POLICY, name, {"Statement": list(kept)})
    else:
        remove(session, Kind.POLICY, name)


def allows_public_url(session: Session, name: FunctionName) -> bool:
    """Whether everyone may call the function URL of exactly what `name` names."""
    return any(
        statement.get("Effect") == "Allow"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and statement.get("Action") in (INVOKE_URL, "lambda:*", "*")
        for statement in statements(session, name)
    )


def _statement(parameters: Mapping[str, Any], name: FunctionName) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(parameters["Principal"]),
        "Action": parameters["Action"],
        "Resource": name.qualified_arn,
    }
    if condition := _condition(parameters):
        statement["Condition"] = condition
    return statement


def _principal(given: str) -> Any:
    if given == "*":
        return given
    if given.isdecimal() and len(given) == 12:
        return {"AWS": f"arn:aws:iam::{given}:root"}
    if _IDENTITY.fullmatch(given):
        return {"AWS": given}
    if _SERVICE.fullmatch(given):
        return {"Service": given}
    raise InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again.", field="Principal"
    )


def _condition(parameters: Mapping[str, Any]) -> dict[str, Any]:
    if parameters.get("FunctionUrlAuthType") and parameters["Action"] != INVOKE_URL:
        raise InvalidParameterValueException(
            f"FunctionUrlAuthType is only supported for {INVOKE_URL} action", field="FunctionUrlAuthType"
        )
    equals = {
        key: parameters[member]
        for member, key in (
            ("FunctionUrlAuthType", "lambda:FunctionUrlAuthType"),
            ("PrincipalOrgID", "aws:PrincipalOrgID"),
            ("SourceAccount", "AWS:SourceAccount"),
            ("EventSourceToken", "lambda:EventSourceToken"),
        )
        if parameters.get(member)
    }
    condition: dict[str, Any] = {}
    if equals:
        condition["StringEquals"] = equals
    if source := parameters.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": source}
    if (through_url := parameters.get("InvokedViaFunctionUrl")) is not None:
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": str(through_url).lower()}
    return condition
