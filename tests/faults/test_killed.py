"""Processes are killed in the middle of calls and promises: nothing acknowledged is lost, nothing is dialled twice.

DURCHWAHL_KILLS=1000 pytest tests/faults/test_killed.py
"""

from __future__ import annotations

import os

import pytest

from kit.database import Database
from tests.faults.killing import POINTS, killing

KILLS = int(os.environ.get("DURCHWAHL_KILLS", "20"))
SEED = int(os.environ.get("DURCHWAHL_SEED", "1"))
pytestmark = [pytest.mark.database, pytest.mark.timeout(120 + 10 * KILLS)]


async def test_killed_processes_lose_nothing_and_dial_nothing_twice(database: Database, database_uri: str) -> None:
    killed = await killing(database, database_uri, SEED)

    for n in range(KILLS):
        await killed.cycle(POINTS[n % len(POINTS)])
    await killed.end()

    assert killed.wrong == []
    assert killed.tally == {"kill_cycles": KILLS}
    assert killed.outside.calls
    assert killed.outside.promises
    assert killed.outside.dialled
