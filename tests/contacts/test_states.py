from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.states import CONTACT, OFFER
from kit.states import IllegalTransition, Machine


def a_walk(data: st.DataObject, table: Machine) -> list[str]:
    """States one after the other, each allowed after the one before, until a final one or enough of it."""
    walk = [data.draw(st.sampled_from(sorted(table.initial)))]
    while (following := table.transitions[walk[-1]]) and len(walk) < 60:
        walk.append(data.draw(st.sampled_from(sorted(following))))
    return walk


def test_the_ends_of_a_contact_are_those_of_the_design() -> None:
    assert CONTACT.final == {"abandoned", "promised", "closed_hours", "completed", "lost_signal"}


def test_the_ends_of_an_offer_are_those_of_the_design() -> None:
    assert OFFER.final == {"accepted", "rejected", "timed_out", "rescinded"}
    assert OFFER.open == {"open"}


@pytest.mark.parametrize("state", sorted(CONTACT.open))
def test_the_switch_may_go_silent_in_every_open_state(state: str) -> None:
    assert CONTACT.may(state, "lost_signal")


@pytest.mark.parametrize("table", [CONTACT, OFFER], ids=lambda table: table.name)
def test_a_final_state_absorbs(table: Machine) -> None:
    for final in table.final:
        for wanted in table.states:
            with pytest.raises(IllegalTransition):
                table.check(final, wanted)


@given(st.data())
def test_nobody_is_wrapped_up_who_was_not_connected(data: st.DataObject) -> None:
    walk = a_walk(data, CONTACT)

    if "wrapping" in walk:
        assert walk[walk.index("wrapping") - 1] == "connected"
    if walk[-1] == "completed":
        assert walk[-2] == "wrapping"


@given(st.data())
def test_nobody_is_connected_without_an_offer(data: st.DataObject) -> None:
    walk = a_walk(data, CONTACT)

    before = [walk[at - 1] for at, state in enumerate(walk) if state == "connected"]
    assert set(before) <= {"offered"}


@given(st.data())
def test_a_talk_ends_in_wrapping_a_transfer_or_silence(
    data: st.DataObject,
) -> None:
    walk = a_walk(data, CONTACT)

    for at, state in enumerate(walk[:-1]):
        if state == "connected":
            assert walk[at + 1] in {"offered", "wrapping", "lost_signal"}


@pytest.mark.parametrize(
    ("present", "wanted"),
    [
        ("received", "offered"),
        ("identifying", "connected"),
        ("choosing", "closed_hours"),
        ("wrapping", "connected"),
    ],
)
def test_a_short_cut_is_refused(present: str, wanted: str) -> None:
    with pytest.raises(IllegalTransition):
        CONTACT.check(present, wanted)
