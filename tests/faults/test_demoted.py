"""A server that is no longer the primary: whoever was connected to it finds the other one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from kit.clock import LiveClock
from kit.database import Database, DatabaseAway
from kit.hosts import split
from kit.offset import measure
from kit.settings import Settings
from migrations import ground
from realtime.doorbell import Doorbell
from tests.faults.own_server import OwnServer, target_of
from tests.faults.proxy import Proxy, Weather
from tests.support import postgres

pytestmark = pytest.mark.database

DEMOTE = "ALTER SYSTEM SET default_transaction_read_only = on"
WHERE = "SELECT word FROM place"


@pytest.fixture
async def both(own_server: OwnServer, server_uri: str, settings: Settings) -> AsyncIterator[Database]:
    """Two servers with the same database, which says where it is; the first is asked first."""
    await until_read_only(own_server.uri, "off")  # the test before may have demoted it
    name = f"place_{uuid4().hex[:8]}"
    for uri, word in ((own_server.uri, "old"), (server_uri, "new")):
        await postgres.execute(uri, f"CREATE DATABASE {name}")
        await postgres.execute(
            ground.with_database(uri, name),
            f"CREATE TABLE place AS SELECT '{word}' AS word",
        )
    sockets = [split(uri)[0][0].split("host=")[1].split("&")[0] for uri in (own_server.uri, server_uri)]
    database = Database(f"postgresql://postgres@/{name}?host={','.join(sockets)}", settings)
    yield database
    await database.close()
    await own_server.run("ALTER SYSTEM RESET default_transaction_read_only")
    await own_server.run("SELECT pg_reload_conf()")
    for uri in (own_server.uri, server_uri):
        await postgres.drop_database(uri, name)


async def until_read_only(uri: str, wanted: str) -> None:
    """A server reads its configuration again in its own time."""
    found = None
    while found != wanted:
        connection = await asyncpg.connect(uri)
        found = await connection.fetchval("SHOW default_transaction_read_only")
        await connection.close()


async def demote(server: OwnServer) -> None:
    await server.run(DEMOTE)
    await server.run("SELECT pg_reload_conf()")
    await until_read_only(server.uri, "on")


async def where(database: Database) -> str:
    async with database.reading() as session:
        return str(await session.fetch_value(WHERE))


async def test_a_write_to_the_demoted_is_refused_once_and_the_next_goes_to_the_new(
    both: Database, own_server: OwnServer
) -> None:
    assert await where(both) == "old"
    await demote(own_server)

    with pytest.raises(DatabaseAway):
        async with both.transaction() as session:
            await session.execute("UPDATE place SET word = 'written'")
    async with both.transaction() as session:
        await session.execute("UPDATE place SET word = 'written'")

    assert await where(both) == "written"


async def test_reads_do_not_stay_with_the_demoted_although_it_answers(
    both: Database, own_server: OwnServer
) -> None:
    async with both.lane(), both.lane(), both.lane():
        pass  # three connections, all to the old one
    assert await where(both) == "old"
    await demote(own_server)

    first, *later = [await where(both) for _ in range(6)]

    assert first == "old", "nobody can know before the server has said so"
    assert set(later) == {"new"}


async def test_a_connection_that_was_lent_meanwhile_is_not_kept(both: Database, own_server: OwnServer) -> None:
    async with both.lane(), both.lane():
        pass
    async with both.lane() as lent:
        await demote(own_server)
        with contextlib.suppress(DatabaseAway):
            async with both.transaction() as session:
                await session.execute("UPDATE place SET word = 'written'")

    assert lent.raw.is_closed()
    assert await where(both) == "new"


async def test_who_listens_moves_along(both: Database, own_server: OwnServer) -> None:
    doorbell = Doorbell(both)
    await doorbell.listen_once()
    await demote(own_server)

    await doorbell.listen_once()  # here it hears of it
    await doorbell.listen_once()

    here = "FROM pg_stat_activity WHERE query LIKE 'SELECT 1%' AND datname = current_database()"
    async with both.reading() as session:
        listening = await session.fetch_value(f"SELECT count(*) {here}")
    await doorbell.close()
    assert listening == 1


async def test_the_clock_is_measured_against_the_new_one(both: Database, own_server: OwnServer) -> None:
    clock = LiveClock()
    await demote(own_server)

    for _ in range(2):
        async with both.reading() as session:
            await measure(session, clock)

    assert await where(both) == "new"


async def test_a_first_host_that_swallows_everything_costs_less_than_two_seconds(
    database_uri: str, settings: Settings
) -> None:
    """The connection itself is limited to two seconds: were the share not kept, it would not come about."""
    folder = str(target_of(database_uri)).removesuffix("/.s.PGSQL.5432")
    name = database_uri.split("?")[0].rsplit("/", 1)[1]
    async with Proxy(target_of(database_uri)) as proxy:
        proxy.weather = Weather(black_hole=True)
        url = f"postgresql://{postgres.RUNTIME}@/{name}?host=127.0.0.1,{folder}&port={proxy.port},5432"
        database = Database(url, settings)
        async with database.reading() as session:
            assert await session.fetch_value("SELECT 1") == 1
        await database.close()
