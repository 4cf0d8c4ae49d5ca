"""A company made from a log, put into an empty database as it stands on the morning of the boundary.

Everything goes through the services that everybody else uses; every customer's advisor is chosen by the activation
service, as if all of them had asked for one that morning. Who has left by then is nobody's colleague.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from advisors import queries as advisor_queries
from advisors.schemas import SkillCommand
from customers import relationships, staff
from customers import service as customers
from customers.books import Books
from customers.relationships import Wish
from customers.schemas import BookCommand, ProductCommand
from customers.staff_schemas import AdvisorCommand
from desk_groups import service as desk_groups
from desk_groups.schemas import DeskGroupCommand
from direct_dial import pools
from kit.database import Database, ReadSession, Session
from kit.errors import Fault
from kit.ids import IdMaker, encode
from kit.local_time import mask_to_bytes
from markets import service as markets
from markets.policy import Policy
from markets.schemas import MarketCommand, PolicyCommand, SiteCommand
from simulation.numbers import film_while_they_last
from simulation.people import PRODUCTS, SKILL_NAMES, Advisor, Company, Customer, DeskGroup

T = TypeVar("T")

BATCH = 200
ROOM = 1.25
"""A book's cap against its target, the largest customer on top: books are filled by the price, not by the cap."""
PRIOR_S = 360


@dataclass
class Loaded:
    """Where everybody is in the database: keys of the log → ids and numbers."""

    general_number: str
    advisors: Mapping[str, UUID] = field(default_factory=dict)
    own_number: Mapping[str, str] = field(default_factory=dict)
    """Customer → the direct dial number of their advisor."""
    phone: Mapping[str, str] = field(default_factory=dict)
    """Customer → the number they call from."""


async def load(database: Database, company: Company, policy: Policy, now: datetime, new_id: IdMaker) -> Loaded:
    """Write the company and activate an advisor for every customer, in batches. Raises `Fault` for a misfit."""
    team = _Team(company, now)
    async with database.transaction() as session:
        await _market(session, company, policy, now, new_id)
    async with database.transaction() as session:
        advisors = await _staff(session, team, now, new_id)
        await pools.add(session, company.market.id, [_number(n + 1) for n in range(len(advisors))], "direct", now)
        await pools.add(session, company.market.id, [_number(0)], "general", now)
        for off in company.absences:
            if off.agent in advisors:
                period = (off.starts_at, off.ends_at)
                await advisor_queries.enter(
                    session, new_id(now), advisors[off.agent], *period, "other", "approved", now
                )
    books = Books()
    for batch in _batches(company.customers):
        async with database.transaction() as session:
            await _clientele(session, books, company.market.id, batch, now, new_id)
    async with database.reading() as session:
        await session.raw.execute("ANALYZE")
        return Loaded(
            general_number=_number(0),
            advisors=advisors,
            own_number=await _own_numbers(session),
            phone={customer.external_ref: customer.phone for customer in company.customers},
        )


def _number(index: int) -> str:
    return film_while_they_last(index, first=0)


async def _market(session: Session, company: Company, policy: Policy, now: datetime, new_id: IdMaker) -> None:
    market = company.market
    wanted = MarketCommand(
        name=market.name,
        phone_region="DE",
        time_zone=market.zone.key,
        languages=list(market.languages),
        opening_hours=market.opening_hours,
    )
    await markets.put(session, market.id, wanted, now)
    await markets.add_site(session, SiteCommand(name=market.name, time_zone=market.zone.key), now, new_id)
    await session.flush()
    await markets.declare(session, market.id, PolicyCommand(rules=policy), now)
    for skill, product in PRODUCTS.items():
        command = ProductCommand(name=SKILL_NAMES[skill][0], skill=skill, expected_seconds={"default": PRIOR_S})
        await customers.put_product(session, product, command, now)


async def _staff(session: Session, team: _Team, now: datetime, new_id: IdMaker) -> Mapping[str, UUID]:
    """Groups first, then who sits there, then who leads, helps out, and takes the callers whom nobody knows."""
    groups = {
        group.key: await desk_groups.create(session, team.bare(group), now, new_id) for group in team.company.groups
    }
    named = await staff.names(session)
    rows = {advisor.key: staff.prepared(team.advisor(advisor), named) for advisor in team.advisors}
    advisors = (await staff.put_many(session, rows, now, new_id)).ids
    for group in team.company.groups:
        await desk_groups.change(session, groups[group.key], team.group(group, groups, advisors), now)
    return advisors


class _Team:
    """Who sits where, as commands. The largest group takes the callers whom nobody knows; the others help."""

    def __init__(self, company: Company, now: datetime) -> None:
        self.company = company
        self.advisors = [a for a in company.advisors if a.leaving_at is None or a.leaving_at > now]
        self._names = {group.key: group.name for group in company.groups}
        self._general = max(company.groups, key=lambda group: (len(group.members), group.key)).key
        expected_s = [customer.expected_s_per_month for customer in company.customers]
        self._largest_s = max(expected_s, default=PRIOR_S)
        self._per_fte_s = sum(expected_s) / max(0.1, sum(advisor.fte for advisor in self.advisors))

    def bare(self, group: DeskGroup) -> DeskGroupCommand:
        return DeskGroupCommand(name=group.name, site=self.company.market.name)

    def group(self, group: DeskGroup, groups: Mapping[str, UUID], advisors: Mapping[str, UUID]) -> DeskGroupCommand:
        return DeskGroupCommand(
            name=group.name,
            site=self.company.market.name,
            lead=encode("adv", advisors[group.lead]) if group.lead in advisors else None,
            minimum_presence=group.minimum_presence,
            neighbours=[encode("grp", groups[key]) for key in group.neighbours],
            general_for=[self.company.market.id] if group.key == self._general else [],
        )

    def advisor(self, advisor: Advisor) -> AdvisorCommand:
        """Targets of the books share out the expected time by what people work."""
        target_s = max(PRIOR_S, round(self._per_fte_s * advisor.fte))
        return AdvisorCommand(
            name=advisor.name,
            email=advisor.email,
            site=self.company.market.name,
            desk_group=self._names[advisor.group],
            languages=list(advisor.languages),
            markets=[self.company.market.id],
            skills=[SkillCommand(skill=skill, level=level) for skill, level in advisor.skills.items()],
            working_pattern=advisor.working_pattern,
            sip_uri=f"sip:{advisor.key}@durchwahl.example",
            sip_endpoint=f"PJSIP/{advisor.key}",
            book=BookCommand(cap_s=round(target_s * ROOM) + self._largest_s, target_s=target_s),
        )


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


OWN_NUMBERS = """
SELECT c.external_ref, d.number FROM relationships r
JOIN customers c ON c.id = r.customer_id AND c.market_id = r.market_id
JOIN direct_dial_numbers d ON d.advisor_id = r.advisor_id AND d.market_id = r.market_id AND d.state = 'assigned'
WHERE r.ends_at IS NULL
"""


async def _own_numbers(session: ReadSession) -> dict[str, str]:
    return {row["external_ref"]: row["number"] for row in await session.fetch(OWN_NUMBERS)}


def _batches(rows: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
