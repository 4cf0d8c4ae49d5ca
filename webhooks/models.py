"""Subscriptions, what is on its way to them, and how far the log has been read for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, LargeBinary, Text, Uuid, text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, TextList, kept, one_of
from webhooks.states import DELIVERY, PAUSED_FOR, REACHES

PENDING = "state = 'pending'"


@kept(
    "notifying",
    "company",
    codes="name url types markets reach secret old_secret paused_for created_by",
)
class Webhook(SQLModel, table=True):
    """A subscription. Without markets and groups it hears of the whole company.

    Secrets are sealed; the old one signs along until `old_secret_until`. One that was removed keeps its row, as its
    dead letters do, and has no secret any more.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        one_of("reach", REACHES, "ck_webhooks_reach"),
        one_of("paused_for", PAUSED_FOR, "ck_webhooks_paused_for"),
        CheckConstraint("(paused_at IS NULL) = (paused_for IS NULL)", name="ck_webhooks_paused"),
        CheckConstraint("(old_secret IS NULL) = (old_secret_until IS NULL)", name="ck_webhooks_old_secret"),
        CheckConstraint("(secret IS NULL) = (removed_at IS NOT NULL)", name="ck_webhooks_secret"),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    url: str = Field(sa_type=Text)
    types: list[str] = Field(sa_type=TextList)
    markets: list[str] = Field(sa_type=TextList)
    desk_groups: list[UUID] = Field(sa_type=ARRAY(Uuid))
    reach: str = Field(sa_type=Text)
    secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    secret_made_at: datetime = Field(sa_type=Instant)
    old_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    old_secret_until: datetime | None = Field(default=None, sa_type=Instant)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    paused_for: str | None = Field(default=None, sa_type=Text)
    removed_at: datetime | None = Field(default=None, sa_type=Instant)
    created_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


@kept("notifying", "delivery", codes="type subject state reason")
class Delivery(SQLModel, table=True):
    """One event for one subscription; without `event_id` a test or the word that the past is gone.

    `next_at` is set on the first pending one of each subject alone, so that whatever waits behind one that fails
    costs nothing. `attempts` only grows and tells one attempt from the next; `tries` begins again with a replay.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        one_of("state", DELIVERY.states, "ck_webhook_deliveries_state"),
        CheckConstraint(f"({PENDING}) = (ended_at IS NULL)", name="ck_webhook_deliveries_ended"),
        CheckConstraint("state <> 'dead' OR reason IS NOT NULL", name="ck_webhook_deliveries_reason"),
        CheckConstraint(f"{PENDING} OR next_at IS NULL", name="ck_webhook_deliveries_next"),
        CheckConstraint("(event_id IS NULL) = (event_at IS NULL)", name="ck_webhook_deliveries_event"),
        Index(
            "ux_webhook_deliveries_event",
            "webhook_id",
            "epoch",
            "event_id",
            unique=True,
            postgresql_where=text("event_id IS NOT NULL"),
        ),
        Index(
            "ix_webhook_deliveries_due",
            "webhook_id",
            "next_at",
            postgresql_where=text(f"{PENDING} AND next_at IS NOT NULL"),
        ),
        Index(
            "ix_webhook_deliveries_queue",
            "webhook_id",
            "subject",
            "position",
            "id",
            postgresql_where=text(PENDING),
        ),
        Index("ix_webhook_deliveries_listed", "webhook_id", "id"),
        Index("ix_webhook_deliveries_dead", "webhook_id", "id", postgresql_where=text("state = 'dead'")),
        Index("ix_webhook_deliveries_ended", "ended_at"),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    id: UUID = Field(primary_key=True)
    webhook_id: UUID = Field(foreign_key="webhooks.id")
    epoch: int
    event_id: int | None = Field(default=None, sa_type=BigInteger)
    event_at: datetime | None = Field(default=None, sa_type=Instant)
    type: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    position: int = Field(sa_type=BigInteger)
    state: str = Field(default="pending", sa_type=Text)
    attempts: int = 0
    tries: int = 0
    next_at: datetime | None = Field(default=None, sa_type=Instant)
    give_up_at: datetime = Field(sa_type=Instant)
    last_at: datetime | None = Field(default=None, sa_type=Instant)
    status: int | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


@kept("running", "always", codes="cursor")
class WebhookCursor(SQLModel, table=True):
    """How far the log has been read for all subscriptions; no row while there are none."""

    __tablename__ = "webhook_cursor"
    __table_args__ = (CheckConstraint("single", name="ck_webhook_cursor_single"),)

    single: bool = Field(default=True, primary_key=True)
    cursor: str = Field(sa_type=Text)
    moved_at: datetime = Field(sa_type=Instant)
