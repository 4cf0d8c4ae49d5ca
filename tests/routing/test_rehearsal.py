"""Calls that have come before, once more under another policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from routing.policy import Need, RoutingPolicy
from routing.problem import Person
from routing.rehearsal import Colleague, Past, PastCall, Rehearsal, compare
from tests.routing.builders import ANNA, BEN, DESK, NEXT_DESK, NOW, a_person, an_id

ALL_DAY = ((0.0, 36_000.0),)


def a_call(number: int, **facts: Any) -> PastCall:
    """Of somebody who knows Anna and asks about hosting; talked about for two minutes."""
    usual: dict[str, Any] = {"at_s": 0.0, "own_id": ANNA, "known": True, "talk_s": 120.0}
    usual |= {"languages": ("de",), "needs": (Need("hosting", 2),)}
    return PastCall(id=an_id(1000 + number), **usual | facts)


def a_past(*calls: PastCall, people: tuple[Person, ...] = (a_person(ANNA), a_person(BEN))) -> Past:
    staff = tuple(Colleague(who, ALL_DAY) for who in people)
    return Past("DE", NOW, calls, staff, {DESK: (NEXT_DESK,)}, DESK)


def ends(past: Past, policy: RoutingPolicy | None = None) -> list[tuple[str, float]]:
    rehearsal = Rehearsal(past, policy or RoutingPolicy())
    rehearsal.play()
    return [(rehearsal.ends[call.id][0], rehearsal.ends[call.id][2]) for call in past.calls]


def test_the_own_advisor_answers_then_a_colleague_then_the_own_one_who_became_free() -> None:
    calls = [a_call(n, at_s=float(n), choice="colleague") for n in range(3)]

    assert ends(a_past(*calls)) == [("own", 0.0), ("colleague", 0.0), ("own", 118.0)]


def test_who_took_a_callback_takes_it_again_where_the_own_advisor_is_busy() -> None:
    first, second = a_call(1), a_call(2, at_s=5.0, choice="callback")

    assert ends(a_past(first, second)) == [("own", 0.0), ("promised", 0.0)]


def test_who_hung_up_then_hangs_up_after_the_same_wait() -> None:
    first, second = a_call(1), a_call(2, at_s=10.0, gave_up_after_s=30.0)

    assert ends(a_past(first, second, people=(a_person(ANNA),))) == [("own", 0.0), ("abandoned", 30.0)]


def test_while_nobody_who_can_help_is_at_work_there_are_callbacks_alone() -> None:
    past = a_past(a_call(1), people=(a_person(ANNA),))
    late = replace(past, people=(replace(past.people[0], shifts=((60.0, 3600.0),)),))

    assert ends(late) == [("promised", 0.0)]
    ben = Colleague(a_person(BEN, group_id=NEXT_DESK, languages=frozenset({"fr"})), ALL_DAY)
    assert ends(replace(late, people=(*late.people, ben))) == [("promised", 0.0)]


def test_neighbours_who_are_let_in_at_once_answer_sooner() -> None:
    people = (a_person(ANNA), a_person(BEN, group_id=NEXT_DESK))
    past = a_past(*(a_call(n, at_s=float(n), choice="colleague") for n in range(2)), people=people)

    found = compare(past, RoutingPolicy(), RoutingPolicy(neighbours_after_s=0))

    assert (found.before.mean_wait_s, found.after.mean_wait_s) == (0.0, 0.0)
    patient = replace(RoutingPolicy(), neighbours_after_s=50, hold_max_s=0)
    assert ends(past, patient)[1][1] in (0.0, 50.0)


def test_the_same_policy_changes_nothing() -> None:
    past = a_past(*(a_call(n, at_s=30.0 * n, choice=("colleague", "hold")[n % 2]) for n in range(20)))

    found = compare(past, RoutingPolicy(), RoutingPolicy(name="DE/2"))

    assert found.otherwise == 0
    assert found.before == found.after
    assert sum(found.before.outcomes.values()) == 20


def test_no_calls_are_no_trouble() -> None:
    found = compare(a_past(), RoutingPolicy(), RoutingPolicy())

    assert (found.otherwise, found.before.within_20s, found.before.mean_wait_s) == (0, 0.0, 0.0)
