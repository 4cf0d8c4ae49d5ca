"""The log on PostgreSQL: nothing is missed, whatever commits late."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest

from kit.database import Database
from realtime import log
from realtime.cursor import Cursor
from realtime.log import Logged, PastIsGone
from tests.realtime.writing import a_note, held_open, note, subjects, until
from tests.support import postgres

pytestmark = pytest.mark.database

START = Cursor(1, 0, 0)


async def read(database: Database, cursor: Cursor = START, limit: int = 1000) -> tuple[list[Logged], Cursor]:
    async with database.reading() as session:
        return await log.read_after(session, cursor, limit)


async def read_until(database: Database, cursor: Cursor, events: int) -> tuple[list[Logged], Cursor]:
    """Read on until so many have come."""
    found = list[Logged]()

    async def enough() -> bool:
        nonlocal cursor
        more, cursor = await read(database, cursor)
        found.extend(more)
        return len(found) >= events

    await until(enough)
    return found, cursor


async def test_what_commits_late_is_read_all_the_same(database: Database) -> None:
    async with held_open(database) as slow:
        slow.announce(a_note("slow"))
        await slow.flush()
        await note(database, "fast")
        early, cursor = await read(database)
    await note(database, "later")

    late, _ = await read_until(database, cursor, events=3)

    assert early == []
    assert subjects(late) == ["slow", "fast", "later"]


async def test_a_transaction_that_writes_nothing_yet_holds_back_only_what_is_younger(database: Database) -> None:
    await note(database, "older")
    _, cursor = await read_until(database, START, events=1)
    async with held_open(database):
        await note(database, "younger")
        while_open, _ = await read(database, cursor)

    after, _ = await read_until(database, cursor, events=1)

    assert while_open == []
    assert subjects(after) == ["younger"]


async def test_what_is_rolled_back_never_happened(database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with held_open(database) as session:
            session.announce(a_note("undone"))
            await session.flush()
            raise ZeroDivisionError
    await note(database, "done")

    events, _ = await read_until(database, START, events=1)

    assert subjects(events) == ["done"]


async def test_pages_follow_each_other_without_gap_or_repetition(database: Database) -> None:
    wanted = [f"note_{number}" for number in range(10)]
    await note(database, *wanted)
    await read_until(database, START, events=10)

    cursor, found = START, list[str]()
    for _ in range(4):
        events, cursor = await read(database, cursor, limit=3)
        found += subjects(events)

    assert found == wanted


async def test_events_of_any_month_are_read_in_the_order_of_the_log(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute("SELECT ensure_month('events', date '1999-01-01')")
        session.announce(a_note("virtual", at=datetime(1999, 1, 22, tzinfo=UTC)))
        session.announce(a_note("live"))

    events, _ = await read_until(database, START, events=2)

    assert subjects(events) == ["virtual", "live"]


async def test_the_present_names_what_is_visible_above_the_line(database: Database) -> None:
    await note(database, "below")
    await read_until(database, START, events=1)
    async with held_open(database) as slow:
        slow.announce(a_note("slow"))
        await note(database, "above")
        async with database.snapshot() as session:
            present = await log.present(session)

    events, _ = await read_until(database, present, events=1)

    assert len(present.seen) == 1
    assert subjects(events) == ["slow"]


async def test_a_cursor_of_another_life_of_the_log_is_refused(database: Database, owner_uri: str) -> None:
    await note(database, "one")
    _, cursor = await read_until(database, START, events=1)
    await postgres.execute(owner_uri, "INSERT INTO event_epoch VALUES (2)")

    async with database.reading() as session:
        with pytest.raises(PastIsGone):
            await log.check(session, cursor)
        await log.check(session, Cursor(2, cursor.xid, cursor.id))


async def test_a_cursor_from_a_future_that_never_came_is_refused(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(PastIsGone):
            await log.check(session, Cursor(1, 2**62, 1))


async def test_a_month_that_was_dropped_is_not_passed_over_in_silence(database: Database, owner_uri: str) -> None:
    async with database.transaction() as session:
        await session.execute("SELECT ensure_month('events', date '2026-10-01')")
        session.announce(a_note("old", at=datetime(2026, 10, 5, tzinfo=UTC)))
        session.announce(a_note("older", at=datetime(2026, 10, 5, tzinfo=UTC)))
    await note(database, "new")
    events, end = await read_until(database, START, events=3)
    between = START.at((events[0].xid, events[0].id))

    await postgres.execute(owner_uri, "DROP TABLE events_2026_10")

    async with database.reading() as session:
        await log.check(session, end)
        for cursor in (START, between):
            with pytest.raises(PastIsGone):
                await log.check(session, cursor)


async def test_nothing_is_gone_while_the_first_event_is_there(database: Database) -> None:
    async with database.reading() as session:
        await log.check(session, START)
    await note(database, "first")

    async with database.reading() as session:
        await log.check(session, START)
