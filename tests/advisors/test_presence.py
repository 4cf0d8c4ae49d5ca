from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisors import presence
from advisors.presence import PRESENCE, SHORT_BREAK, Presence
from kit.states import IllegalTransition

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LIMIT = timedelta(seconds=30)

TABLE = {
    "offline": "available",
    "available": "offered break meeting training offline",
    "offered": "in_contact available not_responding break meeting",
    "in_contact": "wrap_up available break meeting offline",
    "wrap_up": "available break meeting training offline",
    "break": "available offline",
    "meeting": "available offline",
    "training": "available offline",
    "not_responding": "available break offline",
}
"""As domain.md has it."""


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def somebody(state: str, **facts: object) -> Presence:
    base = Presence(state, since=NOW - minutes(5), idle_since=NOW - minutes(20), lease_until=NOW + minutes(1))
    return replace(base, **facts)  # type: ignore[arg-type]


def test_the_table_is_that_of_the_design() -> None:
    assert PRESENCE.transitions == {state: frozenset(following.split()) for state, following in TABLE.items()}


# Offers


def test_an_offer_goes_only_to_who_is_available() -> None:
    for state in PRESENCE.states - {"available"}:
        with pytest.raises(IllegalTransition):
            presence.offered(somebody(state), NOW)

    assert presence.offered(somebody("available"), NOW).state == "offered"


def test_who_has_not_been_heard_of_is_not_ready() -> None:
    assert presence.ready(somebody("available"), NOW)
    assert not presence.ready(somebody("available", lease_until=NOW), NOW)
    assert not presence.ready(somebody("available", lease_until=None), NOW)
    assert not presence.ready(somebody("break"), NOW)


def test_a_rescinded_offer_keeps_the_place_among_the_idle() -> None:
    ringing = somebody("offered")

    after = presence.rescinded(ringing, NOW)

    assert (after.state, after.since, after.idle_since) == ("available", NOW, ringing.idle_since)


@pytest.mark.parametrize(
    ("reason", "state", "noted"),
    [
        ("timed_out", "not_responding", "timed_out"),
        ("busy", "not_responding", "busy"),
        ("gone", "not_responding", "gone"),
        ("rejected", "not_responding", "rejected"),
        ("break", "break", None),
        ("meeting", "meeting", None),
    ],
)
def test_an_offer_not_taken_leads_where_its_reason_says(
    reason: presence.NotTaken, state: str, noted: str | None
) -> None:
    after = presence.not_taken(somebody("offered"), reason, NOW)

    assert (after.state, after.reason) == (state, noted)


@pytest.mark.parametrize("end", [presence.rescinded, presence.accepted])
def test_only_an_offer_that_rings_can_end(end: Callable[[Presence, datetime], Presence]) -> None:
    # in_contact → available and offline → available are in the table, but not by this way
    for state in PRESENCE.states - {"offered"}:
        with pytest.raises(IllegalTransition):
            end(somebody(state), NOW)


# The end of a contact


def test_after_a_contact_comes_wrap_up_with_a_limit() -> None:
    after = presence.contact_ended(somebody("in_contact"), wants_wrap_up=True, limit=LIMIT, now=NOW)

    assert (after.state, after.deadline_at, after.idle_since) == ("wrap_up", NOW + LIMIT, NOW)


@pytest.mark.parametrize(("wants", "limit"), [(False, LIMIT), (True, timedelta(0))])
def test_without_wrap_up_who_has_finished_is_available(wants: bool, limit: timedelta) -> None:
    after = presence.contact_ended(somebody("in_contact"), wants_wrap_up=wants, limit=limit, now=NOW)

    assert (after.state, after.deadline_at) == ("available", None)


def test_a_status_chosen_during_a_contact_is_the_next_one() -> None:
    talking = presence.chosen(somebody("in_contact"), "break", NOW, reason="lunch")
    assert talking.state == "in_contact"

    after = presence.contact_ended(talking, wants_wrap_up=True, limit=LIMIT, now=NOW + minutes(3))

    assert (after.state, after.reason, after.next_state, after.deadline_at) == ("break", "lunch", None, None)


def test_the_last_status_chosen_during_a_contact_counts() -> None:
    talking = presence.chosen(presence.chosen(somebody("in_contact"), "break", NOW), "offline", NOW)

    assert presence.contact_ended(talking, wants_wrap_up=True, limit=LIMIT, now=NOW).state == "offline"


def test_a_status_chosen_during_a_contact_can_be_taken_back() -> None:
    talking = presence.no_longer_chosen(presence.chosen(somebody("in_contact"), "break", NOW, reason="lunch"))

    after = presence.contact_ended(talking, wants_wrap_up=True, limit=LIMIT, now=NOW)

    assert (after.state, after.reason) == ("wrap_up", None)


def test_a_training_does_not_begin_straight_after_a_contact() -> None:
    with pytest.raises(IllegalTransition):
        presence.chosen(somebody("in_contact"), "training", NOW)


