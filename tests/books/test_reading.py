"""The book as columns: alike customers are one kind, in pages, with the seconds that are booked."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from books import reading
from books.reading import Scope
from kit.clock import VirtualClock
from kit.database import Database
from routing.book_problem import NOBODY, Terms
from tests.support.builders import a_customer, a_market, an_advisor


async def test_alike_customers_are_one_kind(database: Database, clock: VirtualClock) -> None:
    async with database.transaction() as session:
        await an_advisor(session)
        for products, seconds in ((["dns"], 360), (["dns"], 380), (["mail"], 360), (["dns"], 3600)):
            await a_customer(session, products=products, expected_seconds=seconds)

    found = await reading.read(database, Scope(held=False), Terms(), clock.now())

    assert len(found.problem.kinds) == 3
    assert sorted(found.problem.expected_s.tolist()) == [360, 360, 380, 3600]
    assert set(found.problem.holder.tolist()) == {NOBODY}
    assert {kind.need.expected_s for kind in found.problem.kinds} == {360, 370, 3600}


async def test_holders_and_what_lies_outside(database: Database, clock: VirtualClock) -> None:
    async with database.transaction() as session:
        await a_market(session, "AT", phone_region="AT", time_zone="Europe/Vienna")
        anna, ben = await an_advisor(session, markets=("DE", "AT")), await an_advisor(session)
        inside = await a_customer(session, advisor=anna, since=clock.now() - timedelta(days=360))
        await a_customer(session, market="AT", advisor=anna, expected_seconds=1000)

    found = await reading.read(database, Scope(held=True, market_id="DE"), Terms(), clock.now())

    problem = found.problem
    assert [advisor.id for advisor in problem.advisors] == sorted((anna.id, ben.id), key=str)
    place = [advisor.id for advisor in problem.advisors].index(anna.id)
    assert problem.holder.tolist() == [place]
    assert problem.advisors[place].load_s == 1000
    assert UUID(bytes=found.customer[0].tobytes()) == inside.id
    assert problem.stay[0] == pytest.approx(0.575, abs=0.01)


async def test_pages_make_one_book(
    database: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 3)
    async with database.transaction() as session:
        customers = [await a_customer(session) for _ in range(7)]

    found = await reading.read(database, Scope(held=False), Terms(), clock.now())

    assert [UUID(bytes=one.tobytes()) for one in found.customer] == sorted(customer.id for customer in customers)


async def test_nobody_to_read_is_an_empty_book(database: Database, clock: VirtualClock) -> None:
    found = await reading.read(database, Scope(held=False), Terms(), clock.now())

    assert (len(found.problem.kind), found.problem.kinds) == (0, ())


async def test_who_takes_nobody_new_has_no_room_and_keeps_customers(
    database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        closed = await an_advisor(session)
        await a_customer(session, advisor=closed)
        await session.execute("UPDATE books SET open_for_new = false WHERE advisor_id = $1", closed.id)

    found = await reading.read(database, Scope(held=True), Terms(), clock.now())

    (advisor,) = found.problem.advisors
    assert (advisor.load_s, advisor.cap_s) == (0, 360)
