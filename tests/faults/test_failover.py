"""The primary dies, its synchronous standby takes over, and nobody who was told "yes" was told too much."""

from __future__ import annotations

import pytest

from kit.settings import Settings
from tests.faults.failover import failover_cycle
from tests.support.cluster import Cluster

pytestmark = [pytest.mark.database, pytest.mark.timeout(120)]


async def test_failover_loses_nothing_acknowledged_and_writes_go_on_within_ten_seconds(settings: Settings) -> None:
    async with Cluster() as cluster:
        found = await failover_cycle(cluster, settings)

    print(f"write gap {found.gap_s:.2f} s, of it the promotion {found.promotion_s:.2f} s; {found.counts}")
    assert found.wrong == []
    assert found.lost == 0
    assert found.acknowledged > 10
    assert found.repeated > 0
    assert found.gap_s <= 10
