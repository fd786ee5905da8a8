"""What is set on a function, a version or an alias without being part of its configuration.

Each kind belongs to one module of `webapp.api`, which says what its value holds; all go with what they are
set on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Select, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.database import Base
from webapp.functions.cleanup import on_delete
from webapp.functions.names import FunctionName
from webapp.functions.records import now_ms


class Kind(StrEnum):
    """The kinds of settings."""

    POLICY = "policy"  # {"Statement": […]}, see `webapp.api.policies`
    EVENT_INVOKE = "event invoke"  # members of FunctionEventInvokeConfig
    PROVISIONED = "provisioned"  # see `webapp.api.provisioned`
    RUNTIME_MANAGEMENT = "runtime management"  # UpdateRuntimeOn, RuntimeVersionArn
    RECURSION = "recursion"  # RecursiveLoop
    CODE_SIGNING = "code signing"  # CodeSigningConfigArn
    SCALING = "scaling"  # FunctionScalingConfig


class FunctionSettingRecord(Base):
    """One setting. `qualifier` is "" for the function itself, which is not the same as "$LATEST"."""

    __tablename__ = "function_settings"
    __table_args__ = (UniqueConstraint("region", "name", "kind", "qualifier"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(140))
    kind: Mapped[str] = mapped_column(String(32))
    qualifier: Mapped[str] = mapped_column(String(128))
    value: Mapped[dict[str, Any]]
    modified_ms: Mapped[int] = mapped_column(BigInteger)


def setting(session: Session, kind: Kind, name: FunctionName) -> FunctionSettingRecord | None:
    """That setting of exactly what `name` names, its qualifier included; None where nothing is set."""
    return session.scalar(_of_function(kind, name).where(FunctionSettingRecord.qualifier == (name.qualifier or "")))


def settings(session: Session, kind: Kind, name: FunctionName) -> list[FunctionSettingRecord]:
    """That setting of the function and of every qualifier, sorted by qualifier."""
    return list(session.scalars(_of_function(kind, name).order_by(FunctionSettingRecord.qualifier)))


def put(session: Session, kind: Kind, name: FunctionName, value: Mapping[str, Any]) -> FunctionSettingRecord:
    """Set it, in place of what was set before."""
    record = setting(session, kind, name)
    if record is None:
        record = FunctionSettingRecord(
            region=name.region, name=name.name, kind=kind.value, qualifier=name.qualifier or ""
        )
        session.add(record)
    record.value = dict(value)
    record.modified_ms = now_ms()
    return record


def remove(session: Session, kind: Kind, name: FunctionName) -> bool:
    """Unset it; False where nothing was set."""
    record = setting(session, kind, name)
    if record is not None:
        session.delete(record)
    return record is not None


@on_delete
def _forget(session: Session, name: FunctionName) -> None:
    """A function takes all its settings along, a version or an alias its own."""
    query = delete(FunctionSettingRecord).where(
        FunctionSettingRecord.region == name.region, FunctionSettingRecord.name == name.name
    )
    if name.qualifier is not None:
        query = query.where(FunctionSettingRecord.qualifier == name.qualifier)
    session.execute(query)


def _of_function(kind: Kind, name: FunctionName) -> Select[FunctionSettingRecord]:
    return select(FunctionSettingRecord).where(
        FunctionSettingRecord.region == name.region,
        FunctionSettingRecord.name == name.name,
        FunctionSettingRecord.kind == kind.value,
    )
