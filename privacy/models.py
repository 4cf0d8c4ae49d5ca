"""Erasures that were asked for and done, and how far retention has come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, kept, one_of

REASONS = ("customer_request", "consent_withdrawn", "no_longer_needed", "unlawful", "legal_duty")
STATES = ("requested", "declined", "done")


@kept("proof", "always", codes="market_id reason state requested_by decided_by")
class Erasure(SQLModel, table=True):
    """One person asks, another decides; approving erases in the same transaction. Ids and instants only.

    The customer's id stays, so that the erasure can be done again after a restore; it leads nowhere any more.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        one_of("reason", REASONS, "ck_erasures_reason"),
        one_of("state", STATES, "ck_erasures_state"),
        CheckConstraint("requested_by <> decided_by", name="ck_erasures_two_persons"),
        CheckConstraint("(state = 'requested') = (decided_at IS NULL)", name="ck_erasures_decided_at"),
        CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="ck_erasures_decided_by"),
        Index("ux_erasures_open", "customer_id", unique=True, postgresql_where=text("state = 'requested'")),
        Index("ix_erasures_customer", "customer_id"),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    market_id: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    state: str = Field(default="requested", sa_type=Text)
    requested_by: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=Instant)
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)


@kept("running", "always", codes="rule")
class Progress(SQLModel, table=True):
    """How far a rule of retention has come, and whose row is locked by the one replica that works on it."""

    __tablename__ = "retention_progress"

    rule: str = Field(primary_key=True, sa_type=Text)
    done_until: datetime | None = Field(default=None, sa_type=Instant)
    ran_at: datetime | None = Field(default=None, sa_type=Instant)
