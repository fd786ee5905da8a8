"""Layer versions by ARN: for a function that attaches them, and for one that runs with them.

`resolve_layers` is called where a function is made or changed; `found_for_use` is what running functions go
through, registered with `webapp.functions.layers`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.errors import InvalidParameterValueException
from webapp.functions.checks import check_layer_list
from webapp.functions.layers import LayerVersion, layers_come_from
from webapp.functions.names import AccessDeniedException
from webapp.layers.records import LayerVersionRecord

_ARN = re.compile(
    r"arn:[a-zA-Z0-9-]+:lambda:(?P<region>[a-zA-Z0-9-]+):(?P<account>\d{12}):layer:(?P<name>[a-zA-Z0-9_-]+)"
    r"(?::(?P<version>\d+))?"
)
_MAX_VERSION = 2**31  # what every database's integer holds


@dataclass(frozen=True)
class LayerArn:
    """The parts of a layer's or a layer version's ARN; `version` is None in a layer's."""

    region: str
    account_id: str
    name: str
    version: int | None

    @classmethod
    def parse(cls, text: str) -> LayerArn | None:
        """The parts of `text`; None where it is no layer's ARN."""
        match = _ARN.fullmatch(text)
        if match is None:
            return None
        return cls(
            match["region"],
            match["account"],
            match["name"],
            int(match["version"]) if match["version"] else None,
        )


def find(session: Session, region: str, name: str, version: int | None) -> LayerVersionRecord | None:
    """The row of that version, deleted or not; None where there never was one."""
    if version is None or not 0 < version < _MAX_VERSION:
        return None
    return session.scalar(
        select(LayerVersionRecord).where(
            LayerVersionRecord.region == region,
            LayerVersionRecord.name == name,
            LayerVersionRecord.version == version,
        )
    )


def resolve_layers(session: Session, arns: Sequence[str], *, region: str, account_id: str) -> list[LayerVersion]:
    """The layer versions that a function of `region` and `account_id` may attach, in the order of `arns`.

    Raises InvalidParameterValueException for more than five, for two versions of one layer, for another
    region and for a version that does not exist (any more); AccessDeniedException for another account's
    layer.
    """
    check_layer_list(arns)
    found: list[LayerVersion] = []
    for arn in arns:
        parts = LayerArn.parse(arn)
        if parts is not None and parts.region != region:
            raise InvalidParameterValueException(
                f"Layers are not in the same region as the function. Layers are expected to be in region {region}.",
                field="Layers",
            )
        if parts is not None and parts.account_id != account_id:
            raise AccessDeniedException(
                f"User: arn:aws:iam::{account_id}:root is not authorized to perform: lambda:GetLayerVersion on "
                f"resource: {arn} because no resource-based policy allows the lambda:GetLayerVersion action"
            )
        record = None if parts is None else find(session, region, parts.name, parts.version)
        if record is None or record.deleted:
            raise does_not_exist(arn)
        found.append(_layer_version(record))
    return found


@layers_come_from
def found_for_use(session: Session, arns: Sequence[str]) -> list[LayerVersion]:
    """The layer versions a function was given, deleted ones too, in the order of `arns`."""
    found: list[LayerVersion] = []
    for arn in arns:
        parts = LayerArn.parse(arn)
        record = None if parts is None else find(session, parts.region, parts.name, parts.version)
        if record is None:
            raise does_not_exist(arn)
        found.append(_layer_version(record))
    return found


def does_not_exist(arn: str) -> InvalidParameterValueException:
    """The error for a layer version that a function can't have."""
    return InvalidParameterValueException(f"Layer version {arn} does not exist.", field="Layers")


def _layer_version(record: LayerVersionRecord) -> LayerVersion:
    return LayerVersion(record.arn, record.sha256, record.code_size, record.unzipped_size)
