"""A house with subscribers on a database of its own."""

from __future__ import annotations

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.webhooks.company import House


@pytest.fixture
def house(database: Database, clock: VirtualClock, settings: Settings) -> House:
    return House(database, clock, settings)
