"""Function URL configurations as database rows. Written by `webapp.api.urls`, read at every request to a URL."""

from __future__ import annotations

import secrets
import string
from typing import Any

from sqlalchemy import BigInteger, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.database import Base
from webapp.functions.cleanup import on_delete
from webapp.functions.names import FunctionName
from webapp.functions.records import now_ms

URL_ID_LENGTH = 32
_ALPHABET = string.ascii_lowercase + string.digits


def new_url_id() -> str:
    """An unguessable id, as the first label of a function URL's host."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(URL_ID_LENGTH))


class FunctionUrlRecord(Base):
    """The URL of a function ("" as `qualifier`) or of one of its aliases.

    `auth_type` is "NONE" or "AWS_IAM", `invoke_mode` "BUFFERED" or "RESPONSE_STREAM"; `cors` has the
    members of the API's Cors, None where Lambda leaves CORS to the function.
    """

    __tablename__ = "function_urls"
    __table_args__ = (UniqueConstraint("region", "name", "qualifier"),)

    url_id: Mapped[str] = mapped_column(String(URL_ID_LENGTH), primary_key=True, default=new_url_id)
    region: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(140))
    qualifier: Mapped[str] = mapped_column(String(128))
    auth_type: Mapped[str] = mapped_column(String(16))
    invoke_mode: Mapped[str] = mapped_column(String(32), default="BUFFERED")
    cors: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    created_ms: Mapped[int] = mapped_column(BigInteger, default=now_ms)
    modified_ms: Mapped[int] = mapped_column(BigInteger, default=now_ms)

    @property
    def function_name(self) -> FunctionName:
        """The function, and its alias where the URL is an alias's."""
        return FunctionName(self.name, self.qualifier or None, self.region, self.account_id)


def url_of(session: Session, name: FunctionName) -> FunctionUrlRecord | None:
    """The URL of exactly what `name` names."""
    return session.scalar(
        select(FunctionUrlRecord).where(
            FunctionUrlRecord.region == name.region,
            FunctionUrlRecord.name == name.name,
            FunctionUrlRecord.qualifier == (name.qualifier or ""),
        )
    )


def urls_of(session: Session, name: FunctionName) -> list[FunctionUrlRecord]:
    """The URLs of the function and of its aliases, the function's first."""
    return list(
        session.scalars(
            select(FunctionUrlRecord)
            .where(FunctionUrlRecord.region == name.region, FunctionUrlRecord.name == name.name)
            .order_by(FunctionUrlRecord.qualifier)
        )
    )


@on_delete
def _forget(session: Session, name: FunctionName) -> None:
    query = delete(FunctionUrlRecord).where(
        FunctionUrlRecord.region == name.region, FunctionUrlRecord.name == name.name
    )
    if name.qualifier is not None:
        query = query.where(FunctionUrlRecord.qualifier == name.qualifier)
    session.execute(query)
