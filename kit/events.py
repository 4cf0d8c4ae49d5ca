"""The event log: every committed change is announced by exactly one row of the same transaction.

The order is (epoch, transaction id, id), readable only below the snapshot's xmin: sequence numbers are handed out
before the commit, so a reader that trusted `id > last` would skip what commits late.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, PrimaryKeyConstraint, Text, text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, Json, kept


@kept("running", "event", "pseudonymous", codes="type subject market_id data")
class Event(SQLModel, table=True):
    """One change. `data` holds ids and states, never names, numbers or words of people."""

    __tablename__ = "events"
    __table_args__ = (
        PrimaryKeyConstraint("id", "at"),
        Index("ix_events_order", "xid", "id"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    at: datetime = Field(sa_type=Instant)
    xid: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("own_xid()")})
    type: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    market_id: str | None = Field(default=None, sa_type=Text)
    desk_group_id: UUID | None = None
    advisor_id: UUID | None = None
    data: dict[str, Any] = Field(sa_type=Json)


@kept("running", "always")
class EventEpoch(SQLModel, table=True):
    """Counts the lives of the log: a restore begins a new one; cursors of the old are answered with a resync."""

    __tablename__ = "event_epoch"

    epoch: int = Field(primary_key=True)
