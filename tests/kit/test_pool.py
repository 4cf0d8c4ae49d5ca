"""What is lent comes back; what is of no more use is closed on both of its levels, not left to the collector."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kit.database import Database, DatabaseAway
from tests.realtime.writing import until
from tests.support import postgres

pytestmark = pytest.mark.database


@contextmanager
def nothing_left_over() -> Iterator[None]:
    """SQLAlchemy warns of connections that nobody gave back when it finds them among the garbage."""
    gc.collect()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(one.message) for one in warned if "garbage collector" in str(one.message)] == []


async def killed_while_idle(database: Database, server_uri: str) -> None:
    """A connection of the pool's whose backend is gone, which its socket has heard of."""
    async with database.lane() as lane:
        pid = await lane.raw.fetchval("SELECT pg_backend_pid()")
    await postgres.execute(server_uri, f"SELECT pg_terminate_backend({pid})")

    async def heard() -> bool:
        return lane.raw.is_closed()

    await until(heard)


async def test_connection_that_the_database_closed_is_given_up_as_a_whole(
    database: Database, server_uri: str
) -> None:
    await killed_while_idle(database, server_uri)

    with nothing_left_over():
        async with database.reading() as session:
            assert await session.fetch_value("SELECT 1") == 1

    assert (database.pool.lent, database.pool.idle) == (0, 1)


async def test_connection_that_breaks_in_somebodys_hands_is_given_up_as_a_whole(
    database: Database, server_uri: str
) -> None:
    async def struck() -> None:
        async with database.reading() as session:
            pid = await session.fetch_value("SELECT pg_backend_pid()")
            await postgres.execute(server_uri, f"SELECT pg_terminate_backend({pid})")
            await session.fetch_value("SELECT 1")

    with nothing_left_over(), pytest.raises(DatabaseAway):
        await struck()

    assert (database.pool.lent, database.pool.idle) == (0, 0)


async def test_whoever_is_cancelled_at_any_step_of_a_reading_leaves_nothing_over(database: Database) -> None:
    async def read() -> None:
        async with database.reading() as session:
            await session.fetch_value("SELECT 1")

    with nothing_left_over():
        for steps in range(0, 600, 15):
            reading = asyncio.create_task(read())
            for _ in range(steps):
                await asyncio.sleep(0)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await database.pool.drop_idle()

    assert database.pool.lent == 0
