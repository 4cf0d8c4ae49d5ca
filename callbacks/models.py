"""The ledger of promises. Rows are never deleted; each ends exactly once, with a reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Text, text
from sqlmodel import Field, SQLModel

from callbacks.states import CALLBACK, QUESTION
from kit.tables import Instant, Json, about, kept, one_of

FINAL = ", ".join(f"'{state}'" for state in sorted(CALLBACK.final))


@kept("promises", "contact", "pseudonymous", codes="market_id owner_state owner_reason state language")
class Callback(SQLModel, table=True):
    """This customer, this advisor (or the desk group), this window.

    `promised_from`/`promised_until` keep the window as first promised; `window_…` is the present one, moved only
    with consent. `wish_…` is what suits the customer, where they have said so: within it we may move it ourselves.
    `planned_at` is when in the window the calendar keeps it, and `question_id` what the customer is being asked.
    `next_action_at` is never null before the end: something is always due.
    """

    __tablename__ = "callbacks"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        one_of("state", CALLBACK.states, "ck_callbacks_state"),
        one_of("owner_state", ("own", "handed_to_group"), "ck_callbacks_owner_state"),
        CheckConstraint("window_ends_at > window_starts_at", name="ck_callbacks_window"),
        CheckConstraint(f"(state IN ({FINAL})) = (final_reason IS NOT NULL)", name="ck_callbacks_final_reason"),
        CheckConstraint(f"(state IN ({FINAL})) = (final_at IS NOT NULL)", name="ck_callbacks_final_at"),
        CheckConstraint(f"(state IN ({FINAL})) = (next_action_at IS NULL)", name="ck_callbacks_next_action"),
        CheckConstraint("owner_state = 'own' OR owner_reason IS NOT NULL", name="ck_callbacks_owner_reason"),
        CheckConstraint("attempts BETWEEN 0 AND 20", name="ck_callbacks_attempts"),
        Index(
            "ux_callbacks_open_customer",
            "customer_id",
            "market_id",
            unique=True,
            postgresql_where=text(f"state NOT IN ({FINAL}) AND customer_id IS NOT NULL"),
        ),
        Index("ix_callbacks_stranger", "number", postgresql_where=text("customer_id IS NULL")),
        Index("ix_callbacks_due", "next_action_at", postgresql_where=text(f"state NOT IN ({FINAL})")),
        Index("ix_callbacks_window", "window_starts_at"),
        Index("ix_callbacks_final", "final_at"),
        Index(
            "ix_callbacks_advisor",
            "advisor_id",
            "window_starts_at",
            postgresql_where=text(f"state NOT IN ({FINAL})"),
        ),
        Index(
            "ix_callbacks_group",
            "desk_group_id",
            "window_starts_at",
            postgresql_where=text(f"state NOT IN ({FINAL})"),
        ),
        Index("ix_callbacks_number", "number", "created_at"),
        Index("ix_callbacks_customer", "customer_id", "market_id", "created_at"),
        Index("ix_callbacks_asked_by", "asked_by", "created_at", postgresql_where=text("new_number")),
    )

    id: UUID
    market_id: str = Field(foreign_key="markets.id", sa_type=Text)
    customer_id: UUID | None = None
    advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    desk_group_id: UUID | None = Field(default=None, foreign_key="desk_groups.id")
    owner_state: str = Field(default="own", sa_type=Text)
    owner_reason: str | None = Field(default=None, sa_type=Text)
    state: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=Instant)
    promised_from: datetime = Field(sa_type=Instant)
    promised_until: datetime = Field(sa_type=Instant)
    window_starts_at: datetime = Field(sa_type=Instant)
    window_ends_at: datetime = Field(sa_type=Instant)
    number: str | None = about("personal", default=None, sa_type=Text)
    topic: str | None = about("personal", default=None, sa_type=Text)
    language: str = Field(sa_type=Text)
    contact_id: UUID | None = None
    asked_by: str | None = about("pseudonymous", default=None, sa_type=Text)
    new_number: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    attempts: int = 0
    next_action_at: datetime | None = Field(default=None, sa_type=Instant)
    reached_at: datetime | None = Field(default=None, sa_type=Instant)
    reached_by: UUID | None = None
    final_at: datetime | None = Field(default=None, sa_type=Instant)
    final_reason: str | None = about("personal", default=None, sa_type=Text)
    merged_into: UUID | None = None
    created_at: datetime = Field(sa_type=Instant)
    wish_from: datetime | None = Field(default=None, sa_type=Instant)
    wish_until: datetime | None = Field(default=None, sa_type=Instant)
    planned_at: datetime | None = Field(default=None, sa_type=Instant)
    moves: int | None = None
    expected_minutes: int | None = None
    number_confirmed: bool | None = None
    question_id: UUID | None = None


@kept("promises", "contact", "pseudonymous", codes="market_id result")
class CallbackAttempt(SQLModel, table=True):
    """An intent to dial, committed before the switch is told; its token is dialled once."""

    __tablename__ = "callback_attempts"
    __table_args__ = (
        PrimaryKeyConstraint("token", "market_id"),
        ForeignKeyConstraint(["callback_id", "market_id"], ["callbacks.id", "callbacks.market_id"]),
        Index("ux_callback_attempts_open", "callback_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ux_callback_attempts_number", "number", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index(
            "ix_callback_attempts_to_dial",
            "committed_at",
            postgresql_where=text("ended_at IS NULL AND handed_at IS NULL"),
        ),
        Index("ix_callback_attempts_number", "number", "committed_at"),
        Index("ix_callback_attempts_callback", "callback_id", "market_id"),
        CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name="ck_callback_attempts_result"),
    )

    token: UUID
    market_id: str = Field(foreign_key="markets.id", sa_type=Text)
    callback_id: UUID
    advisor_id: UUID = Field(foreign_key="advisors.id")
    ordinal: int
    number: str | None = about("personal", default=None, sa_type=Text)
    committed_at: datetime = Field(sa_type=Instant)
    handed_at: datetime | None = Field(default=None, sa_type=Instant)
    last_signal_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    result: str | None = Field(default=None, sa_type=Text)


@kept("promises", "contact", "pseudonymous", codes="market_id state choices answer answered_by")
class CallbackQuestion(SQLModel, table=True):
    """What the customer is asked before their promise changes; one at a time, and answered before its window.

    `choices` are other windows of the own advisor, as pairs of instants.
    """

    __tablename__ = "callback_questions"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        ForeignKeyConstraint(["callback_id", "market_id"], ["callbacks.id", "callbacks.market_id"]),
        one_of("state", QUESTION.states, "ck_callback_questions_state"),
        one_of("answer", ("keep", "move", "cancel"), "ck_callback_questions_answer"),
        one_of("answered_by", ("link", "call"), "ck_callback_questions_answered_by"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ck_callback_questions_ended_at"),
        CheckConstraint(
            "(state = 'answered') = (answer IS NOT NULL AND answered_by IS NOT NULL)",
            name="ck_callback_questions_answered",
        ),
        CheckConstraint("answer_until > asked_at", name="ck_callback_questions_answer_until"),
        Index("ux_callback_questions_open", "callback_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_callback_questions_due", "answer_until", postgresql_where=text("state = 'open'")),
        Index("ix_callback_questions_callback", "callback_id", "market_id"),
    )

    id: UUID
    market_id: str = Field(foreign_key="markets.id", sa_type=Text)
    callback_id: UUID
    state: str = Field(default="open", sa_type=Text)
    asked_at: datetime = Field(sa_type=Instant)
    answer_until: datetime = Field(sa_type=Instant)
    choices: list[Any] = Field(sa_type=Json)
    answer: str | None = Field(default=None, sa_type=Text)
    answered_by: str | None = Field(default=None, sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


@kept("promises", "advisor", "pseudonymous", codes="token_hash")
class CalendarFeed(SQLModel, table=True):
    """The secret in the address of an advisor's calendar, as a hash."""

    __tablename__ = "calendar_feeds"

    advisor_id: UUID = Field(primary_key=True, foreign_key="advisors.id")
    token_hash: bytes
    made_at: datetime = Field(sa_type=Instant)
