"""The last answer that the guide's function gave over the API, so that the guide can tell a learner how far they are.

Registered by `webapp.pages.guide` to see every response; it looks at the paths of one function only.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from flask import Response, request
from sqlalchemy import BigInteger, LargeBinary, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.database import Base
from webapp.functions.cleanup import on_delete
from webapp.functions.names import FunctionName
from webapp.functions.records import now_ms
from webapp.services import services

FUNCTION = "my-lambda-function"
MAX_KEPT_BYTES = 4096
_PATH = f"/2015-03-31/functions/{FUNCTION}/invocations"


class GuideAnswerRecord(Base):
    """One row: the last answer. `id` is always 1."""

    __tablename__ = "guide_answers"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answered_ms: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[int]
    function_error: Mapped[str] = mapped_column(String(32), default="")
    error_type: Mapped[str] = mapped_column(String(128), default="")
    body: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class GuideAnswer:
    """What Invoke answered. `function_error` and `error_type` are "" where there was none; ms since the epoch."""

    answered_ms: int
    status: int
    function_error: str
    error_type: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


def keep(response: Response) -> Response:
    """Keep the answer, where it is one of the guide's function's. For `after_request`; never fails a request."""
    if request.method != "POST" or unquote(request.path) != _PATH or response.is_streamed:
        return response
    record = GuideAnswerRecord(
        id=1,
        answered_ms=now_ms(),
        status=response.status_code,
        function_error=response.headers.get("X-Amz-Function-Error", "")[:32],
        error_type=response.headers.get("X-Amzn-ErrorType", "")[:128],
        body=response.get_data()[:MAX_KEPT_BYTES],
    )
    with services().database.writing() as session:
        session.merge(record)
    return response


def last_answer() -> GuideAnswer | None:
    """The last one; None where the function was never invoked over the API."""
    with services().database.session() as session:
        found = session.get(GuideAnswerRecord, 1)
        if found is None:
            return None
        return GuideAnswer(found.answered_ms, found.status, found.function_error, found.error_type, found.body)


@on_delete
def _forget(session: Session, name: FunctionName) -> None:
    """The answer goes with the function."""
    if name.name == FUNCTION and name.qualifier is None:
        session.execute(delete(GuideAnswerRecord))
