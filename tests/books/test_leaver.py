"""Somebody with 400 customers leaves: nobody is without an advisor in between, and the number lives its life."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from advisors.models import Advisor
from customers import handover
from customers.models import Customer
from direct_dial import service as direct_dial
from direct_dial.service import REDIRECTED
from tests.books.shop import Shop
from tests.support.builders import (
    a_customer,
    a_desk_group,
    a_number,
    an_advisor,
    new_id,
    numbers,
    phones_of,
)
from tests.support.world import World

CUSTOMERS = 400
QUARANTINE = timedelta(days=90)
ROOMY: dict[str, Any] = {"cap_s": 400 * 360, "target_s": 360 * 360}


@dataclass(frozen=True)
class Company:
    leaver: Advisor
    number: str
    colleagues: frozenset[UUID]
    settled: Mapping[UUID, UUID]
    """Customers of others → their advisor."""
    customers: list[Customer]


@pytest.fixture
async def company(shop: Shop) -> Company:
    async with shop.database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        leaver = await an_advisor(session, name="Ludwig Lang", group=group, leaving_at=shop.now, **ROOMY)
        number = await a_number(session, advisor=leaver)
        colleagues = [await an_advisor(session, group=group, **ROOMY) for _ in range(3)]
        others = [await an_advisor(session, **ROOMY) for _ in range(3)]
        await numbers(session, 6)
        old = [(await a_customer(session, advisor=one, phones=()), one) for one in (*colleagues, *others) * 2]
        customers = [await a_customer(session, advisor=leaver, phones=()) for _ in range(CUSTOMERS - 1)]
        customers.append(await a_customer(session, advisor=leaver))
    settled = {customer.id: advisor.id for customer, advisor in old}
    return Company(leaver, number.number, frozenset(one.id for one in colleagues), settled, customers)


async def test_a_book_of_400_goes_to_the_own_desk_group_and_nobody_is_alone_in_between(
    shop: Shop, company: Company
) -> None:
    after, batches = None, 0
    while batches == 0 or after is not None:
        async with shop.database.transaction() as session:
            done = await handover.hand_over(session, shop.books, company.leaver.id, shop.now, new_id, after=after)
        after, batches = done.after, batches + 1
        assert len(await shop.advisors_of_all()) == CUSTOMERS + len(company.settled)

    present = await shop.advisors_of_all()
    heirs = Counter(present[customer.id] for customer in company.customers)
    assert batches >= CUSTOMERS // handover.BATCH
    assert heirs.keys() == company.colleagues
    assert max(heirs.values()) - min(heirs.values()) <= 2, "by the prices, evenly"
    assert {customer: present[customer] for customer in company.settled} == company.settled, "nobody else moves"
    async with shop.database.reading() as session:
        told = await session.fetch_value("SELECT count(*) FROM messages WHERE template = 'advisor_changed'")
    assert told == CUSTOMERS


async def test_whoever_dials_the_number_reaches_the_present_advisor_or_learns_nothing(
    shop: Shop, company: Company
) -> None:
    await handover.run_once(shop.database, shop.books, shop.now, new_id)
    caller = company.customers[-1]
    present = (await shop.advisors_of_all())[caller.id]

    async with shop.database.transaction() as session:
        (phone,) = await phones_of(session, caller)
        known = await World(session, shop.clock).call(phone, company.number)
        stranger = await World(session, shop.clock).call(None, company.number, "pbx-stranger")
        asked = stranger.said
        await stranger.digits("")

        assert (await known.row())["advisor_id"] == present
        assert "Ludwig" not in known.said + asked + stranger.said
        assert (await stranger.row())["advisor_id"] != company.leaver.id
        assert (await stranger.row())["customer_id"] is None


async def test_the_number_rests_and_comes_back_into_the_pool(shop: Shop, company: Company) -> None:
    await handover.run_once(shop.database, shop.books, shop.now, new_id)
    states = [await _state(shop, company.number)]
    for days in (REDIRECTED, QUARANTINE - timedelta(seconds=1), timedelta(seconds=1)):
        shop.clock.advance(days.total_seconds())
        async with shop.database.transaction() as session:
            await direct_dial.quarantine_redirected(session, shop.now)
            await direct_dial.release_rested(session, shop.now)
        states.append(await _state(shop, company.number))

    assert states == ["redirected", "quarantined", "quarantined", "free"]


async def _state(shop: Shop, number: str) -> str:
    async with shop.database.reading() as session:
        return str(await session.fetch_value("SELECT state FROM direct_dial_numbers WHERE number = $1", number))
