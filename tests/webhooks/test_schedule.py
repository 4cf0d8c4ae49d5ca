"""Pauses and what answers mean: over three days, never longer, never all at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import MONDAY_MORNING
from webhooks.schedule import (
    GIVE_UP_AFTER,
    JITTER,
    LONGEST_WISH,
    MOST_TRIES,
    PAUSES,
    next_attempt,
    pause_after,
    reason,
    verdict,
)

CHANCES = st.floats(min_value=0, max_value=1, exclude_max=True)


def attempts(chance: float) -> list[timedelta]:
    """When each attempt is made, where all of them fail at once."""
    at, made = MONDAY_MORNING, [timedelta(0)]
    while (following := next_attempt(len(made), at, MONDAY_MORNING + GIVE_UP_AFTER, chance)) is not None:
        at = following
        made.append(at - MONDAY_MORNING)
    return made


@given(CHANCES)
def test_what_fails_again_and_again_is_tried_ten_times_within_three_days(chance: float) -> None:
    made = attempts(chance)

    assert len(made) == MOST_TRIES
    assert timedelta(days=2, hours=8) < made[-1] <= GIVE_UP_AFTER


@given(st.integers(1, 40), CHANCES)
def test_pause_is_the_usual_one_or_up_to_a_fifth_shorter(tries: int, chance: float) -> None:
    usual = PAUSES[min(tries, len(PAUSES)) - 1]

    assert usual * (1 - JITTER) <= pause_after(tries, chance) <= usual


@given(st.integers(1, 9), CHANCES, st.integers(0, 10**6))
def test_receivers_wish_is_granted_for_an_hour(tries: int, chance: float, wish_s: int) -> None:
    pause = pause_after(tries, chance, wish_s)

    assert pause >= min(timedelta(seconds=wish_s), LONGEST_WISH)
    assert pause <= max(PAUSES[tries - 1], LONGEST_WISH)


def test_what_waited_for_days_behind_another_has_one_attempt() -> None:
    assert next_attempt(1, MONDAY_MORNING, MONDAY_MORNING - timedelta(hours=1), 0.5) is None


@pytest.mark.parametrize(
    ("status", "meant", "told"),
    [
        (200, "delivered", None),
        (204, "delivered", None),
        (302, "again", "redirect"),
        (400, "again", "status_400"),
        (410, "gone", "gone"),
        (429, "again", "status_429"),
        (503, "again", "status_503"),
    ],
)
def test_answer_means(status: int, meant: str, told: str | None) -> None:
    assert verdict(status) == meant
    assert told is None or reason(status) == told
