from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import local_time
from kit.local_time import NoSuchLocalTime, UnknownZone, at_minute, hour_of_week, to_instant

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
ZONES = ["Europe/Berlin", "Europe/London", "America/New_York", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia"]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_a_local_time_becomes_an_instant_in_winter_and_in_summer() -> None:
    assert to_instant(date(2026, 11, 25), time(8), BERLIN) == utc(2026, 11, 25, 7)
    assert to_instant(date(2026, 7, 1), time(8), BERLIN) == utc(2026, 7, 1, 6)


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_a_time_in_the_gap_means_the_first_instant_after_it(minute: int) -> None:
    assert to_instant(SPRING, time(2, minute), BERLIN) == utc(2026, 3, 29, 1)


def test_a_person_who_names_a_time_in_the_gap_is_told_the_next_possible_one() -> None:
    with pytest.raises(NoSuchLocalTime) as refusal:
        to_instant(SPRING, time(2, 30), BERLIN, missing="refuse", pointer="/starts_at")

    assert refusal.value.status == 422
    assert refusal.value.facts == {"next_possible": "2026-03-29T01:00:00+00:00"}
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/starts_at", "in_clock_change")]


def test_a_time_that_comes_twice_means_the_first_unless_asked_otherwise() -> None:
    assert to_instant(AUTUMN, time(2, 30), BERLIN) == utc(2026, 10, 25, 0, 30)
    assert to_instant(AUTUMN, time(2, 30), BERLIN, twice="second") == utc(2026, 10, 25, 1, 30)
    # whatever `fold` the time itself carries
    assert to_instant(AUTUMN, time(2, 30, fold=1), BERLIN) == utc(2026, 10, 25, 0, 30)


def test_a_gap_at_midnight_begins_the_day_an_hour_later() -> None:
    # Chile's clocks jump from 24:00 to 01:00
    day = date(2026, 9, 6)

    assert local_time.local(at_minute(day, 0, ZoneInfo("America/Santiago")), ZoneInfo("America/Santiago")).hour == 1


@given(
    st.dates(date(2011, 1, 1), date(2030, 12, 30)),
    st.integers(0, 24 * 60),
    st.integers(0, 24 * 60),
    st.sampled_from(ZONES),
)
def test_a_later_clock_time_of_a_day_is_never_an_earlier_instant_unless_it_comes_twice(
    day: date, one: int, two: int, name: str
) -> None:
    there = ZoneInfo(name)
    first, second = at_minute(day, min(one, two), there), at_minute(day, max(one, two), there)

    assert first <= second


@given(st.integers(0, 18 * 365 * 86_400), st.sampled_from(ZONES))
def test_an_instant_survives_the_way_there_and_back(seconds: int, name: str) -> None:
    instant, there = utc(2012, 1, 1) + timedelta(seconds=seconds), ZoneInfo(name)
    shown = local_time.local(instant, there)

    back = to_instant(shown.date(), shown.time(), there, twice="second" if shown.fold else "first")

    assert back == instant


def test_the_24th_hour_is_the_next_midnight() -> None:
    assert at_minute(date(2026, 11, 25), 1440, BERLIN) == at_minute(date(2026, 11, 26), 0, BERLIN)


@pytest.mark.parametrize(
    "name", ["", "Mars/Phobos", "../etc/passwd", "Europe", "Europe/Berlin\0", "\ud800", "x" * 5000]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZone):
        local_time.zone(name)


def test_hours_of_the_week_are_counted_from_monday_midnight_there() -> None:
    assert hour_of_week(utc(2026, 11, 22, 23, 59), BERLIN) == 0
    assert hour_of_week(utc(2026, 11, 22, 22, 59), BERLIN) == 167
    assert hour_of_week(utc(2026, 11, 25, 7), BERLIN) == 2 * 24 + 8


@given(st.integers(0, (1 << 168) - 1), st.integers(-200, 200))
def test_a_mask_turns_and_is_kept_without_loss(mask: int, hours: int) -> None:
    turned = local_time.rotated(mask, hours)

    assert local_time.rotated(turned, -hours) == mask
    assert turned.bit_count() == mask.bit_count()
    assert local_time.mask_from_bytes(local_time.mask_to_bytes(mask)) == mask
    assert len(local_time.mask_to_bytes(mask)) == 21


def test_nine_in_berlin_is_eight_in_london() -> None:
    assert local_time.rotated(1 << 9, -1) == 1 << 8
    assert local_time.rotated(1 << 167, 1) == 1


def test_the_first_instant_after_a_gap_is_exact_to_the_second() -> None:
    after = to_instant(SPRING, time(2, 59, 59), BERLIN)

    assert after == utc(2026, 3, 29, 1)
    assert (after - timedelta(seconds=1)).astimezone(BERLIN).utcoffset() == timedelta(hours=1)
