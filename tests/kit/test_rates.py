"""So many times in a window; bounded memory; nothing where there is no rate."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit.rates import Counting, Rate
from kit.settings import Settings
from tests.conftest import MONDAY_MORNING

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("", None),
        ("1200/minute", Rate(1200, MINUTE)),
        ("5 per 10 minutes", Rate(5, 10 * MINUTE)),
        ("1/second", Rate(1, timedelta(seconds=1))),
    ],
)
def test_rate_is_written_as_people_say_it(text: str, rate: Rate | None) -> None:
    assert Rate.parse(text) == rate


@pytest.mark.parametrize("text", ["often", "5", "5/fortnight", "minute/5"])
def test_rate_that_can_not_be_read_stops_the_start(text: str) -> None:
    with pytest.raises(ValidationError):
        Settings(limit_people=text, _env_file=None)


def test_who_comes_more_often_waits_for_the_next_window_and_nobody_else_does(now: datetime) -> None:
    counting = Counting(Rate(2, MINUTE))

    answers = [counting.hit("anna", now + timedelta(seconds=second)) for second in (0, 10, 20, 59, 60)]

    assert answers == [0, 0, 41, 2, 0]
    assert counting.hit("ben", now) == 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 30)), max_size=60))
def test_no_window_lets_in_more_than_the_rate(steps: list[tuple[str, float]]) -> None:
    counting, now, let_in = Counting(Rate(3, MINUTE)), MONDAY_MORNING, list[tuple[str, datetime]]()
    for name, seconds in steps:
        now += timedelta(seconds=seconds)
        if counting.hit(name, now) == 0:
            let_in.append((name, now))

    for name, at in let_in:
        within = [one for one in let_in if one[0] == name and at <= one[1] < at + MINUTE]
        assert len(within) <= 2 * 3  # a fixed window lets in twice as many across its border, never more


def test_names_are_bounded_and_the_oldest_is_forgotten(now: datetime) -> None:
    counting = Counting(Rate(1, MINUTE), most=3)
    for number in range(10):
        counting.hit(str(number), now)

    assert len(counting) == 3
    assert (counting.hit("9", now) > 0, counting.hit("0", now)) == (True, 0)


def test_nothing_is_kept_where_there_is_no_limit(now: datetime) -> None:
    counting = Counting(None)

    assert [counting.hit("anna", now) for _ in range(1000)] == [0] * 1000
    assert len(counting) == 0
