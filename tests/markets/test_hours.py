from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.intervals import Interval
from kit.week import ALWAYS, Week
from markets.hours import NO_HOLIDAYS, Closed, HolidayCalendar, Hours, UnknownHolidays, public_holidays

BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = Week.parse({day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")})


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def a_market(
    week: Week = WORKDAYS, holidays: HolidayCalendar = NO_HOLIDAYS, closures: Sequence[Closed] = ()
) -> Hours:
    return Hours(week, BERLIN, holidays, closures)


MONDAY_NOON = utc(2026, 11, 23, 11)


def test_a_market_is_open_by_its_own_clock() -> None:
    hours = a_market()

    assert hours.is_open(utc(2026, 11, 23, 7))
    assert not hours.is_open(utc(2026, 11, 23, 6, 59))
    assert not hours.is_open(utc(2026, 11, 23, 17))


def test_while_open_the_next_opening_is_now_and_the_closing_is_tonight() -> None:
    assert a_market().next_open(MONDAY_NOON) == MONDAY_NOON
    assert a_market().closes_at(MONDAY_NOON) == utc(2026, 11, 23, 17)


def test_on_friday_night_the_next_opening_is_on_monday() -> None:
    friday_night = utc(2026, 11, 27, 20)

    assert a_market().next_open(friday_night) == utc(2026, 11, 30, 7)
    assert a_market().closes_at(friday_night) is None
    assert a_market().why_closed(friday_night) == "hours"


def test_a_holiday_closes_the_market_and_is_named() -> None:
    hours = a_market(holidays=HolidayCalendar("DE"))
    christmas = utc(2026, 12, 25, 11)

    assert hours.why_closed(christmas) == "holiday"
    assert hours.next_open(christmas) == utc(2026, 12, 28, 7)


def test_mariae_himmelfahrt_is_a_holiday_in_bavaria_and_not_in_berlin() -> None:
    day = date(2025, 8, 15)

    assert HolidayCalendar("DE", "BY")(day)
    assert not HolidayCalendar("DE", "BE")(day)
    assert not HolidayCalendar("DE")(day)


def test_a_country_without_a_calendar_is_refused_and_none_at_all_is_not() -> None:
    with pytest.raises(UnknownHolidays):
        public_holidays("XX", None, 2026)
    with pytest.raises(UnknownHolidays):
        public_holidays("DE", "XX", 2026)
    assert not NO_HOLIDAYS(date(2026, 12, 25))


def test_an_emergency_without_an_end_closes_until_it_is_lifted() -> None:
    hours = a_market(closures=[Closed(utc(2026, 11, 23, 10), kind="emergency")])

    assert hours.is_open(utc(2026, 11, 23, 9))
    assert hours.closes_at(utc(2026, 11, 23, 9)) == utc(2026, 11, 23, 10)
    assert hours.why_closed(MONDAY_NOON) == "emergency"
    assert hours.next_open(MONDAY_NOON) is None


def test_a_planned_closure_ends_by_itself() -> None:
    hours = a_market(closures=[Closed(utc(2026, 11, 23, 10), utc(2026, 11, 23, 12))])

    assert hours.why_closed(MONDAY_NOON) == "planned"
    assert hours.next_open(MONDAY_NOON) == utc(2026, 11, 23, 12)


def test_an_emergency_is_named_before_a_planned_closure_and_before_the_night() -> None:
    both = [Closed(utc(2026, 11, 23)), Closed(utc(2026, 11, 23), kind="emergency")]

    assert a_market(closures=both).why_closed(MONDAY_NOON) == "emergency"
    assert a_market(closures=both).why_closed(utc(2026, 11, 23, 2)) == "emergency"


def test_a_market_that_is_always_open_has_no_closing() -> None:
    assert a_market(ALWAYS).closes_at(MONDAY_NOON) is None
    assert a_market(Week(((),) * 7)).next_open(MONDAY_NOON) is None


@given(
    st.integers(0, 365 * 24 * 60),
    st.integers(0, 400),
    st.sampled_from([None, 2, 300]),
    st.sampled_from(["planned", "emergency"]),
)
def test_what_is_asked_one_way_agrees_with_what_is_asked_another(
    minute: int, begin_h: int, length_h: int | None, kind: str
) -> None:
    now = utc(2026, 1, 1) + timedelta(minutes=minute)
    starts = utc(2026, 6, 1, begin_h % 24)
    ends = None if length_h is None else starts.replace(month=7, hour=length_h % 24)
    hours = a_market(holidays=HolidayCalendar("DE", "BY"), closures=[Closed(starts, ends, kind)])  # type: ignore[arg-type]

    opens, closes, is_open = hours.next_open(now), hours.closes_at(now), hours.is_open(now)

    assert is_open == (opens == now) == (closes is not None) == (hours.why_closed(now) is None)
    assert opens is None or hours.is_open(opens)
    assert closes is None or not hours.is_open(closes)
    assert opens is None or opens == now or hours.open_intervals(now, opens) == []
    assert closes is None or hours.open_intervals(now, closes) == [Interval(now, closes)]
