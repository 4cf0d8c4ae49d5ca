"""Advisors and their absences on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kit.fields import Code, Email, Language, MarketId, Ref, SipEndpoint, SipUri, Tag, Url, WeekHours
from kit.wire import Command, Line, Moment, Shown

AbsenceKind = Literal["vacation", "sick", "training", "parental", "other"]
AbsenceState = Literal["requested", "approved", "declined", "cancelled"]


class SkillCommand(Command):
    skill: Tag
    level: int = Field(ge=1, le=5)
    valid_until: Moment | None = Field(None, description="After it the certificate has ended and the level is 0.")


class ProfileCommand(Command):
    """All of an advisor but the desk group and the book; what is left out has its default."""

    name: Line
    email: Email | None = None
    photo_url: Url | None = None
    site: Line = Field(description="Id or name.")
    languages: list[Language] = Field(min_length=1, max_length=20)
    markets: list[MarketId] = Field(min_length=1, max_length=50)
    skills: list[SkillCommand] = Field([], max_length=100)
    working_pattern: WeekHours = Field(description="By the site's clock.")
    phone_capacity: int = Field(1, ge=0, le=1)
    chat_capacity: int = Field(3, ge=0, le=20)
    email_capacity: int = Field(5, ge=0, le=50)
    sip_uri: SipUri | None = None
    sip_endpoint: SipEndpoint | None = None


class SkillAnswer(Shown):
    skill: str
    level: int
    valid_until: Moment | None


class LeavingCommand(Command):
    leaving_at: Moment = Field(description="From now on no new customers; the book is handed over when it comes.")


class AbsenceCommand(Command):
    starts_at: Moment
    ends_at: Moment
    kind: AbsenceKind
    despite_minimum: bool = Field(
        False, description="A lead's or supervisor's word that the desk group may be thinner than its minimum."
    )


class DecisionCommand(Command):
    despite_minimum: bool = Field(False, description="As when entering an absence.")


class AbsenceAnswer(Shown):
    """For the advisor and those who approve; customers never see one."""

    id: Code
    advisor: Code
    starts_at: Moment
    ends_at: Moment
    kind: AbsenceKind
    state: AbsenceState


class Absences(Shown):
    items: list[AbsenceAnswer]
    next: str | None = None


class AdvisorRef(Shown):
    id: Code
    external_ref: Ref
