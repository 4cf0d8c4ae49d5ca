from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from callbacks.retries import OTHER_TIME_OF_DAY, RETRY_GAP, retry_after
from callbacks.rooms import Calendar, SlotPolicy
from callbacks.slots import check
from callbacks.states import MAX_RETRIES
from kit.intervals import Interval

BERLIN = ZoneInfo("Europe/Berlin")
EIGHT = datetime(2026, 11, 23, 7, tzinfo=UTC)
POLICY = SlotPolicy()


def after(hours: float) -> datetime:
    return EIGHT + timedelta(hours=hours)


WEEK = [Interval(after(24 * day), after(24 * day + 9)) for day in range(5)]
CALENDAR = Calendar(WEEK, WEEK, (), BERLIN)


def test_who_did_not_answer_in_the_morning_is_tried_again_two_hours_later() -> None:
    retry = retry_after([after(1)], after(1.1), CALENDAR, POLICY)

    assert retry is not None
    assert retry.starts_at == after(3)


def test_who_did_not_answer_late_in_the_day_is_tried_again_at_another_time_of_the_next() -> None:
    retry = retry_after([after(8.5)], after(8.6), CALENDAR, POLICY)

    assert retry is not None
    assert retry.starts_at == after(24)


def test_a_third_attempt_avoids_both_times_of_day() -> None:
    retry = retry_after([after(1), after(3)], after(3.1), CALENDAR, POLICY)

    assert retry is not None
    assert retry.starts_at == after(5)


def test_where_every_time_of_day_was_tried_the_next_window_is_better_than_none() -> None:
    short = [Interval(after(24 * day), after(24 * day + 2)) for day in range(5)]
    calendar = Calendar(short, short, (), BERLIN)

    retry = retry_after([after(1)], after(1.1), calendar, POLICY)

    assert retry is not None
    assert retry.starts_at == after(24)


def test_shortly_after_midnight_is_no_other_time_of_day_than_shortly_before() -> None:
    always = [Interval(after(0), after(24 * 5))]
    half_past_eleven = after(15.5)

    retry = retry_after([half_past_eleven], half_past_eleven, Calendar(always, always, (), BERLIN), POLICY)

    assert retry is not None
    assert retry.starts_at == after(17.5)


def test_market_may_want_more_time_between_two_attempts() -> None:
    retry = retry_after([after(1)], after(1.1), CALENDAR, POLICY, gap=timedelta(hours=5))

    assert retry is not None
    assert retry.starts_at == after(6)


def test_the_times_that_suit_the_customer_are_kept() -> None:
    afternoons = [Interval(after(24 * day + 6), after(24 * day + 9)) for day in range(5)]

    retry = retry_after([after(1)], after(1.1), CALENDAR, POLICY, wishes=afternoons)

    assert retry is not None
    assert retry.starts_at == after(6)


def test_after_three_retries_there_is_no_other() -> None:
    tried = [after(hours) for hours in (1, 3, 5, 7)]

    assert len(tried) == MAX_RETRIES + 1
    assert retry_after(tried, after(7.1), CALENDAR, POLICY) is None


@given(
    st.lists(st.integers(0, 4 * 9 * 4).map(lambda quarter: after(quarter / 4)), min_size=1, max_size=MAX_RETRIES)
)
def test_a_retry_can_be_promised_and_keeps_its_distance(tried: list[datetime]) -> None:
    now = max(tried) + timedelta(minutes=1)

    retry = retry_after(tried, now, CALENDAR, POLICY)

    assert retry is not None
    check(retry, now, CALENDAR, POLICY)
    assert retry.starts_at >= max(tried) + RETRY_GAP


@given(st.integers(0, 4 * 24 * 2).map(lambda quarter: after(quarter / 4)))
def test_a_second_attempt_is_always_made_at_another_time_of_day(first: datetime) -> None:
    retry = retry_after([first], first, CALENDAR, POLICY)

    assert retry is not None
    apart = (retry.starts_at - first) % timedelta(days=1)
    assert OTHER_TIME_OF_DAY <= apart <= timedelta(days=1) - OTHER_TIME_OF_DAY
