"""Products, customers, their numbers and relationships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from advisors.models import Advisor
from customers.models import Customer, CustomerPhone, Product, Relationship
from kit.database import Session
from kit.local_time import mask_to_bytes
from kit.week import Week
from tests.support.builders.company import a_market
from tests.support.builders.ground import (
    MONDAY_MORNING,
    a_private_number,
    insert,
    new_id,
    ordinals,
)


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
    ordinal = next(ordinals)
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
