"""Event source mappings as database rows, and the states they go through."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Base
from webapp.functions.records import now_ms

# Long enough that a client sees the transition, short enough that nobody waits for it.
SETTLE_MS = 300


class State(StrEnum):
    """A mapping's state."""

    CREATING = "Creating"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    UPDATING = "Updating"
    DELETING = "Deleting"


class EventSourceMappingRecord(Base):
    """One mapping. `config` has the members of EventSourceMappingConfiguration that the caller may choose.

    It is in `transition` ("" for none) until `settles_ms`, then Enabled or Disabled, or gone after Deleting: the
    state follows from the clock, so that every process sees the same one and it survives a crash.
    """

    __tablename__ = "event_source_mappings"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=lambda: str(uuid.uuid4()))
    region: Mapped[str] = mapped_column(String(32))
    account_id: Mapped[str] = mapped_column(String(12))
    function_arn: Mapped[str] = mapped_column(Text)
    source_arn: Mapped[str] = mapped_column(Text, default="")
    config: Mapped[dict[str, Any]]
    tags: Mapped[dict[str, Any]] = mapped_column(default=dict)
    enabled: Mapped[bool] = mapped_column(default=True)
    reason: Mapped[str] = mapped_column(String(64))
    transition: Mapped[str] = mapped_column(String(16), default="")
    settles_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    modified_ms: Mapped[int] = mapped_column(BigInteger, default=now_ms)

    @property
    def arn(self) -> str:
        """The mapping's own ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:event-source-mapping:{self.uuid}"

    @property
    def state(self) -> State:
        """The state now."""
        if self.transition and now_ms() < self.settles_ms:
            return State(self.transition)
        return State.ENABLED if self.enabled else State.DISABLED

    @property
    def gone(self) -> bool:
        """Whether its deletion is over."""
        return self.transition == State.DELETING and now_ms() >= self.settles_ms

    def begin(self, transition: State) -> None:
        """Let it begin a transition."""
        self.transition = transition.value
        self.settles_ms = now_ms() + SETTLE_MS
        self.modified_ms = now_ms()
