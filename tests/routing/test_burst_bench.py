"""What the benchmark of bursts is made of: it measures what it says it does."""

from __future__ import annotations

from bench.matching import NOW, burst, timed
from routing.matching import match
from routing.waiting import may_take


def test_a_made_up_burst_is_served_as_far_as_there_are_advisors() -> None:
    waiting, free = burst(120, 40)

    found = match(waiting, free, NOW)

    contacts, advisors = {one.id: one for one in waiting}, {one.id: one for one in free}
    assert len(found) >= 38
    assert all(may_take(advisors[pair.advisor], contacts[pair.contact]) for pair in found)


def test_a_round_is_timed() -> None:
    figures = timed(30, 10, 2)

    assert figures["cpu_ms"] > 0
    assert 0 < figures["ms"] <= figures["median_ms"]
    assert figures["served"] == 10
