"""The first callers find everything ready; a database that is away keeps nobody from starting."""

from __future__ import annotations

from api.exchange import exchange_of
from api.services import Services
from api.warming import CONNECTIONS, warm
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.support.builders import a_market


async def test_before_anybody_is_let_in_connections_are_open_and_the_directory_is_read(
    database: Database, clock: VirtualClock, settings: Settings
) -> None:
    async with database.transaction() as session:
        await a_market(session)
    services = Services(database, clock, settings)

    async with warm(services):
        held = exchange_of(services).directory.held

    assert held is not None
    assert set(held.markets) == {"DE"}
    assert database.pool.idle >= min(CONNECTIONS, settings.pool_size)


async def test_service_starts_though_its_database_is_away(clock: VirtualClock, settings: Settings) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing", settings)
    services = Services(nowhere, clock, settings)

    async with warm(services):
        assert exchange_of(services).directory.held is None
    await nowhere.close()
