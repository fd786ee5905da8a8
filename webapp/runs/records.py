"""The tables of the runs: a row for the list, and in a second table its bulk (code, event, response, log)."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base


class RunRecord(Base):
    """One run, by its request id. `started_ms` since the epoch; `kept_bytes` is what its contents take."""

    __tablename__ = "runs"
    __table_args__ = (Index("runs_of_browser", "browser_id", "started_ms"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_id: Mapped[str] = mapped_column(String(64))
    started_ms: Mapped[int] = mapped_column(BigInteger, index=True)
    state: Mapped[str] = mapped_column(String(16))
    runtime: Mapped[str] = mapped_column(String(64))
    handler: Mapped[str] = mapped_column(String(256))
    error_type: Mapped[str | None] = mapped_column(String(256))
    duration_ms: Mapped[float | None]
    cold: Mapped[bool | None]
    kept_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    share_token: Mapped[str | None] = mapped_column(String(64), unique=True)


class RunContent(Base):
    """What a run was of (`draft`) and what it gave (`outcome`, absent while it runs), both compressed."""

    __tablename__ = "run_contents"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    draft: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[bytes | None] = mapped_column(LargeBinary)
