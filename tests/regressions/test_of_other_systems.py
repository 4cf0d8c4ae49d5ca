"""Bugs of other people's systems, played here: see `named.py` for those that other rooms keep out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from accounts import queries
from api.vitals import Vitals
from kit.clock import VirtualClock
from kit.database import Database, DatabaseAway, Session
from kit.heartbeats import Heartbeats
from kit.loops import Loop, Supervisor
from kit.metrics import Metrics
from kit.settings import Settings
from telephony.verbs import Dial
from tests.support.builders import a_customer, a_desk_group, a_number, a_private_number, an_advisor
from tests.support.world import World

MARKET_NUMBER = "+493023125900"


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


@pytest.mark.database
async def test_phone_that_answers_too_late_does_not_get_the_call_as_well(world: World) -> None:
    group = await a_desk_group(world.session, general_for="DE")
    anna = await an_advisor(world.session, group=group)
    ben = await an_advisor(world.session, group=group)
    await a_number(world.session, number=MARKET_NUMBER, kind="general")
    phone = a_private_number()
    await a_customer(world.session, advisor=anna, phones=(phone,))
    call = await world.call(phone, MARKET_NUMBER)
    late = call.verb.offer_id
    await world.pass_time(26)
    await call.digits("1")
    call.left_with(Dial)
    bens = call.verb.offer_id

    await call.hear("answered", offer_id=late)
    after_anna = (await call.state(), await world.presence(anna))
    call.left_with(Dial)
    await call.hear("answered", offer_id=bens)

    assert after_anna == ("offered", "not_responding")
    assert (await call.state(), (await call.row())["advisor_id"]) == ("connected", ben.id)
    assert (await world.presence(anna), await world.presence(ben)) == ("not_responding", "in_contact")


@pytest.mark.database
async def test_advisor_whose_browser_was_closed_is_offered_nothing(world: World) -> None:
    group = await a_desk_group(world.session, general_for="DE")
    anna = await an_advisor(world.session, group=group, lease_until=world.now + timedelta(seconds=25))
    await a_number(world.session, number=MARKET_NUMBER, kind="general")
    phone = a_private_number()
    await a_customer(world.session, advisor=anna, phones=(phone,))
    before = await world.presence(anna)

    await world.pass_time(26)
    call = await world.call(phone, MARKET_NUMBER)

    assert (before, await world.presence(anna)) == ("available", "offline")
    assert not isinstance(call.verb, Dial)


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.database
async def test_dispatcher_that_hangs_or_dies_is_not_called_healthy(shared_database: Database) -> None:
    seconds, runs = Seconds(), 0
    vitals = Vitals(shared_database, Metrics(), seconds)
    hangs = asyncio.Event()

    async def dispatch() -> None:
        nonlocal runs
        runs += 1
        hangs.set()
        await asyncio.Event().wait()

    supervisor = Supervisor([Loop("dispatch", dispatch, timedelta(seconds=1))], vitals.heartbeats)
    async with supervisor:
        await hangs.wait()
        well = vitals.hindrances()
        seconds.now += 31
        hindered = vitals.hindrances()
        task = supervisor.loops[0]._task
        assert task is not None
        task.cancel()
        await asyncio.wait({task})
        hangs.clear()
        again = await supervisor.watch_once()
        await hangs.wait()

    assert (well, again) == ([], ["dispatch"])
    assert "silent:dispatch" in hindered
    assert runs == 2
    assert isinstance(vitals.heartbeats, Heartbeats)


@pytest.fixture
async def pool(database_uri: str, settings: Settings) -> AsyncIterator[Database]:
    database = Database(database_uri, settings)
    yield database
    await database.close()


@pytest.mark.database
async def test_pool_leaves_a_server_that_became_read_only(pool: Database, now: datetime) -> None:
    async def write() -> None:
        async with pool.transaction() as session:
            await queries.write_probe(session, now)

    await write()
    async with pool.lane() as one, pool.lane() as two:  # both know only the server as it was
        for lane in (one, two):
            await lane.raw.execute("SET default_transaction_read_only = on")

    with contextlib.suppress(DatabaseAway):  # at most one is told to come back
        await write()
    await write()
    await write()
