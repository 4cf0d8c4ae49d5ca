"""The life of an inbound call as the core decides it, one story each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from routing.direct import decide
from routing.plan import Closed, Offer, ToCallbackOnly, Wait
from routing.policy import Need, RoutingPolicy
from routing.problem import ContactProblem, Person
from tests.routing.builders import (
    ANNA,
    BEN,
    CARLA,
    DAVID,
    DESK,
    GENERAL,
    NEXT_DESK,
    NOW,
    THIRD_DESK,
    a_call,
    a_group,
    a_person,
)
from tests.routing.plans import ON_BREAK, codes, explained, offered_to, waits

# Own advisor


def test_own_advisor_free_gets_the_call_and_nobody_else_is_looked_at() -> None:
    call = a_call(a_person(ANNA), policy=RoutingPolicy(ring_timeout_s=25))

    plan = decide(call)

    assert isinstance(plan, Offer)
    assert (plan.advisor, plan.own, plan.ring_s) == (ANNA, True, 25)
    assert codes(plan) == ["own_advisor_free"]


def test_own_advisor_on_break_is_explained_and_the_caller_chooses() -> None:
    plan = explained(decide(a_call(ON_BREAK, a_group(ON_BREAK, a_person(BEN)))))

    assert plan.absence == "break"
    assert plan.choices == ("colleague", "callback")
    assert plan.expected_wait_s == {"colleague": 0.0}


def test_own_advisor_on_break_goes_to_desk_group_when_the_caller_chooses_a_colleague() -> None:
    call = a_call(ON_BREAK, a_group(ON_BREAK, a_person(BEN)), choice="colleague")

    plan = decide(call)

    assert offered_to(plan) == BEN
    assert codes(plan) == ["colleague_of_the_group"]


def test_an_absence_tells_the_return_and_never_its_kind() -> None:
    back = NOW + timedelta(days=3)
    absent = a_person(ANNA, state="available", has_absence=True, absent_until=back)

    plan = explained(decide(a_call(absent, a_group(absent, a_person(BEN)))))

    assert (plan.absence, plan.returns_at) == ("absent", back)


def test_an_advisor_whose_day_is_over_is_offline_until_the_next_shift() -> None:
    tomorrow = NOW + timedelta(hours=15)
    gone = a_person(ANNA, state="offline", next_shift_at=tomorrow)

    plan = explained(decide(a_call(gone, a_group(gone, a_person(BEN)))))

    assert (plan.absence, plan.returns_at) == ("offline", tomorrow)


@pytest.mark.parametrize(
    ("own", "absence"),
    [
        (a_person(ANNA, state="in_contact"), "in_contact"),
        (a_person(ANNA, state="offered"), "in_contact"),
        (a_person(ANNA, state="wrap_up"), "wrap_up"),
        (a_person(ANNA, state="meeting"), "meeting"),
        (a_person(ANNA, state="not_responding"), "no_answer"),
        (a_person(ANNA, excluded=True), "no_answer"),
        (a_person(ANNA, free_for_channel=False), "busy"),
        (a_person(ANNA, skills={}), "not_qualified"),
    ],
)
def test_every_reason_why_the_own_advisor_does_not_answer_has_a_word(own: Person, absence: str) -> None:
    plan = explained(decide(a_call(own, a_group(own, a_person(BEN)))))

    assert plan.absence == absence
    assert codes(plan) == [f"own_advisor_{absence}"]


def test_ring_without_answer_goes_to_the_choice_and_keeps_nothing_against_the_caller() -> None:
    tried = a_person(ANNA, excluded=True)

    plan = explained(decide(a_call(tried, a_group(tried, a_person(BEN)), waited_s=20)))

    assert plan.choices == ("colleague", "callback")


def test_own_advisor_who_becomes_free_before_a_colleague_is_called_gets_the_call() -> None:
    anna = a_person(ANNA)

    assert offered_to(decide(a_call(anna, a_group(anna, a_person(BEN)), choice="colleague"))) == ANNA


# Colleagues, neighbours, relaxing


def test_the_colleague_who_knows_the_customer_is_preferred() -> None:
    desk = a_group(a_person(BEN), a_person(CARLA, familiarity=3))

    assert offered_to(decide(a_call(ON_BREAK, desk, choice="colleague"))) == CARLA


def test_among_equals_whoever_has_been_idle_longest_gets_the_call() -> None:
    long, short = NOW - timedelta(minutes=9), NOW - timedelta(minutes=8)
    desk = a_group(a_person(BEN, idle_since=short), a_person(CARLA, idle_since=long))

    assert offered_to(decide(a_call(ON_BREAK, desk, choice="colleague"))) == CARLA


def test_nobody_free_in_the_group_waits_with_the_callback_still_on_offer() -> None:
    desk = a_group(a_person(BEN, state="in_contact"), neighbours=(NEXT_DESK,))
    call = a_call(ON_BREAK, desk, a_group(a_person(CARLA), id_=NEXT_DESK), choice="colleague")

    plan = waits(decide(call))

    assert (plan.whom, plan.groups, plan.look_again_s) == ("group", (DESK,), 30)
    assert plan.callback_offered


def test_after_a_while_neighbours_are_let_in_in_their_order() -> None:
    desk = a_group(a_person(BEN, state="in_contact"), neighbours=(THIRD_DESK, NEXT_DESK))
    near, far = a_group(a_person(CARLA), id_=THIRD_DESK), a_group(a_person(DAVID, familiarity=9), id_=NEXT_DESK)

    plan = decide(a_call(ON_BREAK, desk, near, far, choice="colleague", waited_s=30))

    assert offered_to(plan) == CARLA
    assert codes(plan) == ["colleague_nearby"]


def test_neighbours_need_not_wait_for_a_group_in_which_nobody_is_at_work() -> None:
    desk = a_group(ON_BREAK, a_person(BEN, state="offline"), neighbours=(NEXT_DESK,))

    call = a_call(ON_BREAK, desk, a_group(a_person(CARLA), id_=NEXT_DESK), choice="colleague")

    assert offered_to(decide(call)) == CARLA


def test_a_closed_group_is_passed_over() -> None:
    desk = a_group(a_person(BEN), open=False, neighbours=(NEXT_DESK,))

    call = a_call(ON_BREAK, desk, a_group(a_person(CARLA), id_=NEXT_DESK), choice="colleague")

    assert offered_to(decide(call)) == CARLA


def test_the_general_group_is_the_last_to_be_let_in() -> None:
    desk = a_group(a_person(BEN, state="in_contact"), neighbours=(NEXT_DESK,))
    general = a_group(a_person(DAVID), id_=GENERAL)
    neighbour = a_group(a_person(CARLA, state="break"), id_=NEXT_DESK)
    facts: dict[str, Any] = {"choice": "colleague", "general_group_id": GENERAL}

    assert isinstance(decide(a_call(ON_BREAK, desk, neighbour, general, **facts)), Wait)
    assert offered_to(decide(a_call(ON_BREAK, desk, neighbour, general, waited_s=30, **facts))) == DAVID


@pytest.mark.parametrize(("waited_s", "code"), [(60, "levels_relaxed"), (240, "skills_waived")])
def test_with_waiting_somebody_less_skilled_may_help(waited_s: float, code: str) -> None:
    learner = a_person(BEN, skills={"hosting": 2} if waited_s < 240 else {})
    call = a_call(ON_BREAK, a_group(learner), choice="colleague", needs=(Need("hosting", 3),))
    assert isinstance(decide(call), Wait)

    plan = decide(replace(call, waited_s=waited_s))

    assert offered_to(plan) == BEN
    assert code in codes(plan)


def test_nobody_who_speaks_the_language_means_no_endless_wait() -> None:
    call = a_call(ON_BREAK, a_group(a_person(BEN, languages=["es"])), choice="colleague", languages=("tr",))

    plan = decide(call)

    assert isinstance(plan, ToCallbackOnly)
    assert codes(plan) == ["nobody_will_help"]


def test_a_caller_with_whom_too_many_wait_is_sent_to_the_callback() -> None:
    busy = a_group(a_person(BEN, state="in_contact"))
    call = a_call(ON_BREAK, busy, choice="colleague", colleague_expected_wait_s=901.0)

    assert codes(decide(call)) == ["too_many_wait"]
    assert isinstance(decide(replace(call, waiting=True)), Wait)


def test_whoever_has_waited_too_long_is_sent_to_the_callback() -> None:
    busy = a_group(a_person(BEN, state="in_contact"))

    plan = decide(a_call(ON_BREAK, busy, choice="colleague", waited_s=900, waiting=True, slots_exist=False))

    assert isinstance(plan, ToCallbackOnly)
    assert plan.choices == ("message",)


def test_waiting_looks_again_at_each_step_until_it_is_over() -> None:
    call = a_call(ON_BREAK, a_group(a_person(BEN, state="in_contact")), choice="colleague")
    looks: list[float] = []

    while isinstance(plan := decide(replace(call, waited_s=sum(looks), waiting=True)), Wait):
        looks.append(plan.look_again_s)

    assert sum(looks) == 900
    assert looks == [60, 180, 660]


# Unknown callers


def test_an_unknown_caller_reaches_the_owner_of_the_number() -> None:
    plan = decide(a_call(a_person(ANNA), known_customer=False))

    assert offered_to(plan) == ANNA
    assert codes(plan) == ["owner_of_the_number_free"]


def test_an_unknown_caller_hears_nothing_of_the_owner_and_gets_the_group() -> None:
    call = a_call(ON_BREAK, a_group(ON_BREAK, a_person(BEN)), known_customer=False)

    assert offered_to(decide(call)) == BEN


def test_a_number_without_owner_leads_to_the_general_group() -> None:
    general = a_group(a_person(DAVID), id_=GENERAL)

    plan = decide(a_call(None, general, group_id=None, general_group_id=GENERAL, known_customer=False))

    assert offered_to(plan) == DAVID
    assert codes(plan) == ["colleague_of_the_group"]


# Closed


def test_outside_opening_hours_even_the_own_advisor_is_not_rung() -> None:
    monday = NOW + timedelta(days=1)

    plan = decide(a_call(a_person(ANNA), open_now=False, opens_at=monday))

    assert isinstance(plan, Closed)
    assert (plan.opens_at, plan.choices) == (monday, ("callback", "message"))
    assert codes(plan) == ["outside_opening_hours"]


def test_an_emergency_closes_what_is_open() -> None:
    plan = decide(a_call(a_person(ANNA), emergency=True, slots_exist=False))

    assert isinstance(plan, Closed)
    assert plan.choices == ("message",)
    assert codes(plan) == ["emergency_closure"]


def test_a_callback_may_be_chosen_while_closed() -> None:
    call: ContactProblem = a_call(a_person(ANNA), open_now=False, choice="callback")

    assert isinstance(decide(call), ToCallbackOnly)
