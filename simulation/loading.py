"""A company made from a log, put into an empty database as it stands on the morning of the boundary.

Markets, products, customers and their advisors go through the services; every customer's advisor is chosen by the
activation service, as if all of them had asked for one that morning. Who has left by then is nobody's colleague.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from advisors.models import Absence, AdvisorMarket, Presence, Skill
from advisors.models import Advisor as AdvisorRow
from customers import queries as customer_queries
from customers import relationships
from customers import service as customers
from customers.books import Books
from customers.relationships import Wish
from customers.schemas import ProductCommand
from desk_groups.models import DeskGroup as GroupRow
from desk_groups.models import GeneralGroup, Member, Neighbour
from direct_dial import queries as number_queries
from kit.database import Database, Session
from kit.errors import Fault
from kit.ids import IdMaker
from kit.local_time import mask_to_bytes
from markets import service as markets
from markets.policy import Policy
from markets.schemas import MarketCommand, PolicyCommand, SiteCommand
from simulation.numbers import film_while_they_last
from simulation.people import PRODUCTS, SKILL_NAMES, Advisor, Company, Customer, DeskGroup

T = TypeVar("T")

BATCH = 200
ROOM = 1.25
"""A book's cap against its target: books are filled by the price long before a cap is met."""
PRIOR_S = 360
EXTENSION_DIGITS = 3


class NotActivated(RuntimeError):
    """A customer of the company got no advisor; the word says why."""


@dataclass
class Loaded:
    """Where everybody is in the database: keys of the log → ids and numbers."""

    market_id: str
    general_number: str
    advisors: dict[str, UUID] = field(default_factory=dict)
    groups: dict[str, UUID] = field(default_factory=dict)
    own_number: dict[str, str] = field(default_factory=dict)
    """Customer → the direct dial number of their advisor."""
    phone: dict[str, str] = field(default_factory=dict)
    """Customer → the number they call from."""


async def load(database: Database, company: Company, policy: Policy, now: datetime, new_id: IdMaker) -> Loaded:
    """Write the company and activate an advisor for every customer, committed in batches."""
    loaded = Loaded(company.market.id, general_number=film_while_they_last(0, first=0))
    async with database.transaction() as session:
        site_id = await _market(session, company, policy, now, new_id)
    async with database.transaction() as session:
        await _people(session, company, loaded, site_id, now, new_id)
        await _numbers(session, company, loaded, now)
        await _open_books(session, company, loaded)
    books = Books()
    for batch in _batches(company.customers):
        async with database.transaction() as session:
            await _customers(session, batch, loaded, now, new_id)
        async with database.transaction() as session:
            await _activate(session, books, batch, now, new_id)
    async with database.reading() as session:
        await session.raw.execute("ANALYZE")
        loaded.own_number = await _own_numbers(session)
    return loaded


async def _market(session: Session, company: Company, policy: Policy, now: datetime, new_id: IdMaker) -> UUID:
    """The market with its policy and products; returns the id of its one site."""
    market = company.market
    wanted = MarketCommand(
        name=market.name,
        phone_region="DE",
        time_zone=market.zone.key,
        languages=list(market.languages),
        opening_hours=market.opening_hours,
    )
    await markets.put(session, market.id, wanted, now)
    site = await markets.add_site(session, SiteCommand(name=market.name, time_zone=market.zone.key), now, new_id)
    await session.flush()
    await markets.declare(session, market.id, PolicyCommand(rules=policy), now)
    for skill, product in PRODUCTS.items():
        name, _ = SKILL_NAMES[skill]
        command = ProductCommand(name=name, skill=skill, expected_seconds={"default": PRIOR_S})
        await customers.put_product(session, product, command, now)
    return site.id


async def _people(
    session: Session, company: Company, loaded: Loaded, site_id: UUID, now: datetime, new_id: IdMaker
) -> None:
    staff = [advisor for advisor in company.advisors if _stays(advisor, now)]
    for advisor in staff:
        loaded.advisors[advisor.key] = new_id(now)
    for group in company.groups:
        loaded.groups[group.key] = new_id(now)
    add = session.orm.add_all
    add(_advisor_row(advisor, loaded.advisors[advisor.key], site_id, now) for advisor in staff)
    await session.flush()
    add(_group_row(group, loaded, site_id) for group in company.groups)
    await session.flush()
    add(row for advisor in staff for row in _profile(advisor, loaded, now))
    add(row for group in company.groups for row in _neighbours(group, loaded))
    add([GeneralGroup(market_id=loaded.market_id, desk_group_id=loaded.groups[_general(company).key])])
    add(_absences(company, loaded, now, new_id))
    await session.flush()


def _stays(advisor: Advisor, now: datetime) -> bool:
    return advisor.leaving_at is None or advisor.leaving_at > now


def _general(company: Company) -> DeskGroup:
    """The largest desk group takes the callers whom nobody knows first; the others help at once."""
    return max(company.groups, key=lambda group: (len(group.members), group.key))


