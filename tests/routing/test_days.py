"""Simulated days on the pure core: safety after every event, liveness at the end, and the same again for a seed.

DURCHWAHL_HOURS=20000 DURCHWAHL_SEED=1 pytest tests/routing/test_days.py
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.routing.days import Day

HOURS = int(os.environ.get("DURCHWAHL_HOURS", "500"))
SEED = int(os.environ.get("DURCHWAHL_SEED", "1"))
HOURS_OF_A_DAY = 10


@pytest.mark.timeout(120 + HOURS)
def test_all_is_well_on_every_day() -> None:
    tally: Counter[str] = Counter()

    for seed in range(SEED, SEED + HOURS // HOURS_OF_A_DAY):
        day = Day(seed)
        day.play(HOURS_OF_A_DAY)
        assert day.wrong == [], f"seed {seed}"
        tally.update(day.tally)

    everything = ("served", "abandoned", "promised", "closed", "explained", "waits", "not_taken", "kept_by_own")
    assert min(tally[what] for what in everything) > 0


def test_a_seed_tells_the_same_day_again() -> None:
    first, second, other = Day(7), Day(7), Day(8)
    for day in (first, second, other):
        day.play(2)

    assert first.story == second.story != other.story
