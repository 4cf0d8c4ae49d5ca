"""People, numbers and customers for tests that need a database: builders that write rows and return the objects.

What a test does not name is filled in: the market `DE`, the site in Berlin, a desk group, skills and languages that
fit each other, working days from 8 to 17. Rows are written as they are, past the services, so that a test may begin
in any state. Phone numbers come from the ranges kept free for films.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from advisors.models import Absence, Advisor, AdvisorMarket, Presence, Skill
from customers.models import Book, Customer, CustomerPhone, Product, Relationship
from desk_groups.models import DeskGroup, GeneralGroup, Member, Neighbour
from direct_dial.models import DirectDialNumber
from direct_dial.states import QUARANTINE
from kit import ids
from kit.database import Session
from kit.local_time import mask_to_bytes
from kit.week import Week
from markets.models import Closure, Market, Policy, Site
from notifications.models import Message
from notifications.states import MOST_ATTEMPTS

MONDAY_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""10 o'clock in Berlin, a working day without holidays nearby; the same as the fixture `now`."""

WORKDAYS = {day: [["08:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}

CAP_S = 144_000
"""40 hours a month, about 400 customers of 360 s."""

T = TypeVar("T", bound=SQLModel)

_dice = random.Random(1999)
_ordinal = itertools.count(1)


def new_id(now: datetime = MONDAY_MORNING) -> UUID:
    return ids.new_id(now, _dice)


async def insert(session: Session, row: T, on_conflict: str = "") -> T:
    """Write one row as it is; `on_conflict` is the tail of the statement, for example `ON CONFLICT DO NOTHING`."""
    table = row.__table__  # type: ignore[attr-defined]
    values = {column.name: getattr(row, column.name) for column in table.columns}
    values = {
        name: to_json(value).decode() if isinstance(table.columns[name].type, JSONB) else value
        for name, value in values.items()
    }
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    statement = f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({places}) {on_conflict}"
    await session.execute(statement, *values.values())
    return row


def an_office_number() -> str:
    """A number for a pool: Berlin, Frankfurt and Hamburg, 3,000 in all, then from the beginning again."""
    return _film_number(("+493023125", "+496990009", "+494066969"))


def a_private_number() -> str:
    """A number for a customer: München and Köln, 2,000 in all, then from the beginning again."""
    return _film_number(("+498999998", "+492214710"))


def _film_number(beginnings: Sequence[str]) -> str:
    area, extension = divmod(next(_ordinal) % (len(beginnings) * 1000), 1000)
    return f"{beginnings[area]}{extension:03}"


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
        name=name or f"Site {next(_ordinal)}",
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
        name=name or f"Group {next(_ordinal)}",
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
    ordinal = next(_ordinal)
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


async def a_product(
    session: Session,
    product_id: str = "hosting",
    *,
    skill: str | None = None,
    level: int = 1,
    expected_seconds: Mapping[str, int] | None = None,
) -> Product:
    """The product of that id; a second call changes nothing."""
    product = Product(
        id=product_id,
        name=product_id.title(),
        skill=skill or product_id,
        level=level,
        expected_seconds=dict(expected_seconds or {"default": 360}),
    )
    return await insert(session, product, "ON CONFLICT DO NOTHING")


async def a_customer(
    session: Session,
    *,
    external_ref: str | None = None,
    name: str | None = None,
    email: str | None = None,
    products: Sequence[str] = ("hosting",),
    phones: Sequence[str] | None = None,
    languages: Sequence[str] = ("de",),
    market: str = "DE",
    tier: str = "standard",
    time_zone: str | None = None,
    calling_hours: Mapping[str, list[list[str]]] | None = None,
    expected_seconds: int = 360,
    advisor: Advisor | None = None,
    since: datetime | None = None,
    now: datetime = MONDAY_MORNING,
) -> Customer:
    """A customer; with `advisor` there is a current relationship, its weight is in the book, the number is not.

    `phones=()` for a customer without a number; left out, one is made up (`phones_of` reads it).
    """
    await a_market(session, market)
    for product_id in products:
        await a_product(session, product_id)
    ordinal = next(_ordinal)
    customer = Customer(
        id=new_id(now),
        market_id=market,
        external_ref=external_ref or f"K-{ordinal}",
        name=name or f"Customer {ordinal}",
        email=email,
        languages=list(languages),
        tier=tier,
        products=list(products),
        time_zone=time_zone,
        calling_hours=None if calling_hours is None else mask_to_bytes(Week.parse(calling_hours).mask()),
        expected_seconds=expected_seconds,
        created_at=now,
        updated_at=now,
    )
    await insert(session, customer)
    for number in (a_private_number(),) if phones is None else phones:
        await insert(session, CustomerPhone(number=number, customer_id=customer.id, market_id=market))
    if advisor:
        await a_relationship(session, customer, advisor, since=since or now - timedelta(days=60))
    return customer


async def phones_of(session: Session, customer: Customer) -> list[str]:
    rows = await session.fetch(
        "SELECT number FROM customer_phones WHERE customer_id = $1 AND market_id = $2 ORDER BY number",
        customer.id,
        customer.market_id,
    )
    return [row["number"] for row in rows]


async def a_relationship(
    session: Session,
    customer: Customer,
    advisor: Advisor,
    *,
    since: datetime = MONDAY_MORNING - timedelta(days=60),
    until: datetime | None = None,
    channel: str = "portal",
    reason: str = "activated",
    ended_reason: str | None = None,
) -> Relationship:
    """A relationship; while it is current its weight is added to the advisor's book."""
    relationship = Relationship(
        id=new_id(since),
        market_id=customer.market_id,
        customer_id=customer.id,
        advisor_id=advisor.id,
        starts_at=since,
        ends_at=until,
        channel=channel,
        reason=reason,
        ended_reason=ended_reason or ("changed" if until else None),
        expected_seconds=customer.expected_seconds,
    )
    await insert(session, relationship)
    if until is None:
        await session.execute(
            "UPDATE books SET load_s = load_s + $2 WHERE advisor_id = $1", advisor.id, customer.expected_seconds
        )
    return relationship


async def a_number(
    session: Session,
    *,
    number: str | None = None,
    market: str = "DE",
    advisor: Advisor | None = None,
    state: str | None = None,
    kind: str = "direct",
    since: datetime = MONDAY_MORNING - timedelta(days=60),
    quarantined_until: datetime | None = None,
) -> DirectDialNumber:
    """A number of the pool: assigned where there is an `advisor`, else free."""
    await a_market(session, market)
    state = state or ("assigned" if advisor else "free")
    made_up = an_office_number()
    rests = quarantined_until or (since + QUARANTINE if state == "quarantined" else None)
    made = DirectDialNumber(
        number=number or made_up,
        market_id=market,
        kind=kind,
        state=state,
        trunk=(number or made_up)[:-3],
        advisor_id=advisor.id if advisor else None,
        since=since,
        quarantined_until=rests,
    )
    return await insert(session, made)


async def numbers(session: Session, count: int, *, market: str = "DE") -> list[DirectDialNumber]:
    """That many free numbers in the market's pool."""
    return [await a_number(session, market=market) for _ in range(count)]


async def a_message(
    session: Session,
    recipient: Customer | Advisor,
    *,
    template: str = "book_changed",
    state: str = "waiting",
    once: str | None = None,
    due_at: datetime = MONDAY_MORNING,
    attempts: int = 0,
    **more: Any,
) -> Message:
    """A message as if it had been queued; one that has ended did so when it was due."""
    customer = recipient if isinstance(recipient, Customer) else None
    args = {"comes": 2, "goes": 1, "starts_at": MONDAY_MORNING.isoformat()}
    told: dict[str, Any] = {"args": args, "language": "de", "error": None, "dropped_for": None, **more}
    message = Message(
        id=new_id(due_at),
        market_id=customer.market_id if customer else None,
        customer_id=customer.id if customer else None,
        advisor_id=None if customer else recipient.id,
        template=template,
        once=once or f"test:{next(_ordinal)}",
        state=state,
        due_at=due_at,
        attempts=attempts,
        most_attempts=max(attempts, MOST_ATTEMPTS),
        created_at=due_at,
        ended_at=None if state in {"waiting", "sending"} else due_at,
        **told,
    )
    return await insert(session, message)
