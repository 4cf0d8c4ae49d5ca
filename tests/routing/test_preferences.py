"""Each soft term with two people in it, all else being equal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from routing.policy import RoutingPolicy, Weights
from routing.preferences import score
from routing.problem import ContactProblem, Need, Person
from tests.routing.builders import ANNA, BEN, NOW, a_call, a_person

CALL = a_call(languages=("de", "en"), needs=(Need("hosting", 3),))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (a_person(ANNA, skills={"hosting": 3}), a_person(BEN, skills={"hosting": 5})),
        (a_person(ANNA, skills={"hosting": 2}), a_person(BEN, skills={"hosting": 1})),
        (a_person(ANNA, skills={"hosting": 5}), a_person(BEN, skills={"hosting": 2})),
        (a_person(ANNA, languages=["de"]), a_person(BEN, languages=["en"])),
        (a_person(ANNA, languages=["en"]), a_person(BEN, languages=["fr"])),
        (a_person(ANNA, familiarity=1), a_person(BEN)),
        (
            a_person(ANNA, idle_since=NOW - timedelta(seconds=61)),
            a_person(BEN, idle_since=NOW - timedelta(seconds=60)),
        ),
    ],
    ids=[
        "fitting_skill_before_expert",
        "less_missing_before_more",
        "expert_before_missing",
        "preferred_language",
        "spoken_before_not",
        "knows_the_customer",
        "longest_idle",
    ],
)
def test_the_better_one_costs_less(better: Person, worse: Person) -> None:
    assert score(better, CALL) < score(worse, CALL)


def test_idle_time_counts_from_the_last_contact_and_not_from_an_offer_that_came_to_nothing() -> None:
    rang_in_vain = a_person(ANNA, since=NOW, idle_since=NOW - timedelta(minutes=20))
    just_back = a_person(BEN, since=NOW - timedelta(minutes=1))

    assert score(rang_in_vain, CALL) < score(just_back, CALL)


def test_the_own_group_comes_before_any_neighbour() -> None:
    unknown_expert = a_person(ANNA, languages=["en"], skills={"hosting": 5}, idle_since=NOW)
    perfect_neighbour = a_person(BEN, familiarity=20)

    assert score(unknown_expert, CALL, ring=0) < score(perfect_neighbour, CALL, ring=1)


def test_a_market_weighs_the_terms() -> None:
    friend, expert = a_person(ANNA, familiarity=9, skills={"hosting": 1}), a_person(BEN)

    by_skill, by_friendship = _weighing(familiarity=0.1), _weighing(familiarity=5.0)

    assert score(expert, by_skill) < score(friend, by_skill)
    assert score(friend, by_friendship) < score(expert, by_friendship)


def _weighing(**weights: float) -> ContactProblem:
    return a_call(needs=(Need("hosting", 3),), policy=RoutingPolicy(weights=Weights(**weights)))
