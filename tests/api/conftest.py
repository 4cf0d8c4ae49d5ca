"""One application per test, or one for a whole module of tests that only knock at its doors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from api.app import Services, add
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.api import toys
from tests.api.houses import house, shared_house
from tests.conftest import MONDAY_MORNING
from tests.support import postgres
from tests.support.api import Client, app, client, make_app, make_client, services
from tests.support.builders import a_market, a_product

__all__ = ["app", "client", "house", "services", "shared_house"]


async def a_toy_client(database: Database, settings: Settings) -> Client:
    application = make_app(database, VirtualClock(MONDAY_MORNING), settings)
    add(application, toys.router)
    return await make_client(application)


@pytest.fixture(scope="module")
async def steady(server_uri: str, settings: Settings) -> AsyncIterator[Client]:
    """An application with toys, for a module whose tests leave nothing that another would notice."""
    name = f"doors_{uuid4().hex[:12]}"
    uri = await postgres.create_database(server_uri, name)
    await postgres.execute(postgres.as_owner(uri), toys.TABLE)
    database = Database(uri, settings, application="tests")
    yield await a_toy_client(database, settings)
    await database.close()
    await postgres.drop_database(server_uri, name)


@pytest.fixture
async def toy_client(steady: Client) -> Client:
    """The module's application with its toys put away; another database would take half a second."""
    services: Services = steady.app.state.services
    async with services.database.transaction() as session:
        await session.execute("DELETE FROM toys")
        await session.execute("DELETE FROM stored_answers")
    services.extras.clear()
    return steady


@pytest.fixture
async def control_center(client: Client, database: Database) -> Client:
    async with database.transaction() as session:
        await a_market(session)
        await a_product(session, expected_seconds={"default": 360, "business": 600})
    return client.as_("control_center")
