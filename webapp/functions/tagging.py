"""What can carry tags: functions here; event source mappings and code signing configurations register theirs.

Called by TagResource, UntagResource and ListTags.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy.orm import Session

from sandbox.errors import InvalidParameterValueException
from webapp.functions.names import FunctionName
from webapp.functions.store import find


class Tagged(Protocol):
    """A record with tags; a change of them is an assignment, never a change in place."""

    tags: Any


Finder = Callable[[Session, str], Tagged]

_finders: dict[str, Finder] = {}


def taggable(kind: str) -> Callable[[Finder], Finder]:
    """Register the look-up for ARNs "arn:aws:lambda:region:account:<kind>:…"; it raises ResourceNotFoundException."""

    def register(finder: Finder) -> Finder:
        _finders[kind] = finder
        return finder

    return register


def tagged_resource(session: Session, arn: str, *, region: str, account_id: str) -> Tagged:
    """The record that `arn` names."""
    kind = arn.split(":")[5]
    if kind != "function":
        if kind not in _finders:
            raise InvalidParameterValueException(
                f"The playground has no resources of the kind {kind}.", field="Resource"
            )
        return _finders[kind](session, arn)
    name = FunctionName.parse(arn, region=region, account_id=account_id)
    if name.qualifier:
        raise InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function ARN.",
            field="Resource",
        )
    return find(session, name, lock=True)
