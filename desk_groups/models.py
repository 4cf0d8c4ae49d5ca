"""Desk groups (Tischgruppen): who sits together, who leads, and who helps out."""

from uuid import UUID

from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, Text
from sqlmodel import Field, SQLModel

from kit.tables import kept


@kept("company", "company", codes="name")
class DeskGroup(SQLModel, table=True):
    """Advisors of one site who know each other's customers."""

    __tablename__ = "desk_groups"
    __table_args__ = (CheckConstraint("minimum_presence >= 0", name="ck_desk_groups_minimum_presence"),)

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text, unique=True)
    site_id: UUID = Field(foreign_key="sites.id")
    lead_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    minimum_presence: int = 1


@kept("staffing", "advisor", "pseudonymous")
class Member(SQLModel, table=True):
    """An advisor belongs to one desk group at a time."""

    __tablename__ = "desk_group_members"

    advisor_id: UUID = Field(primary_key=True, foreign_key="advisors.id")
    desk_group_id: UUID = Field(foreign_key="desk_groups.id", index=True)


@kept("company", "company")
class Neighbour(SQLModel, table=True):
    """Where a group's callers may overflow to, in order of `rank`."""

    __tablename__ = "desk_group_neighbours"
    __table_args__ = (
        PrimaryKeyConstraint("desk_group_id", "neighbour_id"),
        CheckConstraint("desk_group_id <> neighbour_id", name="ck_desk_group_neighbours_other"),
    )

    desk_group_id: UUID = Field(foreign_key="desk_groups.id")
    neighbour_id: UUID = Field(foreign_key="desk_groups.id")
    rank: int = 0


@kept("company", "company", codes="market_id")
class GeneralGroup(SQLModel, table=True):
    """The group that takes a market's callers who have no advisor of their own."""

    __tablename__ = "general_groups"

    market_id: str = Field(primary_key=True, foreign_key="markets.id", sa_type=Text)
    desk_group_id: UUID = Field(foreign_key="desk_groups.id")
