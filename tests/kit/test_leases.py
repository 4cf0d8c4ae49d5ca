"""Who holds a lease, and that an old holder writes nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from kit import leases
from kit.clock import VirtualClock
from kit.database import Database, Session
from kit.leases import Leadership

pytestmark = pytest.mark.database

LENGTH = timedelta(seconds=10)
GUARDED = """
UPDATE webhook_cursor SET cursor = $1 WHERE (SELECT token FROM leases WHERE name = 'toys' FOR SHARE) = $2
"""

WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


async def taken(session: Session, holder: str, now: datetime) -> int | None:
    held = await leases.take(session, "toys", holder, now, now + LENGTH)
    return None if held is None else held.token


async def test_lease_is_one_holders_until_it_is_over(session: Session, now: datetime) -> None:
    assert await taken(session, "first", now) == 1
    assert await taken(session, "second", now + timedelta(seconds=9)) is None
    assert await taken(session, "second", now + LENGTH) == 2
    assert await taken(session, "first", now + LENGTH) is None


async def test_renewed_in_time_it_keeps_its_token_and_too_late_it_does_not(session: Session, now: datetime) -> None:
    assert await taken(session, "first", now) == 1
    assert await taken(session, "first", now + timedelta(seconds=9)) == 1
    assert await taken(session, "first", now + timedelta(seconds=19)) == 2


async def test_lease_that_was_let_go_is_free_at_once(session: Session, now: datetime) -> None:
    held = await leases.take(session, "toys", "first", now, now + LENGTH)
    assert held is not None

    await leases.let_go(session, held, now)

    assert await taken(session, "second", now) == 2


async def test_holder_that_was_frozen_writes_nothing(database: Database, clock: VirtualClock) -> None:
    """Its own clock stands still, so that it believes to the end that the lease is its own."""
    frozen = VirtualClock(clock.now())
    first, second = (Leadership(database, "toys", name, LENGTH) for name in ("first", "second"))
    async with database.transaction() as session:
        await session.execute("INSERT INTO webhook_cursor VALUES (true, 'nobody', $1)", clock.now())
    old = await first.held(frozen.now())
    clock.advance(11)
    new = await second.held(clock.now())
    assert old is not None
    assert new is not None

    async with database.transaction() as session:
        assert await session.execute(GUARDED, "second", new.token) == "UPDATE 1"
    assert await first.held(frozen.now()) is old
    async with database.transaction() as session:
        assert await session.execute(GUARDED, "first", old.token) == "UPDATE 0"

    first.lost()
    assert await first.held(clock.now()) is None


async def test_write_under_way_keeps_the_next_holder_out(database: Database, clock: VirtualClock) -> None:
    async with database.transaction() as session:
        await session.execute("INSERT INTO webhook_cursor VALUES (true, 'nobody', $1)", clock.now())
    old = await Leadership(database, "toys", "first", LENGTH).held(clock.now())
    assert old is not None
    clock.advance(11)

    async with database.transaction() as session:
        assert await session.execute(GUARDED, "first", old.token) == "UPDATE 1"
        next_one = asyncio.create_task(Leadership(database, "toys", "second", LENGTH).held(clock.now()))
        async with database.reading() as watching:
            while not await watching.fetch_value(WAITING):
                pass
        assert not next_one.done()

    assert await next_one is not None


async def test_of_many_at_once_exactly_one_has_it(database: Database, clock: VirtualClock) -> None:
    many = [Leadership(database, "toys", f"replica {n}", LENGTH) for n in range(8)]

    found = await asyncio.gather(*(one.held(clock.now()) for one in many))

    assert sum(held is not None for held in found) == 1
