"""Many who wait and many who are free at once: nobody twice, no rule broken, and nothing better to be found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from routing.direct import decide
from routing.matching import Pair, match
from routing.plan import Offer
from routing.policy import Need, RoutingPolicy
from routing.problem import Group, Person, Waiting
from routing.waiting import may_take, next_for
from tests.routing.builders import ANNA, BEN, CARLA, DESK, NEXT_DESK, NOW, a_person, a_waiting, an_id
from tests.routing.bursts import as_problem, best_of_all, cost_of, people, queues, worth, worth_of

TINY = 3  # milliseconds and millionths that may be lost where urgencies are equal


def pairs(waiting: list[Waiting], free: list[Person]) -> dict[int, int]:
    return {pair.contact.int: pair.advisor.int for pair in match(waiting, free, NOW)}


def test_nobody_waits_or_nobody_is_free() -> None:
    assert match([], [a_person(ANNA)], NOW) == ()
    assert match([a_waiting()], [], NOW) == ()
    assert match([a_waiting()], [a_person(ANNA, state="break")], NOW) == ()


def test_who_can_help_more_callers_leaves_the_easy_one_to_a_colleague() -> None:
    """The one idle longest would take the oldest, and the other could help nobody."""
    expert, novice = a_person(ANNA, skills={"dns": 4, "hosting": 3}), a_person(BEN, skills={"hosting": 3})
    easy = a_waiting(1, needs=(Need("hosting", 2),), waited_s=20)
    hard = a_waiting(2, needs=(Need("dns", 4),), waited_s=10)

    assert pairs([easy, hard], [expert, novice]) == {1: BEN.int, 2: ANNA.int}


def test_both_get_their_own_advisors() -> None:
    annas, bens = a_waiting(1, own_id=ANNA, waited_s=10), a_waiting(2, own_id=BEN, waited_s=20)

    assert pairs([annas, bens], [a_person(ANNA), a_person(BEN)]) == {1: ANNA.int, 2: BEN.int}


def test_the_most_urgent_are_served_where_not_all_can_be() -> None:
    queue = [a_waiting(number, waited_s=waited_s) for number, waited_s in ((1, 5), (2, 30), (3, 10))]

    assert set(pairs(queue, [a_person(ANNA), a_person(BEN)])) == {2, 3}


def test_more_are_served_before_more_urgent_ones_are() -> None:
    """Anna may take either, Ben only the younger."""
    queue = [a_waiting(1, waited_s=50), a_waiting(2, rings=(DESK, NEXT_DESK), waited_s=40)]
    free = [a_person(ANNA), a_person(BEN, group_id=NEXT_DESK)]

    assert pairs(queue, free) == {1: ANNA.int, 2: BEN.int}


def test_who_did_not_take_it_is_not_asked_again() -> None:
    tried = a_waiting(1, tried=frozenset({ANNA}), waited_s=50)

    assert pairs([tried], [a_person(ANNA)]) == {}
    assert pairs([tried, a_waiting(2)], [a_person(ANNA), a_person(BEN)]) == {1: BEN.int, 2: ANNA.int}


def test_a_colleague_who_knows_the_customer_is_preferred() -> None:
    known, stranger = a_waiting(1, familiar={CARLA: 3}), a_waiting(2)
    free = [a_person(BEN), a_person(CARLA)]

    assert pairs([known, stranger], free) == {1: CARLA.int, 2: BEN.int}


def test_weights_however_large_are_no_reason_to_give_up() -> None:
    heavy = RoutingPolicy(weights=replace(RoutingPolicy().weights, skill=1e9), own_head_start_s=7)
    queue = [a_waiting(1, policy=heavy, own_id=ANNA), a_waiting(2, own_id=BEN, waited_s=86_000, priority=3)]

    assert pairs(queue, [a_person(ANNA), a_person(BEN)]) == {1: ANNA.int, 2: BEN.int}


@given(queues(7), people(6))
def test_nobody_comes_twice_and_no_rule_is_broken(queue: list[Waiting], free: list[Person]) -> None:
    found = match(queue, free, NOW)

    contacts, advisors = {c.id: c for c in queue}, {p.id: p for p in free}
    assert len({pair.contact for pair in found}) == len({pair.advisor for pair in found}) == len(found)
    assert all(may_take(advisors[pair.advisor], contacts[pair.contact]) for pair in found)
    assert all(pair.own == (contacts[pair.contact].own_id == pair.advisor) for pair in found)


@given(queues(3), people(4))
def test_nothing_better_is_found_by_trying_everything(queue: list[Waiting], free: list[Person]) -> None:
    found, best = worth(queue, free, match(queue, free, NOW)), best_of_all(queue, free)

    assert found[:2] == best[:2]
    assert found[2] == pytest.approx(best[2], abs=TINY)
    if found[2] == best[2]:
        assert found[3] == best[3]
        assert found[4] == pytest.approx(best[4], abs=TINY)


@given(queues(40, least=10), people(25, least=5))
@settings(max_examples=40)
def test_the_hungarian_method_serves_no_more_and_nobody_more_urgent(
    queue: list[Waiting], free: list[Person]
) -> None:
    value = np.zeros((len(queue), len(free)))
    for row, contact in enumerate(queue):
        for column, person in enumerate(free):
            if may_take(person, contact):
                one, hold, urgent_ms, *_ = worth_of(person, contact)
                value[row, column] = (one * 1000 + hold) * 1e8 + urgent_ms

    best = value[linear_sum_assignment(-value)].sum()

    one, hold, urgent_ms, *_ = worth(queue, free, match(queue, free, NOW))
    assert (one * 1000 + hold) * 1e8 + urgent_ms == pytest.approx(best, abs=len(queue) ** 2)


@given(queues(30, least=2), people(30, least=2))
@settings(max_examples=40)
def test_the_hungarian_method_finds_nobody_who_fits_better(queue: list[Waiting], free: list[Person]) -> None:
    found = match(queue, free, NOW)
    served = {pair.contact for pair in found}
    rows = [contact for contact in queue if contact.id in served]
    cost = np.array(
        [[_cost(person, contact) if may_take(person, contact) else 1e9 for person in free] for contact in rows]
    ).reshape(len(rows), len(free))

    best = cost[linear_sum_assignment(cost)].sum()

    contacts, advisors = {c.id: c for c in queue}, {p.id: p for p in free}
    mine = sum(_cost(advisors[pair.advisor], contacts[pair.contact]) for pair in found)
    assert mine == pytest.approx(best, abs=1e-5 * (1 + len(rows)))


def _cost(person: Person, contact: Waiting) -> float:
    """Head starts before all terms together."""
    own = person.id == contact.own_id
    return -float(contact.policy.own_head_start_s) * 1e4 if own else cost_of(person, contact)


@given(queues(1, least=1), people(6, least=1))
@settings(max_examples=100)
def test_a_single_contact_goes_where_the_direct_rule_sends_it(queue: list[Waiting], free: list[Person]) -> None:
    contact = replace(queue[0], holds_for_own=False)
    own = next((person for person in free if person.id == contact.own_id), None)
    around = {i: Group(i, tuple(_known(p, contact) for p in free if p.group_id == i)) for i in contact.rings}
    home = Group(contact.rings[0], around[contact.rings[0]].members, contact.rings[1:])
    problem = replace(
        as_problem(contact),
        own=own if own is None else _known(own, contact),
        group_id=home.id,
        groups={**around, home.id: home},
        choice="colleague",
        waiting=True,
    )
    others = [p for p in home.members if own is None or p.id != own.id]
    contact = replace(contact, group_at_work=any(p.at_work for p in others))
    people_seen = [_known(person, contact) for person in free]

    plan, found = decide(problem), match([contact], free, NOW)

    assert isinstance(plan, Offer) == bool(found)
    if isinstance(plan, Offer):
        chosen = {p.id: p for p in people_seen}
        assert plan.own == found[0].own
        if not plan.own:
            offered, matched = (cost_of(chosen[who], contact) for who in (plan.advisor, found[0].advisor))
            assert matched == pytest.approx(offered, abs=1e-9)


def _known(person: Person, contact: Waiting) -> Person:
    tried = person.id in contact.tried
    return replace(person, familiarity=contact.familiar.get(person.id, 0), excluded=tried)


@given(queues(8, least=1), people(1, least=1))
@settings(max_examples=100)
def test_a_single_advisor_gets_the_contact_that_the_queue_says(queue: list[Waiting], free: list[Person]) -> None:
    expected = next_for(free[0], queue)

    found = match(queue, free, NOW)

    assert found == (() if expected is None else (Pair(expected.id, free[0].id, expected.own_id == free[0].id),))


@given(st.permutations(range(6)), queues(6, least=6), people(6, least=6))
def test_the_order_of_reading_does_not_matter(order: list[int], queue: list[Waiting], free: list[Person]) -> None:
    shuffled = [queue[place] for place in order]

    assert worth(queue, free, match(queue, free, NOW)) == worth(queue, free, match(shuffled, free[::-1], NOW))


def test_a_burst_larger_than_the_room_there_is() -> None:
    queue = [a_waiting(1000 + n, waited_s=n, own_id=an_id(1 + n % 50)) for n in range(400)]
    free = [a_person(an_id(1 + n), group_id=(DESK, NEXT_DESK)[n % 2]) for n in range(60)]

    found = match(queue, free, NOW)

    assert len(found) == 60 - 5  # five at the next desk are nobody's own, and no ring lets them in
