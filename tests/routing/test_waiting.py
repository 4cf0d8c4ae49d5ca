"""Who in the queue gets the advisor who became free, and what is told to the others."""

from __future__ import annotations

from datetime import timedelta
from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.policy import Need, RoutingPolicy
from routing.problem import Waiting
from routing.waiting import ahead_of, expected_wait, may_take, next_for
from tests.routing.builders import (
    ANNA,
    BEN,
    DESK,
    NEXT_DESK,
    NOW,
    a_person,
    a_waiting,
    an_id,
)

FREED = a_person(ANNA)


def test_nobody_waits_for_somebody_who_became_free() -> None:
    assert next_for(FREED, []) is None


def test_whoever_holds_for_this_advisor_comes_first() -> None:
    holding = a_waiting(1, own_id=ANNA, holds_for_own=True, waited_s=5)
    older = a_waiting(2, waited_s=500, priority=3)

    assert next_for(FREED, [older, holding]) == holding


def test_whoever_holds_for_another_is_left_to_wait_for_them() -> None:
    holding = a_waiting(own_id=BEN, holds_for_own=True, waited_s=60)

    assert next_for(FREED, [holding]) is None


def test_an_own_customer_who_waits_for_anybody_has_a_head_start_of_a_minute() -> None:
    own = a_waiting(1, own_id=ANNA, waited_s=30)

    assert next_for(FREED, [own, a_waiting(2, waited_s=89)]) == own
    assert next_for(FREED, [own, older := a_waiting(3, waited_s=91)]) == older


def test_the_oldest_comes_first_among_equals() -> None:
    younger, older = a_waiting(1, waited_s=10), a_waiting(2, waited_s=20)

    assert next_for(FREED, [younger, older]) == older


def test_priority_is_a_head_start_that_the_others_catch_up_with() -> None:
    important = a_waiting(1, priority=2, waited_s=0)

    assert next_for(FREED, [important, a_waiting(2, waited_s=119)]) == important
    assert next_for(FREED, [important, older := a_waiting(3, waited_s=121)]) == older


def test_whoever_the_advisor_cannot_help_is_passed_over() -> None:
    turkish = a_waiting(1, languages=("tr",), waited_s=800)
    expert = a_waiting(2, needs=(Need("dns", 5),), waited_s=59)
    tried = a_waiting(3, tried=frozenset({ANNA}), waited_s=50)
    simple = a_waiting(4, waited_s=1)

    assert next_for(FREED, [turkish, expert, tried, simple]) == simple


def test_a_demand_that_has_relaxed_makes_somebody_eligible() -> None:
    waiting = a_waiting(needs=(Need("hosting", 4),), waited_s=60)

    assert next_for(FREED, [waiting]) == waiting


def test_a_neighbour_helps_only_after_a_while() -> None:
    neighbour = a_person(BEN, group_id=NEXT_DESK)
    rings = (DESK, NEXT_DESK)

    assert next_for(neighbour, [a_waiting(rings=rings, waited_s=29)]) is None
    assert next_for(neighbour, [a_waiting(rings=rings, waited_s=30)]) is not None
    assert next_for(neighbour, [a_waiting(rings=rings, waited_s=0, group_at_work=False)]) is not None
    assert next_for(neighbour, [a_waiting(rings=(DESK,), waited_s=800)]) is None


def test_the_own_advisor_takes_their_customer_from_whatever_group_they_sit_in() -> None:
    moved = a_person(ANNA, group_id=None)

    assert next_for(moved, [a_waiting(own_id=ANNA)]) is not None


def test_somebody_who_went_on_a_break_gets_nobody() -> None:
    assert next_for(a_person(ANNA, state="break"), [a_waiting()]) is None


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    return [
        a_waiting(
            number,
            waited_s=draw(st.integers(0, 300)),
            priority=draw(st.integers(0, 2)),
            own_id=draw(st.sampled_from((None, ANNA, BEN))),
            holds_for_own=draw(st.booleans()),
            languages=draw(st.sampled_from((("de",), ("es",), ()))),
            rings=draw(st.sampled_from(((DESK,), (NEXT_DESK, DESK)))),
            policy=RoutingPolicy(neighbours_after_s=draw(st.sampled_from((0, 30)))),
        )
        for number in range(1, draw(st.integers(1, 8)))
    ]


@given(queues())
def test_somebody_is_chosen_if_anybody_may_be_and_the_order_of_reading_does_not_matter(
    queue: list[Waiting],
) -> None:
    chosen = next_for(FREED, queue)

    assert (chosen is not None) == any(may_take(FREED, contact) for contact in queue)
    assert chosen is None or may_take(FREED, chosen)
    assert next_for(FREED, queue[::-1]) == chosen


@given(queues())
def test_positions_count_everybody_of_a_line_once(queue: list[Waiting]) -> None:
    group = [contact for contact in queue if not contact.holds_for_own and contact.rings[0] == DESK]

    assert sorted(ahead_of(contact, queue) for contact in group) == list(range(len(group)))


def test_those_who_hold_for_another_are_not_in_front() -> None:
    mine = a_waiting(1, own_id=ANNA, holds_for_own=True, waited_s=10)
    theirs = a_waiting(2, own_id=BEN, holds_for_own=True, waited_s=20)
    before = a_waiting(3, own_id=ANNA, holds_for_own=True, waited_s=30, age=NOW - timedelta(seconds=30))

    assert ahead_of(mine, [mine, theirs, before]) == 1


def test_whoever_is_next_waits_for_the_first_of_all_who_are_at_work() -> None:
    assert expected_wait(0, [(0, 10)], 180) == (0, 42)


def test_the_wait_grows_with_the_position_and_falls_with_the_staff() -> None:
    assert expected_wait(5, [(0, 10)], 180) == (41, 167)
    assert expected_wait(5, [(0, 20)], 180) == (20, 84)


def test_where_nobody_will_be_there_no_wait_is_told() -> None:
    assert expected_wait(3, [(0, 0)], 180) is None
    assert expected_wait(3, [(0, 0), (30, 0)], 180) is None


def test_those_who_are_let_in_later_help_from_then_on() -> None:
    alone, told, together = (expected_wait(9, steps, 100) for steps in ([(0, 1)], [(0, 1), (30, 9)], [(0, 9)]))

    assert alone is not None
    assert told is not None
    assert together is not None
    assert together < told < alone
    assert expected_wait(9, [(0, 0), (30, 9)], 100) == (together[0] + 30, together[1] + 30)


@pytest.mark.parametrize("ahead", [0, 1, 4, 20])
def test_three_of_a_hundred_waits_are_shorter_and_ten_are_longer(ahead: int) -> None:
    told = expected_wait(ahead, [(0, 1)], 10_000)

    assert told is not None
    assert _erlang_cdf(ahead + 1, told[0] / 10_000) == pytest.approx(0.03, abs=0.015)
    assert _erlang_cdf(ahead + 1, told[1] / 10_000) == pytest.approx(0.9, abs=0.005)


def _erlang_cdf(k: int, x: float) -> float:
    return 1 - exp(-x) * sum(x**i / factorial(i) for i in range(k))


def test_ids_break_ties() -> None:
    twins = [a_waiting(2, age=NOW), a_waiting(1, age=NOW)]

    chosen = next_for(FREED, twins)

    assert chosen is not None
    assert chosen.id == an_id(1)
