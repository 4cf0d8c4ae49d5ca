from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kit.intervals import Interval, around, clip, intersect, next_end, next_start, subtract, union

START = datetime(2026, 11, 23, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def span(begin: int, end: int) -> Interval:
    return Interval(at(begin), at(end))


MINUTES = st.integers(0, 60)
SPANS = st.lists(st.builds(span, MINUTES, MINUTES), max_size=8)
"""Also empty and backwards ones."""


def minutes_of(spans: list[Interval]) -> set[int]:
    """The same as a set of minutes: slow, and plain to see."""
    return {minute for minute in range(61) if any(at(minute) in one for one in spans)}


def assert_tidy(spans: list[Interval]) -> None:
    assert all(one.starts_at < one.ends_at for one in spans)
    assert all(one.ends_at < two.starts_at for one, two in pairwise(spans))


@given(SPANS, SPANS)
def test_the_algebra_is_that_of_sets(left: list[Interval], right: list[Interval]) -> None:
    for result, expected in (
        (union(left, right), minutes_of(left) | minutes_of(right)),
        (intersect(left, right), minutes_of(left) & minutes_of(right)),
        (subtract(left, right), minutes_of(left) - minutes_of(right)),
    ):
        assert minutes_of(result) == expected
        assert_tidy(result)


@given(SPANS, MINUTES, MINUTES)
def test_clipping_keeps_what_lies_between(spans: list[Interval], begin: int, end: int) -> None:
    assert minutes_of(clip(spans, at(begin), at(end))) == minutes_of(spans) & set(range(begin, end))


@given(SPANS, MINUTES)
def test_the_interval_around_an_instant_is_found(spans: list[Interval], minute: int) -> None:
    found = around(union(spans), at(minute))

    assert (found is not None) == (minute in minutes_of(spans))
    assert found is None or at(minute) in found


def test_an_end_is_no_part_of_an_interval() -> None:
    assert at(10) in span(10, 20)
    assert at(20) not in span(10, 20)
    assert not span(10, 20).overlaps(span(20, 30))
    assert span(10, 20).covers(span(10, 20))


@given(SPANS, MINUTES)
def test_the_next_start_and_end_are_found_in_any_calendar(spans: list[Interval], minute: int) -> None:
    calendar = union(spans)

    starts = next_start(lambda since, until: clip(calendar, since, until), at(minute))
    ends = next_end(lambda since, until: clip(calendar, since, until), at(minute))

    later = [max(one.starts_at, at(minute)) for one in calendar if one.ends_at > at(minute)]
    assert starts == (later[0] if later else None)
    current = around(calendar, at(minute))
    assert ends == (current.ends_at if current else None)


def test_what_never_ends_has_no_end_and_what_never_comes_no_start() -> None:
    assert next_end(lambda since, until: [Interval(since, until)], START) is None
    assert next_start(lambda _since, _until: [], START) is None


def test_an_opening_months_ahead_is_found() -> None:
    far = span(60 * 24 * 300, 60 * 24 * 301)

    assert next_start(lambda since, until: clip([far], since, until), START) == far.starts_at
