"""The loops on a database of their own: each turn works alone, and what fails delays nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contacts import deadlines, service
from contacts.deadlines import Work
from contacts.exchange import Exchange
from kit.clock import LiveClock, VirtualClock
from kit.database import Database, Session
from telephony.inbound import InboundCall
from tests.support.builders import a_customer, a_desk_group, a_number, a_private_number, an_advisor
from tests.support.world import an_exchange
from worker.loops import Worker, ensure_months

MARKET_NUMBER = "+493023125900"


@pytest.fixture
def worker(database: Database, clock: VirtualClock) -> Worker:
    return Worker(database, an_exchange(), clock)


async def a_ringing_call(worker: Worker, clock: VirtualClock) -> None:
    phone = a_private_number()
    async with worker.database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, group=group, skills={"hosting": 3})
        await a_customer(session, advisor=anna, phones=(phone,))
        await a_number(session, number=MARKET_NUMBER, kind="general")
    async with worker.database.transaction() as session:
        await service.receive_call(session, worker.exchange, InboundCall("c", phone, MARKET_NUMBER), clock.now())


async def state(database: Database) -> Any:
    async with database.reading() as session:
        return await session.fetch_value("SELECT state FROM contacts")


async def test_turn_of_the_deadlines_ends_what_is_due_and_says_so(worker: Worker, clock: VirtualClock) -> None:
    await a_ringing_call(worker, clock)
    assert (await worker.deadlines_once())["offers"] == 0

    clock.advance(26)
    done = await worker.deadlines_once()

    assert done["offers"] == 1
    assert await state(worker.database) == "choosing"
    assert (await worker.deadlines_once())["offers"] == 0


async def test_one_that_fails_delays_none_of_the_others(
    worker: Worker, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def find(_session: object, _now: datetime) -> list[UUID]:
        return [UUID(int=1), UUID(int=2), UUID(int=3)]

    treated: list[int] = []

    async def treat(_session: Session, _exchange: Exchange, identifier: UUID, _now: datetime) -> None:
        if identifier.int == 2:
            raise ValueError("poison")
        treated.append(identifier.int)

    monkeypatch.setattr("worker.loops.DUE_WORK", (Work("toys", find, treat), *deadlines.DUE_WORK))

    await worker.deadlines_once()

    assert treated == [1, 3]


async def test_commit_that_frees_an_advisor_wakes_the_dispatch(worker: Worker) -> None:
    async with worker.database.transaction() as session:
        session.wakes.add("dispatch")

    assert worker.dispatching.freed.is_set()


async def test_clock_follows_the_databases(database: Database) -> None:
    clock = LiveClock()
    worker = Worker(database, an_exchange(), clock)
    clock.offset = timedelta(hours=1)

    offset = await worker.clock_once()

    assert offset is not None
    assert abs(offset) < timedelta(seconds=2)
    assert clock.offset == offset


async def test_months_are_made_ahead(database: Database, clock: VirtualClock) -> None:
    await ensure_months(database, clock.now())
    await ensure_months(database, clock.now())

    async with database.reading() as session:
        for month in ("2026_11", "2026_12", "2027_01"):
            assert await session.fetch_value("SELECT to_regclass($1)", f"events_{month}") is not None
