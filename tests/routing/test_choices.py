"""Inbound calls whose own advisor is not there: what callers may choose, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.direct import decide
from routing.plan import Explain, ToCallbackOnly
from routing.policy import RoutingPolicy
from routing.problem import Person
from tests.routing.builders import (
    ANNA,
    BEN,
    NOW,
    a_call,
    a_group,
    a_person,
)
from tests.routing.plans import IN_A_CALL, ON_BREAK, codes, explained, offered_to, waits

# Choices


def test_holding_is_offered_only_when_the_own_advisor_is_nearly_there() -> None:
    soon, late = IN_A_CALL, replace(IN_A_CALL, expected_free_s=121)

    assert explained(decide(a_call(soon, a_group(a_person(BEN))))).expected_wait_s["hold"] == 60
    assert "hold" not in explained(decide(a_call(late, a_group(a_person(BEN))))).choices


def test_holding_counts_those_who_hold_already() -> None:
    plan = explained(decide(a_call(IN_A_CALL, a_group(a_person(BEN)), own_expected_wait_s=300)))

    assert "hold" not in plan.choices


def test_holding_is_not_offered_where_nobody_can_say_how_long() -> None:
    unknown = replace(IN_A_CALL, expected_free_s=None)

    assert "hold" not in explained(decide(a_call(unknown, a_group(a_person(BEN))))).choices


def test_holding_is_not_offered_when_the_doors_close_first() -> None:
    call = a_call(IN_A_CALL, a_group(a_person(BEN)), closes_at=NOW + timedelta(seconds=60))

    assert "hold" not in explained(decide(call)).choices


def test_without_free_slots_no_callback_is_offered() -> None:
    plan = explained(decide(a_call(ON_BREAK, a_group(a_person(BEN)), slots_exist=False)))

    assert plan.choices == ("colleague",)


def test_without_anybody_at_work_no_colleague_is_offered() -> None:
    plan = explained(decide(a_call(a_person(ANNA, state="offline"), a_group(a_person(BEN, state="offline")))))

    assert plan.choices == ("callback",)


def test_a_colleague_who_is_busy_is_offered_with_the_wait_that_is_expected() -> None:
    busy = a_group(a_person(BEN, state="in_contact"))

    plan = explained(decide(a_call(ON_BREAK, busy, colleague_expected_wait_s=90.0)))

    assert plan.expected_wait_s == {"colleague": 90.0}


def test_no_choice_is_asked_twice_and_then_taken_for_a_colleague() -> None:
    desk = a_group(ON_BREAK, a_person(BEN))
    assert isinstance(decide(a_call(ON_BREAK, desk, choices_asked=1)), Explain)

    plan = decide(a_call(ON_BREAK, desk, choices_asked=2))

    assert offered_to(plan) == BEN
    assert "no_choice_made" in codes(plan)


def test_choosing_a_callback_leads_to_the_slots_even_while_colleagues_are_free() -> None:
    plan = decide(a_call(ON_BREAK, a_group(a_person(BEN)), choice="callback"))

    assert isinstance(plan, ToCallbackOnly)
    assert plan.choices == ("callback", "message")


def test_a_callback_for_which_the_last_slot_has_gone_becomes_a_colleague() -> None:
    plan = decide(a_call(ON_BREAK, a_group(a_person(BEN)), choice="callback", slots_exist=False))

    assert offered_to(plan) == BEN
    assert "no_callback_slots" in codes(plan)


# Holding


def test_a_caller_who_holds_waits_for_the_own_advisor_while_colleagues_are_free() -> None:
    call = a_call(IN_A_CALL, a_group(a_person(BEN)), choice="hold", hold_told_s=60, held_s=10)

    plan = waits(decide(call))

    assert (plan.whom, plan.look_again_s) == ("own", 80)


def test_a_caller_who_holds_gets_the_own_advisor_who_became_free() -> None:
    call = a_call(a_person(ANNA), a_group(a_person(BEN)), choice="hold", hold_told_s=60, held_s=30)

    assert offered_to(decide(call)) == ANNA


def test_a_hold_that_takes_longer_than_told_falls_back_to_colleagues() -> None:
    call = a_call(IN_A_CALL, a_group(a_person(BEN)), choice="hold", hold_told_s=60, held_s=90)

    plan = decide(call)

    assert offered_to(plan) == BEN
    assert "hold_is_over" in codes(plan)


@pytest.mark.parametrize(
    "gone", [a_person(ANNA, state="break"), a_person(ANNA, has_absence=True), a_person(ANNA, excluded=True)]
)
def test_holding_ends_when_the_own_advisor_is_not_coming_any_more(gone: Person) -> None:
    assert offered_to(decide(a_call(gone, a_group(a_person(BEN)), choice="hold", hold_told_s=60))) == BEN


def test_a_market_may_hold_briefly_without_asking_at_the_end_of_a_wrap_up() -> None:
    nearly = a_person(ANNA, state="wrap_up", expected_free_s=8)
    brief = RoutingPolicy(brief_hold_s=10)
    desk = a_group(a_person(BEN))

    plan = waits(decide(a_call(nearly, desk, policy=brief)))

    assert (plan.whom, plan.look_again_s) == ("own", 10)
    assert isinstance(decide(a_call(nearly, desk, policy=brief, held_s=3)), Explain)
    assert isinstance(decide(a_call(replace(nearly, expected_free_s=0), desk)), Explain)
