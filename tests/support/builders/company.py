"""Markets with their policies and closures, sites, desk groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from advisors.models import Advisor
from desk_groups.models import DeskGroup, GeneralGroup, Member, Neighbour
from kit.database import Session
from markets.models import Closure, Market, Policy, Site
from tests.support.builders.ground import (
    MONDAY_MORNING,
    WORKDAYS,
    insert,
    new_id,
    ordinals,
)


async def a_market(
    session: Session,
    market_id: str = "DE",
    *,
    name: str = "Deutschland",
    phone_region: str = "DE",
    time_zone: str = "Europe/Berlin",
    languages: Sequence[str] = ("de", "en"),
    opening_hours: Mapping[str, list[list[str]]] | None = None,
    holiday_country: str | None = "DE",
    holiday_subdivision: str | None = "BE",
    number_quarantine_days: int = 90,
) -> Market:
    """The market of that id; a second call changes nothing."""
    market = Market(
        id=market_id,
        name=name,
        phone_region=phone_region,
        time_zone=time_zone,
        languages=list(languages),
        opening_hours=dict(WORKDAYS if opening_hours is None else opening_hours),
        holiday_country=holiday_country,
        holiday_subdivision=holiday_subdivision,
        number_quarantine_days=number_quarantine_days,
    )
    return await insert(session, market, "ON CONFLICT DO NOTHING")


PLENTY = dict.fromkeys(
    (
        "callbacks_per_number_a_day",
        "callbacks_per_customer_a_day",
        "dials_per_number_a_day",
        "dials_per_customer_a_day",
        "new_numbers_an_hour",
    ),
    100_000,
)
"""For a policy's `dialling`, where the same customer is called again and again."""


async def a_policy(
    session: Session,
    market_id: str = "DE",
    *,
    version: int = 1,
    valid_from: datetime = MONDAY_MORNING - timedelta(days=365),
    **rules: Any,
) -> Policy:
    """A version of the market's policy; `rules` as in `markets.policy.Policy`."""
    await a_market(session, market_id)
    return await insert(session, Policy(market_id=market_id, version=version, valid_from=valid_from, rules=rules))


async def a_closure(
    session: Session,
    market_id: str = "DE",
    *,
    starts_at: datetime = MONDAY_MORNING,
    ends_at: datetime | None = None,
    kind: str = "emergency",
) -> Closure:
    await a_market(session, market_id)
    closure = Closure(id=new_id(), market_id=market_id, kind=kind, starts_at=starts_at, ends_at=ends_at)
    return await insert(session, closure)


async def a_site(
    session: Session, *, name: str | None = None, time_zone: str = "Europe/Berlin", subdivision: str | None = "BE"
) -> Site:
    site = Site(
        id=new_id(),
        name=name or f"Site {next(ordinals)}",
        time_zone=time_zone,
        holiday_country="DE",
        holiday_subdivision=subdivision,
    )
    return await insert(session, site)


async def a_desk_group(
    session: Session,
    *,
    name: str | None = None,
    site: Site | None = None,
    members: Sequence[Advisor] = (),
    lead: Advisor | None = None,
    neighbours: Sequence[DeskGroup] = (),
    minimum_presence: int = 1,
    general_for: str | None = None,
) -> DeskGroup:
    """`neighbours` help in the order given; `general_for` names the market whose strangers the group takes."""
    group = DeskGroup(
        id=new_id(),
        name=name or f"Group {next(ordinals)}",
        site_id=(site or await a_site(session)).id,
        lead_id=lead.id if lead else None,
        minimum_presence=minimum_presence,
    )
    await insert(session, group)
    for member in members:
        await a_member(session, member, group)
    for rank, neighbour in enumerate(neighbours):
        await insert(session, Neighbour(desk_group_id=group.id, neighbour_id=neighbour.id, rank=rank))
    if general_for:
        await a_market(session, general_for)
        await insert(session, GeneralGroup(market_id=general_for, desk_group_id=group.id))
    return group


async def a_member(session: Session, advisor: Advisor, group: DeskGroup) -> Member:
    return await insert(
        session,
        Member(advisor_id=advisor.id, desk_group_id=group.id),
        "ON CONFLICT (advisor_id) DO UPDATE SET desk_group_id = EXCLUDED.desk_group_id",
    )
