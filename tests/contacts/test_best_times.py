"""When somebody is usually free: the freest third of the hours in which they usually work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from contacts.best_times import FEWEST_WEEKS, usually_free
from kit.intervals import Interval

MONDAY_NINE = datetime(2026, 9, 7, 7, 0, tzinfo=UTC)
"""09:00 in Berlin, and seven more weeks of summer time."""
BERLIN, WEEK = ZoneInfo("Europe/Berlin"), timedelta(days=7)


def mornings(weeks: int) -> list[Interval]:
    """From nine to twelve."""
    return [_at(week, 0, 180) for week in range(weeks)]


def _at(week: int, since_min: int, until_min: int) -> Interval:
    begins = MONDAY_NINE + week * WEEK
    return Interval(begins + timedelta(minutes=since_min), begins + timedelta(minutes=until_min))


def test_the_hour_with_the_fewest_conversations_is_told() -> None:
    busy = [_at(week, *span) for week in range(5) for span in ((0, 50), (65, 70), (125, 170))]

    assert usually_free(mornings(5), busy, BERLIN) == [("mon", "10:00", "11:00")]


def test_hours_are_those_of_the_clock_that_is_asked_for() -> None:
    busy = [_at(week, *span) for week in range(5) for span in ((0, 50), (65, 70), (125, 170))]

    assert usually_free(mornings(5), busy, ZoneInfo("Europe/Lisbon")) == [("mon", "09:00", "10:00")]


def test_less_than_four_weeks_say_nothing() -> None:
    assert usually_free(mornings(FEWEST_WEEKS - 1), [], BERLIN) == []
    assert usually_free(mornings(FEWEST_WEEKS), [], BERLIN) != []


def test_conversations_outside_of_working_hours_do_not_count() -> None:
    busy = [_at(week, -120, -10) for week in range(5)] + [_at(week, 0, 119) for week in range(5)]

    assert usually_free(mornings(5), busy, BERLIN) == [("mon", "11:00", "12:00")]
