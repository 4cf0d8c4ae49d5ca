"""Advisors with skills, desk group, book and presence; their absences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from advisors.models import Absence, Advisor, AdvisorMarket, Presence, Skill
from customers.models import Book
from desk_groups.models import DeskGroup
from kit.database import Session
from markets.models import Site
from tests.support.builders.company import a_desk_group, a_market, a_member
from tests.support.builders.ground import (
    CAP_S,
    MONDAY_MORNING,
    WORKDAYS,
    insert,
    new_id,
    ordinals,
)


async def an_advisor(
    session: Session,
    *,
    name: str | None = None,
    skills: Mapping[str, int] | None = None,
    skills_valid_until: Mapping[str, datetime] | None = None,
    languages: Sequence[str] = ("de",),
    markets: Sequence[str] = ("DE",),
    group: DeskGroup | None = None,
    site: Site | None = None,
    available: bool = True,
    state: str | None = None,
    idle_since: datetime | None = None,
    lease_until: datetime | None = None,
    working_pattern: Mapping[str, list[list[str]]] | None = None,
    sip_uri: str | None = None,
    cap_s: int = CAP_S,
    target_s: int | None = None,
    load_s: int = 0,
    price: float | None = None,
    open_for_new: bool = True,
    leaving_at: datetime | None = None,
    chat_capacity: int = 3,
    email_capacity: int = 5,
    now: datetime = MONDAY_MORNING,
) -> Advisor:
    """An advisor with skills, markets, desk group, book and presence.

    `available=False` leaves them offline; `state` names any other presence. The lease holds for twelve hours.
    """
    ordinal = next(ordinals)
    for market_id in markets:
        await a_market(session, market_id)
    group = group or await a_desk_group(session, site=site)
    advisor = Advisor(
        id=new_id(now),
        external_ref=f"adv-{ordinal}",
        name=name or f"Advisor {ordinal}",
        email=f"advisor-{ordinal}@desk.example",
        site_id=site.id if site else group.site_id,
        languages=list(languages),
        working_pattern=dict(WORKDAYS if working_pattern is None else working_pattern),
        chat_capacity=chat_capacity,
        email_capacity=email_capacity,
        sip_uri=sip_uri or f"sip:advisor-{ordinal}@desk.example",
        sip_endpoint=f"PJSIP/advisor-{ordinal}",
        leaving_at=leaving_at,
        created_at=now,
        updated_at=now,
    )
    await insert(session, advisor)
    for market_id in markets:
        await insert(session, AdvisorMarket(advisor_id=advisor.id, market_id=market_id))
    ends = skills_valid_until or {}
    for skill, level in ({"hosting": 3} if skills is None else skills).items():
        await insert(session, Skill(advisor_id=advisor.id, skill=skill, level=level, valid_until=ends.get(skill)))
    await a_member(session, advisor, group)
    await a_book(
        session,
        advisor,
        cap_s=cap_s,
        target_s=target_s,
        load_s=load_s,
        price=price,
        open_for_new=open_for_new and leaving_at is None,
    )
    state = state or ("available" if available else "offline")
    await a_presence(session, advisor, state, now=now, idle_since=idle_since, lease_until=lease_until)
    return advisor


async def a_book(
    session: Session, advisor: Advisor, *, cap_s: int = CAP_S, target_s: int | None = None, **more: Any
) -> Book:
    book = Book(advisor_id=advisor.id, cap_s=cap_s, target_s=target_s or max(1, cap_s * 9 // 10), **more)
    return await insert(session, book)


async def a_presence(
    session: Session,
    advisor: Advisor,
    state: str = "available",
    *,
    now: datetime = MONDAY_MORNING,
    since: datetime | None = None,
    idle_since: datetime | None = None,
    lease_until: datetime | None = None,
    deadline_at: datetime | None = None,
    reason: str | None = None,
) -> Presence:
    """The presence of somebody who has none yet."""
    presence = Presence(
        advisor_id=advisor.id,
        state=state,
        since=since or now - timedelta(minutes=5),
        reason=reason,
        lease_until=lease_until or (None if state == "offline" else now + timedelta(hours=12)),
        deadline_at=deadline_at,
        idle_since=idle_since or since or now - timedelta(minutes=5),
    )
    return await insert(session, presence)


async def an_absence(
    session: Session,
    advisor: Advisor,
    *,
    starts_at: datetime = MONDAY_MORNING - timedelta(days=1),
    ends_at: datetime = MONDAY_MORNING + timedelta(days=4),
    kind: str = "vacation",
    state: str = "approved",
) -> Absence:
    absence = Absence(
        id=new_id(),
        advisor_id=advisor.id,
        starts_at=starts_at,
        ends_at=ends_at,
        kind=kind,
        state=state,
        entered_at=min(starts_at, MONDAY_MORNING),
    )
    return await insert(session, absence)