def _advisor_row(advisor: Advisor, advisor_id: UUID, site_id: UUID, now: datetime) -> AdvisorRow:
    return AdvisorRow(
        id=advisor_id,
        external_ref=advisor.key,
        name=advisor.name,
        email=advisor.email,
        site_id=site_id,
        languages=list(advisor.languages),
        working_pattern=advisor.working_pattern,
        sip_uri=f"sip:{advisor.key}@durchwahl.example",
        sip_endpoint=f"PJSIP/{advisor.key}",
        leaving_at=advisor.leaving_at,
        created_at=now,
        updated_at=now,
    )


def _group_row(group: DeskGroup, loaded: Loaded, site_id: UUID) -> GroupRow:
    return GroupRow(
        id=loaded.groups[group.key],
        name=group.name,
        site_id=site_id,
        lead_id=loaded.advisors.get(group.lead),
        minimum_presence=group.minimum_presence,
    )


def _profile(advisor: Advisor, loaded: Loaded, now: datetime) -> Iterator[Any]:
    """The rows that hang on an advisor; everybody is offline to begin with."""
    advisor_id = loaded.advisors[advisor.key]
    yield AdvisorMarket(advisor_id=advisor_id, market_id=loaded.market_id)
    yield Member(advisor_id=advisor_id, desk_group_id=loaded.groups[advisor.group])
    yield Presence(advisor_id=advisor_id, state="offline", since=now, idle_since=now)
    for skill, level in advisor.skills.items():
        yield Skill(advisor_id=advisor_id, skill=skill, level=level)


def _neighbours(group: DeskGroup, loaded: Loaded) -> Iterator[Neighbour]:
    for rank, key in enumerate(group.neighbours):
        yield Neighbour(desk_group_id=loaded.groups[group.key], neighbour_id=loaded.groups[key], rank=rank)


def _absences(company: Company, loaded: Loaded, now: datetime, new_id: IdMaker) -> Iterator[Absence]:
    for off in company.absences:
        if off.agent in loaded.advisors:
            yield Absence(
                id=new_id(now),
                advisor_id=loaded.advisors[off.agent],
                starts_at=off.starts_at,
                ends_at=off.ends_at,
                kind="other",
                entered_at=now,
            )


async def _numbers(session: Session, company: Company, loaded: Loaded, now: datetime) -> None:
    """A number for each advisor and one for the market itself."""
    market_id, general = loaded.market_id, loaded.general_number
    direct = [film_while_they_last(n, first=0) for n in range(1, len(company.advisors) + 1)]
    rows = [(number, market_id, "direct", number[:-EXTENSION_DIGITS]) for number in direct]
    await number_queries.add(session, [*rows, (general, market_id, "general", None)], now)


async def _open_books(session: Session, company: Company, loaded: Loaded) -> None:
    """Targets share out the expected time by what people work."""
    staff = [advisor for advisor in company.advisors if advisor.key in loaded.advisors]
    total_s = sum(customer.expected_s_per_month for customer in company.customers)
    per_fte_s = total_s / max(0.1, sum(advisor.fte for advisor in staff))
    rows = []
    for advisor in staff:
        target_s = max(PRIOR_S, round(per_fte_s * advisor.fte))
        rows.append((loaded.advisors[advisor.key], round(target_s * ROOM), target_s, True))
    await customer_queries.open_books(session, rows)


async def _customers(
    session: Session, batch: Sequence[Customer], loaded: Loaded, now: datetime, new_id: IdMaker
) -> None:
    loaded.phone |= {customer.external_ref: customer.phone for customer in batch}
    rows = [_customer_row(customer, loaded.market_id) for customer in batch]
    for written in await customers.put_many(session, rows, now, new_id):
        if isinstance(written, Fault):
            raise written


def _customer_row(customer: Customer, market_id: str) -> dict[str, Any]:
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


async def _activate(
    session: Session, books: Books, batch: Sequence[Customer], now: datetime, new_id: IdMaker
) -> None:
    wishes = [Wish(customer.external_ref, "bulk") for customer in batch]
    outcomes = await relationships.activate_many(session, books, wishes, now, new_id)
    for wish, outcome in zip(wishes, outcomes, strict=True):
        if isinstance(outcome, Fault):
            raise NotActivated(f"customer {wish.external_ref}: {outcome.word}")


OWN_NUMBERS = """
SELECT c.external_ref, d.number FROM relationships r
JOIN customers c ON c.id = r.customer_id AND c.market_id = r.market_id
JOIN direct_dial_numbers d ON d.advisor_id = r.advisor_id AND d.market_id = r.market_id AND d.state = 'assigned'
WHERE r.ends_at IS NULL
"""


async def _own_numbers(session: Any) -> dict[str, str]:
    return {row["external_ref"]: row["number"] for row in await session.fetch(OWN_NUMBERS)}


def _batches(rows: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
