"""Forecasts are held against the waits that followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulation.told import ToldWaits

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_nothing_told_nothing_to_hold_against() -> None:
    told = ToldWaits()
    told.tell("a", NOON, None)
    told.answered("a", after(5))

    assert told.figures() == {"told": 0, "answered": 0, "share_within": 0.0, "median_width_s": 0}


def test_the_share_is_of_those_who_were_answered() -> None:
    told = ToldWaits()
    for call_id in ("within", "longer", "shorter", "hangs_up"):
        told.tell(call_id, NOON, (10, 40))
    told.answered("within", after(40))
    told.answered("longer", after(41))
    told.answered("shorter", after(9))

    assert told.figures() == {"told": 4, "answered": 3, "share_within": 0.3333, "median_width_s": 30}


def test_the_first_range_counts_whatever_is_told_later() -> None:
    told = ToldWaits()
    told.tell("a", NOON, (0, 20))
    told.tell("a", after(15), (0, 60))
    told.answered("a", after(30))

    assert told.figures()["share_within"] == 0.0
