from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from advisors.working_time import WorkingTime
from kit.intervals import Interval
from kit.week import ALWAYS, Week
from markets.hours import HolidayCalendar

BERLIN = ZoneInfo("Europe/Berlin")
SHIFT = [["08:00", "12:00"], ["13:00", "17:00"]]
WORKDAYS = Week.parse(dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), SHIFT))
ANNA = WorkingTime(WORKDAYS, BERLIN, HolidayCalendar("DE", "BE"))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def away(*periods: tuple[datetime, datetime]) -> WorkingTime:
    return replace(ANNA, absences=[Interval(*period) for period in periods])


def test_who_is_at_work_returns_now() -> None:
    monday = utc(2026, 11, 23, 9)

    assert ANNA.at_work(monday)
    assert ANNA.returns_at(monday) == monday
    assert ANNA.leaves_at(monday) == utc(2026, 11, 23, 11)


def test_the_lunch_break_of_the_pattern_is_no_work() -> None:
    assert not ANNA.at_work(utc(2026, 11, 23, 11, 30))
    assert ANNA.returns_at(utc(2026, 11, 23, 11, 30)) == utc(2026, 11, 23, 12)
    assert not ANNA.absent(utc(2026, 11, 23, 11, 30))


def test_the_return_lies_after_chained_absences_and_the_weekend() -> None:
    # sick until Thursday noon, then on vacation until Friday midnight
    anna = away(
        (utc(2026, 11, 24, 23), utc(2026, 11, 26, 11)),
        (utc(2026, 11, 26, 11), utc(2026, 11, 27, 23)),
    )

    assert anna.absent(utc(2026, 11, 25, 9))
    assert anna.returns_at(utc(2026, 11, 25, 9)) == utc(2026, 11, 30, 7)


def test_the_return_lies_after_the_holidays_of_the_land() -> None:
    anna = away((utc(2026, 12, 20), utc(2026, 12, 24, 23)))

    # Friday and Saturday are Christmas
    assert anna.returns_at(utc(2026, 12, 22, 9)) == utc(2026, 12, 28, 7)


def test_an_absence_that_ends_outside_of_work_ends_with_the_next_shift() -> None:
    anna = away((utc(2026, 11, 23, 7), utc(2026, 11, 23, 20)))

    assert anna.returns_at(utc(2026, 11, 23, 9)) == utc(2026, 11, 24, 7)


def test_who_leaves_the_company_does_not_return() -> None:
    anna = replace(ANNA, leaving_at=utc(2026, 11, 23, 11))

    assert anna.at_work(utc(2026, 11, 23, 9))
    assert anna.returns_at(utc(2026, 11, 23, 12)) is None
    assert anna.intervals(utc(2026, 11, 24), utc(2026, 11, 30)) == []


def test_without_a_pattern_nobody_returns() -> None:
    assert WorkingTime(Week(((),) * 7), BERLIN).returns_at(utc(2026, 11, 23)) is None


def test_who_works_around_the_clock_is_at_work() -> None:
    assert WorkingTime(ALWAYS, BERLIN).at_work(utc(2026, 11, 22, 3))


def test_the_hours_are_those_of_the_pattern() -> None:
    assert ANNA.hours_mask().bit_count() == 5 * 8
    assert ANNA.hours_mask() & (1 << 12) == 0


INSTANTS = st.integers(0, 90 * 24 * 60).map(lambda minute: utc(2026, 10, 1) + timedelta(minutes=minute))
PERIODS = st.tuples(INSTANTS, st.integers(1, 30 * 24)).map(lambda p: (p[0], p[0] + timedelta(hours=p[1])))


@given(st.lists(PERIODS, max_size=5), INSTANTS)
def test_nobody_is_said_to_return_into_an_absence_or_too_late(
    periods: list[tuple[datetime, datetime]], now: datetime
) -> None:
    anna = away(*periods)

    back = anna.returns_at(now)

    assert back is not None
    assert anna.at_work(back)
    assert not anna.absent(back)
    assert anna.intervals(now, back) == []
