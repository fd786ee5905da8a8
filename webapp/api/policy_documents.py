"""Resource policies as AWS writes them: statements added and removed one by one, printed as one JSON
document.

Called by the operations on function policies and on layer version policies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.errors import LambdaError, ResourceConflictException, ResourceNotFoundException
from sandbox.limits import MAX_POLICY_BYTES

Statement = Mapping[str, Any]


class PolicyLengthExceededException(LambdaError):
    """The policy has grown too long."""

    type = "PolicyLengthExceededException"
    status = 400


def as_json(value: Any) -> str:
    """JSON without blanks, as AWS prints statements and policies."""
    return json.dumps(value, separators=(",", ":"))


def document(statements: Sequence[Statement]) -> str:
    """The policy with these statements."""
    return as_json({"Version": "2012-10-17", "Id": "default", "Statement": list(statements)})


def added(statements: Sequence[Statement], statement: Statement) -> list[Statement]:
    """The statements with one more. ResourceConflictException where its Sid is taken."""
    if any(known.get("Sid") == statement["Sid"] for known in statements):
        raise ResourceConflictException(
            f"The statement id ({statement['Sid']}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement.",
            field="StatementId",
        )
    grown = [*statements, statement]
    if len(document(grown)) > MAX_POLICY_BYTES:
        raise PolicyLengthExceededException(
            f"The final policy size ({len(document(grown))}) is bigger than the limit ({MAX_POLICY_BYTES})."
        )
    return grown


def removed(statements: Sequence[Statement], sid: str) -> list[Statement]:
    """The statements without that one. ResourceNotFoundException where it, or any policy, is not there."""
    if not statements:
        raise no_policy()
    left = [statement for statement in statements if statement.get("Sid") != sid]
    if len(left) == len(statements):
        raise ResourceNotFoundException(f"Statement {sid} is not found in resource policy.", field="StatementId")
    return left


def no_policy() -> ResourceNotFoundException:
    """The error where there is no policy at all."""
    return ResourceNotFoundException("No policy is associated with the given resource.")
