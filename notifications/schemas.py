"""The outbox as it is answered: ids, codes, counts and instants, never an address or a word of a letter."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from kit.database import Row
from kit.wire import Shown
from notifications.events import public_state

State = Literal["waiting", "sending", "sent", "failed", "dropped"]


class MessageAnswer(Shown):
    id: str
    state: State
    template: str = Field(description="What it says, for example `advisor_changed`.")
    channel: str
    market: str | None
    customer: str | None = Field(description="`cus_…`; null for a message to staff, or after its retention.")
    advisor: str | None = Field(description="`adv_…`; null for a message to a customer, or after its retention.")
    language: str
    attempts: int
    error: str | None = Field(description="Why the last attempt failed: `smtp_550`, `unreachable`, `lost`, …")
    dropped_for: str | None = Field(description="Why there was nobody to write to: `no_address`, `opted_out`, …")
    due_at: datetime = Field(description="When it is looked at next, while it is waiting or sending.")
    created_at: datetime
    ended_at: datetime | None = Field(description="When it was sent, failed or was dropped.")


class Messages(Shown):
    items: list[MessageAnswer]
    next: str | None = None


def shown(row: Row) -> MessageAnswer:
    """From a row of `messages`."""
    instants = {name: row[name] for name in ("due_at", "created_at", "ended_at")}
    return MessageAnswer(**public_state(row), language=row["language"], **instants)
