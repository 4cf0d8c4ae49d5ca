"""The outbox: what is to be said to whom, in ids and codes; the words are made when the letter is written."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, Json, kept, one_of
from notifications.states import DROPPED_FOR, MESSAGE

CHANNELS = ("email",)
"""Text messages and webhooks will be others."""

DUE = "state IN ('waiting', 'sending')"
RECIPIENTS = "num_nonnulls(customer_id, advisor_id, thread_id)"
ENDED = "state IN ('sent', 'failed', 'dropped')"


@kept(
    "notifying",
    "message",
    "pseudonymous",
    codes="market_id template args language channel once state error dropped_for",
)
class Message(SQLModel, table=True):
    """One message to one person: a customer, an advisor, or whoever writes in a thread without being known.

    `once` names what is said: there is one row for it, ever. `due_at` is when somebody looks at it next: to send it
    or, while it is `sending`, because the note is overdue. `most_attempts` grows when it is sent again by hand, so
    that `attempts` only grows and tells one attempt from the next. After its time the recipient and `args` go and
    the row stays, so that the same thing is not said again.
    """

    __tablename__ = "messages"
    __table_args__ = (
        ForeignKeyConstraint(
            ["customer_id", "market_id"], ["customers.id", "customers.market_id"], ondelete="CASCADE"
        ),
        one_of("state", MESSAGE.states, "ck_messages_state"),
        one_of("channel", CHANNELS, "ck_messages_channel"),
        one_of("dropped_for", DROPPED_FOR, "ck_messages_reason"),
        CheckConstraint("(state = 'dropped') = (dropped_for IS NOT NULL)", name="ck_messages_dropped_for"),
        CheckConstraint(f"({ENDED}) = (ended_at IS NOT NULL)", name="ck_messages_ended_at"),
        CheckConstraint("customer_id IS NULL OR market_id IS NOT NULL", name="ck_messages_market"),
        CheckConstraint(
            f"{RECIPIENTS} = 1 OR ({RECIPIENTS} = 0 AND {ENDED})",
            name="ck_messages_recipient",
        ),
        CheckConstraint("attempts BETWEEN 0 AND most_attempts", name="ck_messages_attempts"),
        CheckConstraint("length(once) BETWEEN 1 AND 200", name="ck_messages_once"),
        Index("ux_messages_once", "once", unique=True),
        Index("ix_messages_due", "channel", "due_at", postgresql_where=text(DUE)),
        Index("ix_messages_failed", "id", postgresql_where=text("state = 'failed'")),
        Index("ix_messages_ended", "ended_at"),
        Index("ix_messages_customer", "customer_id", "id", postgresql_where=text("customer_id IS NOT NULL")),
        Index("ix_messages_advisor", "advisor_id", "id", postgresql_where=text("advisor_id IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    id: UUID = Field(primary_key=True)
    market_id: str | None = Field(default=None, foreign_key="markets.id", sa_type=Text)
    customer_id: UUID | None = None
    advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    template: str = Field(sa_type=Text)
    args: dict[str, Any] = Field(sa_type=Json)
    language: str = Field(sa_type=Text)
    channel: str = Field(default="email", sa_type=Text)
    once: str = Field(sa_type=Text)
    state: str = Field(default="waiting", sa_type=Text)
    due_at: datetime = Field(sa_type=Instant)
    attempts: int = 0
    most_attempts: int
    error: str | None = Field(default=None, sa_type=Text)
    dropped_for: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    thread_id: UUID | None = None
