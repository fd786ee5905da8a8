"""A browser's own events, kept under names of its choosing.

Called by the event picker (`webapp.pages.events`) and by the page.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import BigInteger, String, Text, UniqueConstraint, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base, Database

MAX_NAME_LENGTH = 60
MAX_EVENTS = 200  # of one browser


class SavedEventRecord(Base):
    """One saved event of one browser; its name is unique there."""

    __tablename__ = "saved_events"
    __table_args__ = (UniqueConstraint("browser_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    browser_id: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME_LENGTH))
    body: Mapped[str] = mapped_column(Text)
    saved_ms: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class SavedEvent:
    """One saved event, without its body."""

    id: int
    name: str


def saved_events(database: Database, browser_id: str) -> list[SavedEvent]:
    """The browser's events by name."""
    query = select(SavedEventRecord.id, SavedEventRecord.name).where(SavedEventRecord.browser_id == browser_id)
    with database.session() as session:
        rows = session.execute(query).all()
    return sorted((SavedEvent(*row) for row in rows), key=lambda item: item.name.casefold())


def saved_event_body(database: Database, browser_id: str, event_id: int) -> str | None:
    """The JSON text of one of the browser's events; None where it has no such event."""
    with database.session() as session:
        record = session.get(SavedEventRecord, event_id)
        return record.body if record is not None and record.browser_id == browser_id else None


def save_event(database: Database, browser_id: str, name: str, body: str) -> str:
    """Keep `body` under `name`, in place of one of the same name. What is wrong, in one sentence, or ""."""
    name = " ".join(name.split())
    if not name:
        return "Give the event a name to save it under."
    if len(name) > MAX_NAME_LENGTH:
        return f"The name is too long: it may have {MAX_NAME_LENGTH} characters."
    try:
        return _write(database, browser_id, name, body)
    except IntegrityError:  # saved twice at once, under the same name
        return _write(database, browser_id, name, body)


def delete_event(database: Database, browser_id: str, event_id: int) -> bool:
    """Drop one of the browser's events; False where it has no such event."""
    with database.writing() as session:
        record = session.get(SavedEventRecord, event_id)
        if record is None or record.browser_id != browser_id:
            return False
        session.delete(record)
        return True


def _write(database: Database, browser_id: str, name: str, body: str) -> str:
    mine = SavedEventRecord.browser_id == browser_id
    with database.writing() as session:
        record = session.scalar(select(SavedEventRecord).where(mine, SavedEventRecord.name == name))
        if record is None:
            if (session.scalar(select(func.count()).where(mine)) or 0) >= MAX_EVENTS:
                return f"This browser has {MAX_EVENTS} saved events, which is the most; delete one first."
            record = SavedEventRecord(browser_id=browser_id, name=name)
            session.add(record)
        record.body, record.saved_ms = body, time.time_ns() // 1_000_000
    return ""
