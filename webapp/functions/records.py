"""Functions, their versions and aliases as database rows.

Written by `webapp.api` (and, through it, by the page); read through `webapp.functions.store`. A row's nested
configuration is kept in the shapes of Lambda's API, under the names of its service model.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.database import Base


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def new_revision_id() -> str:
    """A fresh RevisionId."""
    return str(uuid.uuid4())


class FunctionRecord(Base):
    """One function of one region. What versions share: tags, reserved concurrency, the version counter."""

    __tablename__ = "functions"
    __table_args__ = (UniqueConstraint("region", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(140))
    account_id: Mapped[str] = mapped_column(String(12))
    created_ms: Mapped[int] = mapped_column(BigInteger, default=now_ms)
    next_version: Mapped[int] = mapped_column(default=1)
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # PutFunctionConcurrency writes it; None: unreserved
    reserved_concurrency: Mapped[int | None] = mapped_column(default=None)

    versions: Mapped[list[VersionRecord]] = relationship(
        back_populates="function", cascade="all, delete-orphan", order_by="VersionRecord.number"
    )
    aliases: Mapped[list[AliasRecord]] = relationship(
        back_populates="function", cascade="all, delete-orphan", order_by="AliasRecord.name"
    )

    @property
    def arn(self) -> str:
        """The unqualified ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def latest(self) -> VersionRecord:
        """$LATEST."""
        return self.versions[0]


class VersionRecord(Base):
    """One version: code and configuration. "$LATEST" has number 0 and is the one that changes.

    `code_sha256` is the hex SHA-256 of the zip (a `PackageStore` name). `settings` holds what has no column, by
    the names of FunctionConfiguration: Environment ({"Variables": …}), Layers (list of ARNs), VpcConfig,
    DeadLetterConfig, TracingConfig, Architectures, EphemeralStorage, SnapStart, LoggingConfig, KMSKeyArn.
    State, LastUpdateStatus and which of the two revision ids counts follow from `pending_until_ms` and
    `updating_until_ms`, see `webapp.functions.state`.
    """

    __tablename__ = "function_versions"
    __table_args__ = (UniqueConstraint("function_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    function_id: Mapped[int] = mapped_column(ForeignKey("functions.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(default=0)  # 0 is $LATEST
    runtime: Mapped[str] = mapped_column(String(64))
    handler: Mapped[str] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    timeout_s: Mapped[int]
    memory_mb: Mapped[int]
    code_sha256: Mapped[str] = mapped_column(String(64))
    code_size: Mapped[int] = mapped_column(BigInteger)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    modified_ms: Mapped[int] = mapped_column(BigInteger, default=now_ms)
    revision_id: Mapped[str] = mapped_column(String(36), default=new_revision_id)
    settled_revision_id: Mapped[str] = mapped_column(String(36), default=new_revision_id)
    # changes with every update: no update's environment serves another
    environment_id: Mapped[str] = mapped_column(String(36), default=new_revision_id)
    content_hash: Mapped[str] = mapped_column(String(64), default="")  # of a published version: what it was made of
    pending_until_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    updating_until_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    # PutProvisionedConcurrencyConfig keeps here what all its configurations ask of this version together
    provisioned_concurrency: Mapped[int] = mapped_column(default=0)

    function: Mapped[FunctionRecord] = relationship(back_populates="versions")

    @property
    def version(self) -> str:
        """As the API names it: "$LATEST" or "1", "2", … ."""
        return str(self.number) if self.number else "$LATEST"

    @property
    def qualified_arn(self) -> str:
        """The ARN that ends in this version."""
        return f"{self.function.arn}:{self.version}"


class AliasRecord(Base):
    """A name for a version; `weights` sends a share of the invocations to a second one ({"2": 0.1})."""

    __tablename__ = "function_aliases"
    __table_args__ = (UniqueConstraint("function_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    function_id: Mapped[int] = mapped_column(ForeignKey("functions.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(128))
    function_version: Mapped[str] = mapped_column(String(32))
    description: Mapped[str] = mapped_column(Text, default="")
    weights: Mapped[dict[str, Any]] = mapped_column(default=dict)
    revision_id: Mapped[str] = mapped_column(String(36), default=new_revision_id)

    function: Mapped[FunctionRecord] = relationship(back_populates="aliases")

    @property
    def arn(self) -> str:
        """The ARN that ends in the alias."""
        return f"{self.function.arn}:{self.name}"
