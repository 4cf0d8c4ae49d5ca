from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.states import IllegalTransition, Machine, machine

DOOR = machine("door", {"shut"}, shut="ajar locked", ajar="shut open", open="ajar")


@given(st.data())
def test_a_walk_of_allowed_steps_never_leaves_the_table(data: st.DataObject) -> None:
    state = "shut"

    for _ in range(20):
        if not DOOR.transitions[state]:
            break
        wanted = data.draw(st.sampled_from(sorted(DOOR.transitions[state])))
        DOOR.check(state, wanted)
        state = wanted

    assert state in DOOR.states


@given(present=st.sampled_from(sorted(DOOR.states)), wanted=st.sampled_from(sorted(DOOR.states)))
def test_a_step_is_refused_exactly_where_the_table_has_none(present: str, wanted: str) -> None:
    allowed = wanted in DOOR.transitions[present]

    if allowed:
        DOOR.check(present, wanted)
    else:
        with pytest.raises(IllegalTransition) as refusal:
            DOOR.check(present, wanted)
        assert refusal.value.status == 409
        assert refusal.value.facts == {"present_state": present}


def test_a_state_that_nothing_follows_is_final() -> None:
    assert DOOR.final == {"locked"}
    assert DOOR.open == {"shut", "ajar", "open"}


def test_an_unknown_state_is_never_reached() -> None:
    assert not DOOR.may("shut", "painted")
    assert isinstance(DOOR, Machine)
