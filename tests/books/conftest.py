"""Stories about the book need commits: a database of their own for each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kit import invariants
from kit.clock import VirtualClock
from kit.database import Database
from tests.books.shop import Shop


@pytest.fixture
async def shop(database: Database, clock: VirtualClock) -> AsyncIterator[Shop]:
    """A workshop; after the story every invariant holds, but for what the builders never announced."""
    shop = Shop(database, clock)
    yield shop
    async with database.reading() as session:
        assert await invariants.violations(session, shop.now, only=invariants.load().keys() - {"I27"}) == {}
