"""Decisions, kept with their candidates and reasons; partitioned by month."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, PrimaryKeyConstraint, Text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, Json, kept, one_of

KINDS = ("activation", "route", "match", "callback", "rebalance")


@kept("proof", "decision", "pseudonymous", codes="market_id kind subject policy data")
class Decision(SQLModel, table=True):
    """Who was chosen, who was not, and which rule or term made it so; ids and codes only."""

    __tablename__ = "decisions"
    __table_args__ = (
        PrimaryKeyConstraint("id", "at"),
        one_of("kind", KINDS, "ck_decisions_kind"),
        Index("ix_decisions_subject", "subject", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: UUID
    at: datetime = Field(sa_type=Instant)
    market_id: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    chosen: UUID | None = None
    policy: str | None = Field(default=None, sa_type=Text)
    data: dict[str, Any] = Field(sa_type=Json)
