"""A storm in small: a living town, and faults that no other test plays; `make chaos` plays storms for hours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kit.settings import Settings
from tests.faults.herd import come_all, dashboards
from tests.faults.own_server import OwnServer
from tests.faults.storm import Storm
from tests.faults.town import NOISY, Town, a_town

pytestmark = [pytest.mark.database, pytest.mark.acceptance, pytest.mark.timeout(240)]


@pytest.fixture
async def town(own_server: OwnServer, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(own_server, tmp_path, seed=11, noise=NOISY) as found:
        yield found


async def test_faults_lose_nothing_and_a_rolling_restart_costs_the_switch_nothing(
    town: Town, settings: Settings
) -> None:
    storm = Storm(town, weather_s=2)

    async with dashboards(town, settings, len(town.replicas)) as screens, town.living():
        for fault in ("kill_all", "hold_a_lock", "throttle"):
            await storm.cycle(fault)
        await come_all(screens)
        watching = [asyncio.create_task(screen.closed()) for screen in screens]
        healed = town.ledger.healed
        await storm.cycle("roll")
        closed = await asyncio.gather(*watching)
    await storm.end(within_s=30)

    assert storm.wrong == []  # among it: whatever the switch was refused by both replicas during the restarts
    assert storm.tally["restarts"] == 2
    assert town.ledger.healed > healed
    assert closed == [1012, 1012]
    assert town.ledger.calls
    assert town.played["talked"]
