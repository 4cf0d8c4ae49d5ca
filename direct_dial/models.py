"""Numbers: each has one owner at a time and rests before the next."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Text, text
from sqlmodel import Field, SQLModel

from direct_dial.states import NUMBER
from kit.tables import Instant, kept, one_of


@kept("company", "company", codes="number market_id kind state trunk")
class DirectDialNumber(SQLModel, table=True):
    """A number of a market's pool. `direct` ones belong to advisors, `general` ones to the market itself.

    `trunk` is the beginning that a block of numbers shares, where known: the direct dial is written behind it.
    """

    __tablename__ = "direct_dial_numbers"
    __table_args__ = (
        PrimaryKeyConstraint("number", "market_id"),
        one_of("state", NUMBER.states, "ck_direct_dial_numbers_state"),
        one_of("kind", ("direct", "general"), "ck_direct_dial_numbers_kind"),
        CheckConstraint(
            "(state IN ('assigned', 'redirected')) = (advisor_id IS NOT NULL)", name="ck_direct_dial_numbers_owner"
        ),
        CheckConstraint("number ~ '^\\+[1-9][0-9]{4,14}$'", name="ck_direct_dial_numbers_e164"),
        Index("ux_direct_dial_numbers_number", "number", unique=True),
        Index(
            "ux_direct_dial_numbers_advisor",
            "advisor_id",
            "market_id",
            unique=True,
            postgresql_where=text("state = 'assigned'"),
        ),
        Index("ix_direct_dial_numbers_free", "market_id", "number", postgresql_where=text("state = 'free'")),
    )

    number: str = Field(sa_type=Text)
    market_id: str = Field(foreign_key="markets.id", sa_type=Text)
    kind: str = Field(default="direct", sa_type=Text)
    state: str = Field(default="free", sa_type=Text)
    trunk: str | None = Field(default=None, sa_type=Text)
    advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    since: datetime = Field(sa_type=Instant)
    quarantined_until: datetime | None = Field(default=None, sa_type=Instant)