def test_wrap_up_done_makes_available_and_idle_from_then_on() -> None:
    after = presence.wrapped_up(somebody("wrap_up", deadline_at=NOW), NOW)

    assert (after.state, after.idle_since, after.deadline_at) == ("available", NOW, None)


# Choices by hand


@pytest.mark.parametrize("state", ["offered", "in_contact", "wrap_up", "not_responding", "asleep", ""])
def test_nobody_chooses_a_state_that_only_happens(state: str) -> None:
    with pytest.raises(IllegalTransition):
        presence.chosen(somebody("available"), state, NOW)


@pytest.mark.parametrize("state", ["available", "offline", "training"])
def test_a_ringing_offer_is_not_left_by_choosing_a_status(state: str) -> None:
    with pytest.raises(IllegalTransition):
        presence.chosen(somebody("offered"), state, NOW)


def test_a_break_chosen_while_it_rings_refuses_the_offer() -> None:
    assert presence.chosen(somebody("offered"), "break", NOW).state == "break"


def test_choosing_what_is_already_so_changes_nothing() -> None:
    on_break = somebody("break")

    assert presence.chosen(on_break, "break", NOW) is on_break


@pytest.mark.parametrize(("length", "kept"), [(SHORT_BREAK, True), (SHORT_BREAK + minutes(1), False)])
def test_a_short_break_does_not_put_anybody_back(length: timedelta, kept: bool) -> None:
    on_break = somebody("break", since=NOW - length)

    after = presence.chosen(on_break, "available", NOW)

    assert after.idle_since == (on_break.idle_since if kept else NOW)


def test_who_did_not_answer_starts_anew_among_the_idle() -> None:
    assert presence.chosen(somebody("not_responding"), "available", NOW).idle_since == NOW


# Leases


@pytest.mark.parametrize("state", ["available", "wrap_up", "break", "meeting", "training", "not_responding"])
def test_who_is_not_heard_of_any_more_is_offline(state: str) -> None:
    after = presence.lease_expired(somebody(state, lease_until=NOW), NOW)

    assert (after.state, after.reason, after.since) == ("offline", "lease_expired", NOW)


@pytest.mark.parametrize("state", ["offered", "in_contact", "offline"])
def test_a_closed_browser_ends_neither_a_ringing_offer_nor_a_talk(state: str) -> None:
    unheard = somebody(state, lease_until=NOW - minutes(9))

    assert presence.lease_expired(unheard, NOW) is unheard


def test_a_fresh_lease_keeps_everybody_where_they_are() -> None:
    heard = somebody("available")

    assert presence.lease_expired(heard, NOW) is heard


def test_a_late_heartbeat_never_shortens_the_lease() -> None:
    heard = somebody("available")

    assert presence.heard_of(heard, NOW).lease_until == heard.lease_until
    assert presence.heard_of(heard, NOW + minutes(5)).lease_until == NOW + minutes(5)


# Privacy


def test_a_customer_can_not_tell_a_break_from_a_meeting_a_training_or_a_missed_call() -> None:
    heard = {presence.public_state(state) for state in ("break", "meeting", "training", "not_responding")}

    assert heard == {"not_at_desk"}


# Any walk

VERBS: dict[str, Callable[[Presence, datetime], Presence]] = {
    "offered": presence.offered,
    "rescinded": presence.rescinded,
    "accepted": presence.accepted,
    "timed_out": lambda p, now: presence.not_taken(p, "timed_out", now),
    "rejected_for_a_break": lambda p, now: presence.not_taken(p, "break", now),
    "ended": lambda p, now: presence.contact_ended(p, wants_wrap_up=True, limit=LIMIT, now=now),
    "ended_without_wrap_up": lambda p, now: presence.contact_ended(p, wants_wrap_up=False, limit=LIMIT, now=now),
    "wrapped_up": presence.wrapped_up,
    "lease_expired": presence.lease_expired,
    "heard_of": lambda p, now: presence.heard_of(p, now + minutes(1)),
    **{f"chose_{s}": lambda p, now, s=s: presence.chosen(p, s, now) for s in sorted(PRESENCE.states)},  # type: ignore[misc]
}


@given(st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.integers(0, 120)), max_size=60))
def test_every_walk_keeps_to_the_table_and_the_clock(steps: list[tuple[str, int]]) -> None:
    current, now = presence.signed_off(NOW), NOW
    for verb, seconds in steps:
        now += timedelta(seconds=seconds)
        before = current
        try:
            current = VERBS[verb](before, now)
        except IllegalTransition:
            continue
        if current.state != before.state:
            assert current.state in TABLE[before.state].split()
            assert current.since == now
        else:
            assert current.since == before.since
        assert (current.deadline_at is not None) == (current.state == "wrap_up")
        assert current.next_state is None or current.state == "in_contact"
        assert current.idle_since <= now
