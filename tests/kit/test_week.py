from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.intervals import Interval, clip
from kit.week import ALWAYS, WEEKDAYS, BadWeek, Week

BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_a_week_becomes_instants_by_the_wall_clock() -> None:
    week = Week.parse({"wed": [["13:00", "17:00"], ["08:00", "12:00"]]})

    found = week.between(utc(2026, 11, 23), utc(2026, 11, 30), BERLIN)

    assert found == [
        Interval(utc(2026, 11, 25, 7), utc(2026, 11, 25, 11)),
        Interval(utc(2026, 11, 25, 12), utc(2026, 11, 25, 16)),
    ]


def test_what_goes_on_past_midnight_is_one_interval() -> None:
    week = Week.parse({"mon": [["22:00", "24:00"]], "tue": [["00:00", "06:00"]]})

    found = week.between(utc(2026, 11, 23), utc(2026, 11, 30), BERLIN)

    assert found == [Interval(utc(2026, 11, 23, 21), utc(2026, 11, 24, 5))]


def test_a_day_off_is_left_out() -> None:
    week = Week.parse({"wed": [["08:00", "12:00"]], "thu": [["08:00", "12:00"]]})

    found = week.between(utc(2026, 11, 23), utc(2026, 11, 30), BERLIN, lambda day: day == date(2026, 11, 25))

    assert found == [Interval(utc(2026, 11, 26, 7), utc(2026, 11, 26, 11))]


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_a_sunday_of_a_clock_change_is_as_long_as_it_is(day: tuple[int, int, int], hours: int) -> None:
    (whole,) = ALWAYS.on(date(*day), BERLIN)

    assert whole.ends_at - whole.starts_at == timedelta(hours=hours)


def test_hours_that_fall_into_the_gap_are_no_hours() -> None:
    week = Week.parse({"sun": [["02:00", "03:00"]]})

    assert week.between(utc(2026, 3, 28), utc(2026, 3, 30), BERLIN) == []


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"monday": []}, "unknown_weekday"),
        ({"mon": [["8:00", "12:00"]]}, "not_a_clock_time"),
        ({"mon": [["08:00", "24:01"]]}, "not_a_clock_time"),
        ({"mon": [["08:00", "12:00\n"]]}, "not_a_clock_time"),
        ({"mon": [["٠٨:٠٠", "12:00"]]}, "not_a_clock_time"),
        ({"mon": [["08:00"]]}, "not_a_clock_time"),
        ({"mon": ["08:00"]}, "not_a_clock_time"),
        ({"mon": [[8, 12]]}, "not_a_clock_time"),
        ({"mon": [["12:00", "08:00"]]}, "ends_before_it_starts"),
        ({"mon": [["08:00", "08:00"]]}, "ends_before_it_starts"),
        ({"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}, "overlaps"),
    ],
)
def test_a_week_that_can_not_be_meant_is_refused(written: Any, code: str) -> None:
    with pytest.raises(BadWeek) as refusal:
        Week.parse(written, "/opening_hours")

    assert [error.code for error in refusal.value.errors] == [code]
    assert refusal.value.errors[0].pointer.startswith("/opening_hours")


def test_half_an_hour_counts_for_the_mask_and_less_does_not() -> None:
    week = Week.parse({"mon": [["08:30", "10:29"]], "sun": [["23:00", "24:00"]]})

    assert week.mask() == 1 << 8 | 1 << 9 | 1 << 167


def test_always_is_every_hour() -> None:
    assert ALWAYS.mask() == (1 << 168) - 1


CUTS = st.lists(st.integers(0, 24 * 12), min_size=2, max_size=8, unique=True).map(sorted)


def a_day(cuts: list[int]) -> list[list[str]]:
    clock = [f"{5 * cut // 60:02}:{5 * cut % 60:02}" for cut in cuts]
    return [[since, until] for since, until in zip(clock[::2], clock[1::2], strict=False)]


WEEKS = st.dictionaries(st.sampled_from(WEEKDAYS), CUTS.map(a_day)).map(Week.parse)
INSTANTS = st.integers(0, 700 * 24 * 60).map(lambda minute: utc(2026, 1, 1) + timedelta(minutes=minute))


@given(WEEKS, INSTANTS, st.integers(0, 20 * 24), st.integers(0, 20 * 24))
def test_a_longer_look_says_the_same_of_the_part_in_common(week: Week, now: datetime, one: int, two: int) -> None:
    near, far = (now + timedelta(hours=hours) for hours in sorted((one, two)))

    assert clip(week.between(now, far, BERLIN), now, near) == week.between(now, near, BERLIN)
