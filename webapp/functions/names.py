"""A function's name in every form Lambda takes it: bare, partial ARN, ARN, each with or without a qualifier.

Called by `webapp.api` for every operation on a function; the pages use it to build ARNs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sandbox.errors import InvalidParameterValueException, LambdaError, ResourceNotFoundException

LATEST = "$LATEST"

_REGION = r"(?:eusc-)?[a-z]{2}(?:(?:-gov)|(?:-iso[a-z]?))?-[a-z]+-\d"
_NAME = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?"
    rf"(?:(?P<region>{_REGION}):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)
_VERSION = re.compile(r"\$LATEST|[0-9]+")


class AccessDeniedException(LambdaError):
    """The resource belongs to another account."""

    type = "AccessDeniedException"
    status = 403


@dataclass(frozen=True)
class FunctionName:
    """A function and, where one was named, its qualifier ("$LATEST", a version number or an alias)."""

    name: str
    qualifier: str | None
    region: str
    account_id: str

    @classmethod
    def parse(cls, text: str, qualifier: str | None = None, *, region: str, account_id: str) -> FunctionName:
        """The function that `text` names for a caller in `region` and `account_id`.

        `qualifier` is the Qualifier parameter; where the text has one as well, they must agree
        (InvalidParameterValueException). An ARN of another region is a ResourceNotFoundException, one of
        another account an AccessDeniedException, as with AWS.
        """
        match = _NAME.fullmatch(text)
        if match is None:
            raise InvalidParameterValueException(f"Invalid function name: {text}", field="FunctionName")
        inner = match["qualifier"]
        found = cls(match["name"], inner or qualifier or None, region, match["account"] or account_id)
        if found.account_id != account_id:
            raise AccessDeniedException(
                f"User: arn:aws:iam::{account_id}:root is not authorized to perform this operation on "
                f"resource: {found.qualified_arn} because no resource-based policy allows it"
            )
        if match["region"] and match["region"] != region:
            raise ResourceNotFoundException(
                f"Functions from '{match['region']}' are not reachable in this region ('{region}')",
                field="FunctionName",
            )
        if inner and qualifier and inner != qualifier:
            raise InvalidParameterValueException(
                "The derived qualifier from the function name does not match the specified qualifier.",
                field="Qualifier",
            )
        return found

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def qualified_arn(self) -> str:
        """The ARN with the qualifier, where there is one."""
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn

    def only_function(self) -> FunctionName:
        """The same; InvalidParameterValueException where a version or an alias is named."""
        if self.qualifier is not None and self.qualifier != LATEST:
            raise InvalidParameterValueException(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support "
                "this operation. Please specify either a function name or an unqualified function ARN.",
                field="FunctionName",
            )
        return self

    def qualified(self, qualifier: str | None) -> FunctionName:
        """The same function with another qualifier."""
        return replace(self, qualifier=qualifier)

    @property
    def names_alias(self) -> bool:
        """True where the qualifier can only be an alias."""
        return self.qualifier is not None and _VERSION.fullmatch(self.qualifier) is None


def is_version(qualifier: str) -> bool:
    """True for "$LATEST" and numbers; an alias can have neither form."""
    return _VERSION.fullmatch(qualifier) is not None
