"""The demo's company put into an empty database, through the services that everybody else uses."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from advisors.schemas import SkillCommand
from customers import relationships, staff
from customers import service as customers
from customers.books import Books
from customers.relationships import Wish
from customers.schemas import BookCommand, ProductCommand
from customers.staff_schemas import AdvisorCommand
from desk_groups import absences
from desk_groups import service as desk_groups
from desk_groups.schemas import DeskGroupCommand
from direct_dial import pools
from kit.database import Database, ReadSession, Session
from kit.errors import Fault
from kit.ids import IdMaker, encode
from kit.intervals import Interval
from kit.local_time import mask_to_bytes
from markets import service as markets
from markets.schemas import MarketCommand, PolicyCommand, SiteCommand
from simulation import showcase
from simulation.people import Advisor, Company, Customer, DeskGroup

BATCH = 100
ROOM = 1.5
"""A book's cap against an even share of the expected time."""
PHOTO = "/avatars/{initials}-{hue}.svg"
HUES = 12


async def is_founded(session: ReadSession) -> bool:
    """Whether the database holds the demo's company already."""
    return bool(
        await session.fetch_value("SELECT 1 FROM advisors WHERE external_ref = $1", showcase.SPECIALIST.key)
    )


async def is_empty(session: ReadSession) -> bool:
    return not await session.fetch_value("SELECT 1 FROM markets LIMIT 1")


async def found(database: Database, company: Company, now: datetime, new_id: IdMaker) -> None:
    """Write everything, or nothing where it fails or is interrupted. Raises `Fault`."""
    async with database.transaction() as session:
        await _market(session, company, now, new_id)
        await _staff(session, company, now, new_id)
        await pools.add(session, company.market.id, showcase.POOL, "direct", now)
        await pools.add(session, company.market.id, [showcase.GENERAL_NUMBER], "general", now)
        await session.flush()
        books = Books()
        for start in range(0, len(company.customers), BATCH):
            batch = company.customers[start : start + BATCH]
            await _clientele(session, books, company.market.id, batch, now, new_id)
        await _absences(session, company, now, new_id)


async def _market(session: Session, company: Company, now: datetime, new_id: IdMaker) -> None:
    market = company.market
    wanted = MarketCommand(
        name=market.name,
        phone_region="DE",
        time_zone=market.zone.key,
        languages=list(market.languages),
        opening_hours=market.opening_hours,
    )
    await markets.put(session, market.id, wanted, now)
    for site in showcase.SITES:
        await markets.add_site(session, SiteCommand(name=site, time_zone=market.zone.key), now, new_id)
    await session.flush()
    await markets.declare(session, market.id, PolicyCommand(rules=showcase.POLICY), now)
    for product, (name, skill, level) in showcase.PRODUCTS.items():
        command = ProductCommand(name=name, skill=skill, level=level, expected_seconds={"default": 360})
        await customers.put_product(session, product, command, now)


async def _staff(session: Session, company: Company, now: datetime, new_id: IdMaker) -> None:
    """Groups first, then who sits there, then who leads, helps out, and takes the callers whom nobody knows."""
    places = _Places(company)
    groups = {
        group.key: await desk_groups.create(session, places.bare(group), now, new_id) for group in company.groups
    }
    named = await staff.names(session)
    rows = {advisor.key: staff.prepared(places.advisor(advisor), named) for advisor in company.advisors}
    put = await staff.put_many(session, rows, now, new_id)
    for group in company.groups:
        await desk_groups.change(session, groups[group.key], places.group(group, groups, put.ids), now)


class _Places:
    """Who sits where, as commands: a site per desk group."""

    def __init__(self, company: Company) -> None:
        self._market = company.market.id
        self._sites = {group.key: site for group, site in zip(company.groups, showcase.SITES, strict=True)}
        self._names = {group.key: group.name for group in company.groups}
        self._general = company.groups[-1].key
        share_s = sum(customer.expected_s_per_month for customer in company.customers) / len(company.advisors)
        self._book = BookCommand(cap_s=round(share_s * ROOM), target_s=round(share_s))

    def bare(self, group: DeskGroup) -> DeskGroupCommand:
        return DeskGroupCommand(name=group.name, site=self._sites[group.key])

    def group(self, group: DeskGroup, groups: Mapping[str, UUID], advisors: Mapping[str, UUID]) -> DeskGroupCommand:
        return DeskGroupCommand(
            name=group.name,
            site=self._sites[group.key],
            lead=encode("adv", advisors[group.lead]),
            minimum_presence=group.minimum_presence,
            neighbours=[encode("grp", groups[key]) for key in group.neighbours],
            general_for=[self._market] if group.key == self._general else [],
        )

    def advisor(self, advisor: Advisor) -> AdvisorCommand:
        return AdvisorCommand(
            name=advisor.name,
            email=advisor.email,
            photo_url=photo_of(advisor.name),
            site=self._sites[advisor.group],
            desk_group=self._names[advisor.group],
            languages=list(advisor.languages),
            markets=[self._market],
            skills=[SkillCommand(skill=skill, level=level) for skill, level in advisor.skills.items()],
            working_pattern=advisor.working_pattern,
            sip_uri=f"sip:{advisor.key}@durchwahl.example",
            sip_endpoint=f"PJSIP/{advisor.key}",
            book=self._book,
        )


def photo_of(name: str) -> str:
    """The path of a picture with the initials, in one of some colours that stays the same for the name."""
    initials = "".join(unicodedata.normalize("NFKD", word)[0] for word in name.split()[:2])
    return PHOTO.format(initials=initials.upper(), hue=sum(map(ord, name)) % HUES)


async def _clientele(
    session: Session, books: Books, market_id: str, batch: Sequence[Customer], now: datetime, new_id: IdMaker
) -> None:
    rows = [_customer(customer, market_id) for customer in batch]
    written = await customers.put_many(session, rows, now, new_id)
    wishes = [Wish(customer.external_ref, "bulk") for customer in batch]
    activated = await relationships.activate_many(session, books, wishes, now, new_id)
    for outcome in (*written, *activated):
        if isinstance(outcome, Fault):
            raise outcome


def _customer(customer: Customer, market_id: str) -> dict[str, Any]:
    mask = customer.calling_hours
    return {
        "market_id": market_id,
        "external_ref": customer.external_ref,
        "name": customer.name,
        "email": customer.email,
        "languages": [customer.language],
        "tier": customer.tier,
        "products": list(customer.products),
        "time_zone": None,
        "calling_hours": mask_to_bytes(mask).hex() if mask else None,
        "expected_seconds": customer.expected_s_per_month,
        "phones": [customer.phone],
    }


async def _absences(session: Session, company: Company, now: datetime, new_id: IdMaker) -> None:
    keys = {row["external_ref"]: row["id"] for row in await session.fetch("SELECT id, external_ref FROM advisors")}
    for away in showcase.away(company, now):
        period = Interval(now, away.until)
        await absences.enter(
            session, keys[away.advisor], period, away.kind, "approved", now, new_id, despite_minimum=True
        )
