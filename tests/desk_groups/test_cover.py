"""Who may be away at the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from advisors.working_time import WorkingTime
from desk_groups.cover import thin
from kit.intervals import Interval
from kit.week import Week

MONDAY = datetime(2026, 12, 7, tzinfo=UTC)
WEEK = Interval(MONDAY, MONDAY + timedelta(days=7))


def working(since: str, until: str, *days: str, away: tuple[Interval, ...] = ()) -> WorkingTime:
    week = Week.parse({day: [[since, until]] for day in days or ("mon", "tue", "wed", "thu", "fri")})
    return WorkingTime(week, ZoneInfo("UTC"), absences=away)


def test_enough_others_are_there() -> None:
    assert thin(working("08:00", "16:00"), [working("08:00", "16:00")], 1, WEEK) is None


def test_first_thin_stretch_is_named() -> None:
    found = thin(working("08:00", "16:00"), [working("08:00", "12:00")], 1, WEEK)

    assert found == Interval(MONDAY + timedelta(hours=12), MONDAY + timedelta(hours=16))


def test_when_the_one_who_goes_would_not_work_nobody_is_missed() -> None:
    assert thin(working("08:00", "12:00"), [working("08:00", "12:00")], 1, WEEK) is None
    assert thin(working("08:00", "16:00", "tue"), [working("08:00", "16:00", "tue")], 1, WEEK) is None


def test_others_who_are_away_dont_count() -> None:
    vacation = Interval(MONDAY + timedelta(days=2), MONDAY + timedelta(days=3))
    found = thin(working("08:00", "16:00"), [working("08:00", "16:00", away=(vacation,))], 1, WEEK)

    assert found is not None
    assert found.starts_at == MONDAY + timedelta(days=2, hours=8)


def test_without_a_minimum_everybody_may_go() -> None:
    assert thin(working("08:00", "16:00"), [], 0, WEEK) is None
