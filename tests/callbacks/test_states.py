from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.states import CALLBACK, MAX_RETRIES, OWNER, after_missed
from kit.states import IllegalTransition


def test_the_ends_of_a_callback_are_those_of_the_design() -> None:
    assert CALLBACK.final == {"done", "failed", "settled", "cancelled", "merged"}


@pytest.mark.parametrize("final", sorted(CALLBACK.final))
def test_a_callback_ends_once(final: str) -> None:
    for wanted in CALLBACK.states:
        with pytest.raises(IllegalTransition):
            CALLBACK.check(final, wanted)


@given(st.data())
def test_every_promise_is_scheduled_and_fails_only_after_a_missed_call(
    data: st.DataObject,
) -> None:
    walk = ["requested"]
    while (following := CALLBACK.transitions[walk[-1]]) and len(walk) < 60:
        walk.append(data.draw(st.sampled_from(sorted(following))))

    assert walk[1] == "scheduled"
    if walk[-1] == "failed":
        assert walk[-2] == "missed"
    if walk[-1] == "done":
        assert walk[-2] == "dialling"


@pytest.mark.parametrize("state", ["scheduled", "due", "offered", "missed"])
def test_a_customer_who_gets_through_first_settles_the_promise(state: str) -> None:
    assert CALLBACK.may(state, "settled")
    assert CALLBACK.may(state, "cancelled")


def test_a_promise_is_not_taken_from_under_a_ringing_phone() -> None:
    assert CALLBACK.transitions["dialling"] == {"done", "missed"}


def test_a_handed_over_promise_stays_with_the_group() -> None:
    assert OWNER.may("own", "handed_to_group")
    assert not OWNER.may("handed_to_group", "own")


def test_there_are_three_retries_and_then_the_customer_is_told() -> None:
    following = [after_missed(attempts) for attempts in range(1, MAX_RETRIES + 2)]

    assert following == ["scheduled", "scheduled", "scheduled", "failed"]
