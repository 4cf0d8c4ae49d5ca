"""The policy to compare with: whoever is idle longest, whosever customer it is."""

from __future__ import annotations

from datetime import timedelta

from routing.direct import longest_idle_anyone
from routing.plan import Closed, Offer, Wait
from tests.routing.builders import ANNA, BEN, CARLA, NEXT_DESK, NOW, a_call, a_group, a_person

SHORT, LONG = NOW - timedelta(minutes=2), NOW - timedelta(minutes=30)


def test_the_longest_idle_of_all_groups_gets_the_call_and_not_the_own_advisor() -> None:
    anna, ben = a_person(ANNA, idle_since=SHORT), a_person(BEN, idle_since=SHORT, familiarity=9)
    carla = a_person(CARLA, idle_since=LONG)

    plan = longest_idle_anyone(a_call(anna, a_group(anna, ben), a_group(carla, id_=NEXT_DESK)))

    assert isinstance(plan, Offer)
    assert (plan.advisor, plan.own) == (CARLA, False)
    assert plan.candidates[0].advisor == CARLA


def test_the_own_advisor_gets_it_by_chance() -> None:
    anna, ben = a_person(ANNA, idle_since=LONG), a_person(BEN, idle_since=SHORT)

    plan = longest_idle_anyone(a_call(anna, a_group(anna, ben)))

    assert isinstance(plan, Offer)
    assert (plan.advisor, plan.own) == (ANNA, True)


def test_hard_rules_hold_all_the_same() -> None:
    anna = a_person(ANNA, idle_since=LONG, languages=["es"])

    plan = longest_idle_anyone(a_call(anna, a_group(anna, a_person(BEN, idle_since=SHORT))))

    assert isinstance(plan, Offer)
    assert plan.advisor == BEN


def test_it_never_asks_and_waits_for_any_group() -> None:
    anna = a_person(ANNA, state="break")
    elsewhere = a_group(a_person(CARLA, state="in_contact"), id_=NEXT_DESK)

    plan = longest_idle_anyone(a_call(anna, a_group(anna), elsewhere))

    assert isinstance(plan, Wait)
    assert plan.whom == "group"


def test_closed_is_closed() -> None:
    assert isinstance(longest_idle_anyone(a_call(a_person(ANNA), open_now=False)), Closed)
