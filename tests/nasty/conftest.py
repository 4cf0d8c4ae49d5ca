"""One company for each module; what is sent to it should leave no trace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.support import postgres
from tests.support.api import Client, make_app, make_client


@pytest.fixture(scope="module")
async def company(server_uri: str, settings: Settings) -> AsyncIterator[tuple[Client, Names]]:
    name = f"nasty_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    app = make_app(database, VirtualClock(MONDAY_MORNING), settings)
    yield await founded(await make_client(app))
    await database.close()
    await postgres.drop_database(server_uri, name)
