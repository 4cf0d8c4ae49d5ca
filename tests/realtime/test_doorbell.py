"""The doorbell between replicas."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from kit.database import Database
from kit.settings import Settings
from realtime.doorbell import Doorbell
from tests.realtime.writing import note

pytestmark = pytest.mark.database


class Rung:
    """Counts rings and lets a test wait for one."""

    def __init__(self) -> None:
        self.times = 0
        self._event = asyncio.Event()

    def __call__(self) -> None:
        self.times += 1
        self._event.set()

    async def once(self) -> None:
        async with asyncio.timeout(10):
            await self._event.wait()
        self._event.clear()


@contextlib.asynccontextmanager
async def a_replica(uri: str, settings: Settings) -> AsyncIterator[tuple[Database, Doorbell, Rung]]:
    database = Database(uri, settings)
    doorbell, rung = Doorbell(database), Rung()
    doorbell.on_ring.append(rung)
    try:
        yield database, doorbell, rung
    finally:
        await doorbell.close()
        await database.close()


async def test_a_commit_here_rings_there_and_not_here(database_uri: str, settings: Settings) -> None:
    async with (
        a_replica(database_uri, settings) as (database, here, rung_here),
        a_replica(database_uri, settings) as (_, there, rung_there),
    ):
        for doorbell, rung in ((here, rung_here), (there, rung_there)):
            await doorbell.listen_once()
            await rung.once()  # who has just begun to listen looks once

        await note(database, "one")
        rang = await here.ring_once()
        await rung_there.once()
        await here.listen_once()

        assert rang
        assert rung_here.times == 1


async def test_it_is_rung_only_when_there_is_something(database_uri: str, settings: Settings) -> None:
    async with a_replica(database_uri, settings) as (database, doorbell, _):
        assert not await doorbell.ring_once()

        await note(database, "one")
        await note(database, "two")

        assert await doorbell.ring_once()
        assert not await doorbell.ring_once()


async def test_a_connection_that_died_is_noticed_and_replaced(database_uri: str, settings: Settings) -> None:
    async with a_replica(database_uri, settings) as (database, doorbell, rung):
        await doorbell.listen_once()
        await rung.once()
        assert doorbell._connection is not None
        first = doorbell._connection.get_server_pid()
        async with database.transaction() as session:
            await session.fetch_value("SELECT pg_terminate_backend($1, 5000)", first)

        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await doorbell.listen_once()
        await doorbell.listen_once()
        await rung.once()

        assert doorbell._connection.get_server_pid() != first


class DeadLink:
    """A connection that looks open and answers nothing."""

    terminated = False

    def is_closed(self) -> bool:
        return False

    def get_settings(self) -> object:
        return object()

    async def execute(self, _statement: str, timeout: float) -> str:  # noqa: ASYNC109 - as asyncpg has it
        assert timeout <= 1
        raise TimeoutError

    def terminate(self) -> None:
        self.terminated = True


async def test_a_dead_link_that_looks_open_is_noticed(database_uri: str, settings: Settings) -> None:
    async with a_replica(database_uri, settings) as (_, doorbell, rung):
        silent = DeadLink()
        doorbell._connection = silent  # type: ignore[assignment]

        with pytest.raises(TimeoutError):
            await doorbell.listen_once()
        await doorbell.listen_once()
        await rung.once()

        assert silent.terminated
        assert isinstance(doorbell._connection, asyncpg.Connection)
