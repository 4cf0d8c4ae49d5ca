from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from kit.week import Week
from simulation import hours
from simulation.logged_call import LoggedCall
from simulation.staffing import Shift
from tests.simulation.builders import NOON, ZONE, a_call

TUESDAYS = [date(1999, 1, 5), date(1999, 1, 12), date(1999, 1, 19)]


def local(day: int, hour: int, minute: int = 0, month: int = 1) -> datetime:
    return datetime(1999, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def a_duty(day: int, start: tuple[int, int], end: tuple[int, int]) -> Shift:
    return Shift(local(day, *start), local(day, *end), "agent-01")


def a_week_of_calls(closes: dict[int, int]) -> list[LoggedCall]:
    """For three weeks, ten calls every half hour from 8:00 to the closing hour of each weekday (0 is Monday)."""
    days = [date(1999, 1, 4) + timedelta(days=n) for n in range(21)]
    starts = [
        datetime(day.year, day.month, day.day, 8 + half // 2, half % 2 * 30, tzinfo=ZONE)
        for day in days
        for half in range(2 * (closes.get(day.weekday(), 8) - 8))
    ]
    return [a_call(n, start=start.astimezone(UTC)) for start in starts for n in range(10)]


def test_opening_hours_are_the_half_hours_in_which_the_company_answers() -> None:
    calls = a_week_of_calls({0: 17, 4: 12, 6: 10})

    assert hours.opening_hours(calls, ZONE) == {
        "mon": [["08:00", "17:00"]],
        "fri": [["08:00", "12:00"]],
        "sun": [["08:00", "10:00"]],
    }


def test_one_late_answer_does_not_open_the_company() -> None:
    calls = [*a_week_of_calls({0: 12}), a_call(start=local(4, 22))]

    assert hours.opening_hours(calls, ZONE) == {"mon": [["08:00", "12:00"]]}


def test_a_single_quiet_half_hour_does_not_close_it() -> None:
    calls = [call for call in a_week_of_calls({0: 12}) if call.arrived_at.astimezone(ZONE).hour != 9]
    calls += [a_call(start=local(day, 9, 30), after_s=n) for day in (4, 11, 18) for n in range(10)]

    assert hours.opening_hours(calls, ZONE) == {"mon": [["08:00", "12:00"]]}


def test_the_end_of_the_hours_is_closed() -> None:
    week = {"tue": [["08:00", "12:00"], ["20:00", "24:00"]]}

    opened = [hours.is_open(week, local(5, *at), ZONE) for at in ((7, 59), (8, 0), (11, 59), (12, 0), (23, 59))]

    assert opened == [False, True, True, False, True]
    assert not hours.is_open(week, local(6, 9), ZONE)


def test_a_pattern_is_what_is_usual_not_what_happened_once() -> None:
    duties = [a_duty(5, (8, 0), (16, 0)), a_duty(12, (8, 10), (12, 0)), a_duty(19, (16, 0), (23, 0))]

    assert hours.pattern(duties, TUESDAYS, ZONE) == {"tue": [["08:00", "12:00"]]}
    assert hours.pattern(duties, TUESDAYS, ZONE, share=0) == {"tue": [["08:00", "23:00"]]}


def test_half_of_a_half_hour_makes_it_worked() -> None:
    assert hours.pattern([a_duty(5, (8, 14), (11, 46))], TUESDAYS[:1], ZONE) == {"tue": [["08:00", "12:00"]]}
    assert hours.pattern([a_duty(5, (8, 16), (11, 44))], TUESDAYS[:1], ZONE) == {"tue": [["08:30", "11:30"]]}


def test_time_off_is_what_the_week_says_and_the_roster_leaves_out() -> None:
    week = {"tue": [["08:00", "16:00"]], "wed": [["08:00", "16:00"]], "thu": [["08:00", "16:00"]]}
    duties = [a_duty(5, (8, 0), (12, 0)), a_duty(7, (10, 0), (16, 0))]

    off = list(hours.off_duty("agent-01", week, duties, local(5, 0), local(8, 0), ZONE))

    assert [(span.starts_at, span.ends_at) for span in off] == [(local(5, 12), local(7, 10))]


def test_nobody_is_off_who_works_all_that_was_expected() -> None:
    week = {"tue": [["08:00", "12:00"]]}

    off = hours.off_duty("agent-01", week, [a_duty(5, (8, 0), (12, 0))], local(5, 0), local(8, 0), ZONE)

    assert list(off) == []


def test_calling_hours_are_hours_of_the_local_week() -> None:
    tuesday_noon, sunday_morning = NOON, local(10, 9, 59)

    mask = hours.hours_mask([tuesday_noon, tuesday_noon + timedelta(minutes=59), sunday_morning], ZONE)

    assert mask == 1 << (24 + 12) | 1 << (6 * 24 + 9)


def test_in_summer_the_same_local_hour_is_the_same_hour_of_the_week() -> None:
    assert hours.hours_mask([local(6, 12, month=7)], ZONE) == hours.hours_mask([NOON], ZONE)


def test_hours_across_the_change_of_clocks_are_read_by_the_wall_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 29, 1, 0, tzinfo=berlin).astimezone(UTC)
    duty = Shift(start, start + timedelta(hours=2), "agent-01")

    assert hours.pattern([duty], [date(2026, 3, 29)], berlin) == {"sun": [["01:00", "02:00"], ["03:00", "04:00"]]}


@given(st.sets(st.integers(0, 335)))
def test_slots_survive_being_written_as_a_week_and_kit_reads_it(slots: set[int]) -> None:
    week = hours.week_of(slots)

    assert hours.slots_of(week) == slots
    assert Week.parse(week).mask() == sum(1 << hour for hour in {slot // 2 for slot in slots})
