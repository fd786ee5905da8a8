"""The database: one engine a process, a session a unit of work, and the tables made at start.

Called by every model (for `Base`) and by everything that reads or writes rows (`Database.session`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, create_engine, event, inspect
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

BUSY_TIMEOUT_MS = 15_000  # how long a writer waits for another process's transaction


class Base(DeclarativeBase):
    """The base of every model; a `dict[str, Any]` or `list[Any]` column is stored as JSON."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Database:
    """The engine and its sessions for one SQLAlchemy URL.

    Safe to make in several processes at once: tables are created where they are missing, and a race to create
    them is won by one and noticed by the rest.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    def create_tables(self) -> None:
        """Create what is missing. Import the modules that hold the models first."""
        for attempt in range(5):
            try:
                with self.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
                    Base.metadata.create_all(connection)
                    connection.commit()
                return
            except (IntegrityError, OperationalError, ProgrammingError):  # another worker made the same table
                existing = set(inspect(self.engine).get_table_names())
                if attempt == 4 and not existing.issuperset(Base.metadata.tables):
                    raise

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A read or write transaction: committed at the end, rolled back on any exception.

        On SQLite the write lock is taken only at the first write; use `writing` to read and then write.
        """
        with self._sessions() as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that holds SQLite's write lock from its start: what it reads stays true until it ends."""
        with self._sessions() as session, session.begin():
            if self.engine.dialect.name == "sqlite":
                session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            yield session

    def dispose(self) -> None:
        """Close every connection (after a fork, at exit)."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's implicit BEGIN would come too late; `_begin` says it
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine
