"""The seam between a function's configuration and the layers: ARNs in, packages out.

`webapp.api.layers`, which keeps the layers, registers its look-up with `layers_come_from`; functions are
made, shown and run through `find_layers`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sandbox.errors import InvalidParameterValueException


@dataclass(frozen=True)
class LayerVersion:
    """One layer version: its ARN (with the version), its package in the `PackageStore`, sizes in bytes."""

    arn: str
    sha256: str
    code_size: int
    unzipped_size: int


Finder = Callable[[Session, Sequence[str]], list[LayerVersion]]

_finders: list[Finder] = []


def layers_come_from(finder: Finder) -> Finder:
    """Register the look-up: the layer versions of those ARNs, in their order, or a LambdaError.

    A version deleted after a function began to use it must still be found: functions keep working with it.
    """
    _finders.append(finder)
    return finder


def find_layers(session: Session, arns: Sequence[str]) -> list[LayerVersion]:
    """The layer versions of `arns`, in their order (lowest first)."""
    if not arns:
        return []
    if not _finders:
        raise InvalidParameterValueException(f"Layer version {arns[0]} does not exist.", field="Layers")
    return _finders[0](session, arns)
