"""What is far away in these tests: the database, behind a proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from kit.settings import Settings
from tests.faults.far import Far, far_away
from tests.faults.own_server import OwnServer


@pytest.fixture
async def far(database_uri: str, settings: Settings) -> AsyncIterator[Far]:
    async with far_away(database_uri, settings) as found:
        yield found


@pytest.fixture
def prompt(settings: Settings) -> Settings:
    """As in production, where a switch gets its answer within 400 ms or goes on alone."""
    return settings.model_copy(update={"answer_within": timedelta(milliseconds=400)})


@pytest.fixture(scope="session")
async def own_server() -> AsyncIterator[OwnServer]:
    async with OwnServer() as server:
        yield server
