"""Two replicas on a database of their own."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.races.desks import Desk, found
from tests.races.replicas import Replica, Replicas
from tests.support import postgres
from tests.support.builders import MONDAY_MORNING


@pytest.fixture
async def replicas(server_uri: str, settings: Settings, worker_id: str) -> AsyncIterator[Replicas]:
    """A deadlock is noticed at once, so that a race that has one doesn't wait a second for it."""
    name = f"race_{worker_id}_{uuid4().hex[:8]}"
    uri = await postgres.create_database(server_uri, name)
    connection = await asyncpg.connect(uri)
    await connection.execute(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '50ms'")
    await connection.close()
    clock = VirtualClock(MONDAY_MORNING)
    databases = [Database(uri, settings, application=f"replica {n}") for n in (1, 2)]
    first, second = (Replica(database, clock) for database in databases)
    yield Replicas(first, second, clock, random.Random(7))
    for database in databases:
        await database.close()
    await postgres.drop_database(server_uri, name)


@pytest.fixture
async def company(replicas: Replicas) -> Desk:
    return await found(replicas)
