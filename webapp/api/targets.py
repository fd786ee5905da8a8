"""The function, version or alias that an operation is about, found with the errors these operations share."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from sandbox.errors import PreconditionFailedException, ResourceNotFoundException
from webapp.functions.names import FunctionName, is_version
from webapp.functions.records import AliasRecord, VersionRecord, new_revision_id
from webapp.functions.state import new_revision, revision_of
from webapp.functions.store import find, find_alias, not_found, resolve

_ALIAS = re.compile(r"[a-zA-Z0-9_-]+")

Target = VersionRecord | AliasRecord


def target(session: Session, name: FunctionName) -> Target:
    """The version or alias that `name` names; $LATEST where it names the function.

    ResourceNotFoundException in the words of permissions and provisioned concurrency, which tell a missing
    alias from a missing function.
    """
    if name.qualifier is None:
        return find(session, name).latest
    if is_version(name.qualifier):
        return resolve(session, name)
    if _ALIAS.fullmatch(name.qualifier) is None:
        raise not_found(name)
    try:
        return find_alias(session, name)
    except ResourceNotFoundException:
        raise ResourceNotFoundException(f"Cannot find alias arn: {name.qualified_arn}") from None


def revision_id(found: Target) -> str:
    """The RevisionId now."""
    return found.revision_id if isinstance(found, AliasRecord) else revision_of(found)


def check_revision(found: Target, given: str | None) -> None:
    """PreconditionFailedException where a caller knows another revision than the latest."""
    if given and given != revision_id(found):
        raise PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id. "
            "Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
            field="RevisionId",
        )


def revise(found: Target) -> None:
    """Give it a new RevisionId."""
    if isinstance(found, AliasRecord):
        found.revision_id = new_revision_id()
    else:
        new_revision(found)
