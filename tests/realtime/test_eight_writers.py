"""Beside eight writers nothing is missed, whatever commits late, and nothing comes twice.

DURCHWAHL_READING_S=1800 pytest tests/realtime/test_eight_writers.py
"""

from __future__ import annotations

import os

import pytest

from kit.database import Database
from tests.realtime.readers import beside_writers

SECONDS = float(os.environ.get("DURCHWAHL_READING_S", "20"))
SEED = int(os.environ.get("DURCHWAHL_SEED", "1"))
pytestmark = [pytest.mark.database, pytest.mark.timeout(60 + 2 * SECONDS)]


async def test_eight_writers_and_nothing_is_missed(database: Database) -> None:
    found = await beside_writers(database, SECONDS, SEED)

    assert (found["events_missed"], found["events_out_of_order"]) == (0, 0)
    assert found["events_written"] > 20 * SECONDS
