"""Layer versions as database rows. Written by `webapp.api.layers`, read through `webapp.layers.store`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.functions.records import new_revision_id, now_ms


class LayerVersionRecord(Base):
    """One version of a layer; it never changes, but for its policy.

    A deleted version keeps its row: functions that use it keep working, and its number is never given
    again. `sha256` is the hex SHA-256 of the zip (a `PackageStore` name), sizes are in bytes; a
    `compatible_…` column is None where the publisher said nothing. `statements` is the policy's, in the
    order they were added.
    """

    __tablename__ = "layer_versions"
    __table_args__ = (UniqueConstraint("region", "name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(140))
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    code_size: Mapped[int] = mapped_column(BigInteger)
    unzipped_size: Mapped[int] = mapped_column(BigInteger)
    description: Mapped[str] = mapped_column(Text, default="")
    license_info: Mapped[str | None] = mapped_column(Text, default=None)
    compatible_runtimes: Mapped[list[Any] | None] = mapped_column(default=None)
    compatible_architectures: Mapped[list[Any] | None] = mapped_column(default=None)
    created_ms: Mapped[int] = mapped_column(BigInteger, default=now_ms)
    deleted: Mapped[bool] = mapped_column(default=False)
    statements: Mapped[list[Any]] = mapped_column(default=list)
    policy_revision_id: Mapped[str] = mapped_column(String(36), default=new_revision_id)

    @property
    def layer_arn(self) -> str:
        """The ARN of the layer, without the version."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:layer:{self.name}"

    @property
    def arn(self) -> str:
        """The ARN of this version."""
        return f"{self.layer_arn}:{self.version}"
