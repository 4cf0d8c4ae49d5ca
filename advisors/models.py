"""Advisors: who they are, what they can, when they work, and what they are doing now."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Text, text
from sqlmodel import Field, SQLModel

from advisors.presence import PRESENCE
from kit.tables import Instant, Json, TextList, about, kept, one_of

ABSENCE_KINDS = ("vacation", "sick", "training", "parental", "other")
ABSENCE_STATES = ("requested", "approved", "declined", "cancelled")


@kept("staffing", "advisor", "pseudonymous", codes="languages")
class Advisor(SQLModel, table=True):
    """A person of the company who is somebody's personal advisor. `mail_name` is what stands before the @ of the
    address under which customers write to them; the domain is the installation's."""

    __tablename__ = "advisors"
    __table_args__ = (
        CheckConstraint("phone_capacity IN (0, 1)", name="ck_advisors_phone_capacity"),
        CheckConstraint("chat_capacity BETWEEN 0 AND 20", name="ck_advisors_chat_capacity"),
        CheckConstraint("email_capacity BETWEEN 0 AND 50", name="ck_advisors_email_capacity"),
        Index("ux_advisors_mail_name", "mail_name", unique=True),
    )

    id: UUID = Field(primary_key=True)
    external_ref: str = about("pseudonymous", sa_type=Text, unique=True)
    name: str = about("personal", sa_type=Text)
    email: str | None = about("personal", default=None, sa_type=Text)
    mail_name: str | None = about("personal", default=None, sa_type=Text)
    photo_url: str | None = about("personal", default=None, sa_type=Text)
    site_id: UUID = Field(foreign_key="sites.id")
    languages: list[str] = Field(sa_type=TextList)
    working_pattern: dict[str, list[list[str]]] = about("personal", sa_type=Json)
    phone_capacity: int = 1
    chat_capacity: int = 3
    email_capacity: int = 5
    sip_uri: str | None = about("personal", default=None, sa_type=Text)
    sip_endpoint: str | None = about("personal", default=None, sa_type=Text)
    leaving_at: datetime | None = about("personal", default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


@kept("staffing", "advisor", "pseudonymous", codes="market_id")
class AdvisorMarket(SQLModel, table=True):
    """An advisor serves customers of this market."""

    __tablename__ = "advisor_markets"
    __table_args__ = (PrimaryKeyConstraint("advisor_id", "market_id"),)

    advisor_id: UUID = Field(foreign_key="advisors.id")
    market_id: str = Field(foreign_key="markets.id", sa_type=Text)


@kept("staffing", "advisor", "pseudonymous", codes="skill")
class Skill(SQLModel, table=True):
    """A subject with a level from 1 to 5; after `valid_until` the level is 0."""

    __tablename__ = "advisor_skills"
    __table_args__ = (
        PrimaryKeyConstraint("advisor_id", "skill"),
        CheckConstraint("level BETWEEN 1 AND 5", name="ck_advisor_skills_level"),
    )

    advisor_id: UUID = Field(foreign_key="advisors.id")
    skill: str = Field(sa_type=Text)
    level: int
    valid_until: datetime | None = Field(default=None, sa_type=Instant)


@kept("staffing", "absence", "pseudonymous", codes="state")
class Absence(SQLModel, table=True):
    """A dated period off. The kind is personal data and never leaves towards customers.

    `replan_at` is set where promises have to be looked at because it begins to hold, or no longer does.
    """

    __tablename__ = "absences"
    __table_args__ = (
        one_of("kind", ABSENCE_KINDS, "ck_absences_kind"),
        one_of("state", ABSENCE_STATES, "ck_absences_state"),
        CheckConstraint("ends_at > starts_at", name="ck_absences_period"),
        Index("ix_absences_advisor", "advisor_id", "ends_at"),
        Index("ix_absences_replan", "replan_at", postgresql_where=text("replan_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    advisor_id: UUID = Field(foreign_key="advisors.id")
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    kind: str = about("personal", sa_type=Text)
    state: str = Field(default="approved", sa_type=Text)
    entered_at: datetime = Field(sa_type=Instant)
    replan_at: datetime | None = Field(default=None, sa_type=Instant)


@kept("staffing", "advisor", "pseudonymous", codes="state reason next_state next_reason")
class Presence(SQLModel, table=True):
    """What an advisor is doing now. Only the primary key is indexed, so that updates stay HOT.

    `lease_until` is renewed by the desk's heartbeat or the phone's registration; without a fresh one the advisor
    is offline. `deadline_at` ends a wrap-up. `idle_since` orders the longest idle; it survives a short break.
    """

    __tablename__ = "presences"
    __table_args__ = (
        one_of("state", PRESENCE.states, "ck_presences_state"),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    advisor_id: UUID = Field(primary_key=True, foreign_key="advisors.id")
    state: str = Field(default="offline", sa_type=Text)
    since: datetime = Field(sa_type=Instant)
    reason: str | None = Field(default=None, sa_type=Text)
    next_state: str | None = Field(default=None, sa_type=Text)
    next_reason: str | None = Field(default=None, sa_type=Text)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    deadline_at: datetime | None = Field(default=None, sa_type=Instant)
    idle_since: datetime = Field(sa_type=Instant)
