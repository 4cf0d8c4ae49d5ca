"""Two replicas on a database of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from kit.settings import Settings
from tests.races.desks import Desk, found
from tests.races.replicas import Replicas, two_replicas
from tests.support import postgres


@pytest.fixture
async def replicas(server_uri: str, settings: Settings, worker_id: str) -> AsyncIterator[Replicas]:
    name = f"race_{worker_id}_{uuid4().hex[:8]}"
    async with two_replicas(await postgres.create_database(server_uri, name), settings) as replicas:
        yield replicas
    await postgres.drop_database(server_uri, name)


@pytest.fixture
async def company(replicas: Replicas) -> Desk:
    return await found(replicas)
