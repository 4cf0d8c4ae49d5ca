"""Markets, their sites, policies and closures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, Json, TextList, kept, one_of


@kept(
    "company",
    "company",
    codes="id name phone_region time_zone languages opening_hours holiday_country holiday_subdivision",
)
class Market(SQLModel, table=True):
    """A country or brand in which customers buy, with its opening hours (local to `time_zone`)."""

    __tablename__ = "markets"
    __table_args__ = (
        CheckConstraint("id ~ '^[A-Z][A-Z0-9_-]{1,15}$'", name="ck_markets_id"),
        CheckConstraint("number_quarantine_days >= 90", name="ck_markets_quarantine"),
    )

    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    phone_region: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    languages: list[str] = Field(sa_type=TextList)
    opening_hours: dict[str, list[list[str]]] = Field(sa_type=Json)
    holiday_country: str | None = Field(default=None, sa_type=Text)
    holiday_subdivision: str | None = Field(default=None, sa_type=Text)
    number_quarantine_days: int = 90


@kept("company", "company", codes="name time_zone holiday_country holiday_subdivision")
class Site(SQLModel, table=True):
    """Where a desk group sits: its zone and the Land whose holidays it keeps."""

    __tablename__ = "sites"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text, unique=True)
    time_zone: str = Field(sa_type=Text)
    holiday_country: str | None = Field(default=None, sa_type=Text)
    holiday_subdivision: str | None = Field(default=None, sa_type=Text)


@kept("company", "company", codes="market_id rules")
class Policy(SQLModel, table=True):
    """A market's rules for routing, waiting and callbacks, in force from `valid_from` until the next version."""

    __tablename__ = "policies"
    __table_args__ = (PrimaryKeyConstraint("market_id", "version"),)

    market_id: str = Field(foreign_key="markets.id", sa_type=Text)
    version: int
    valid_from: datetime = Field(sa_type=Instant)
    rules: dict[str, Any] = Field(sa_type=Json)


@kept("company", "company", codes="market_id kind")
class Closure(SQLModel, table=True):
    """A market closed out of turn: planned, or an emergency that holds until it is lifted."""

    __tablename__ = "closures"
    __table_args__ = (
        one_of("kind", ("emergency", "planned"), "ck_closures_kind"),
        CheckConstraint("ends_at > starts_at", name="ck_closures_period"),
        Index("ix_closures_market", "market_id", "starts_at"),
    )

    id: UUID = Field(primary_key=True)
    market_id: str = Field(foreign_key="markets.id", sa_type=Text)
    kind: str = Field(sa_type=Text)
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
