"""The record of a decision: who was looked at, who fell out and why, who came second, what would change it."""

from __future__ import annotations

from routing.direct import decide
from routing.plan import Change, Explanation, Trail
from routing.problem import Id
from tests.routing.builders import (
    ANNA,
    BEN,
    CARLA,
    DAVID,
    NEXT_DESK,
    NOW,
    a_call,
    a_group,
    a_person,
)

ON_BREAK = a_person(ANNA, state="break")


def test_the_winner_of_a_call_comes_first_and_the_next_is_the_runner_up() -> None:
    desk = a_group(ON_BREAK, a_person(CARLA), a_person(BEN, familiarity=2), a_person(DAVID, state="meeting"))

    plan = decide(a_call(ON_BREAK, desk, choice="colleague"))

    assert [candidate.advisor for candidate in plan.candidates] == [BEN, CARLA]
    assert plan.runner_up == CARLA
    assert [(out.advisor, out.rule) for out in plan.removed] == [
        (ANNA, "is_available"),
        (DAVID, "is_available"),
    ]
    assert plan.explanation.removed_by == {"is_available": 2}


def test_terms_add_up_to_the_score() -> None:
    plan = decide(a_call(ON_BREAK, a_group(a_person(BEN), a_person(CARLA)), choice="colleague"))

    for candidate in plan.candidates:
        assert candidate.score == sum(candidate.terms.values())


def test_the_own_advisor_free_and_the_runner_up_better_would_have_changed_it() -> None:
    plan = decide(a_call(ON_BREAK, a_group(a_person(BEN, familiarity=2), a_person(CARLA)), choice="colleague"))

    own, runner_up = plan.would_change

    assert (own.condition, own.advisor) == ("is_available", ANNA)
    assert runner_up == Change("score_of", CARLA, {"below": plan.candidates[0].score})


def test_a_wait_says_who_would_have_helped_but_for_one_rule_and_when_it_looks_again() -> None:
    desk = a_group(
        a_person(BEN, state="break"), a_person(CARLA, state="break", languages=["es"]), neighbours=(NEXT_DESK,)
    )
    elsewhere = a_group(a_person(DAVID), id_=NEXT_DESK)

    plan = decide(a_call(None, desk, elsewhere, choice="colleague", waited_s=10))

    ben, later = plan.would_change
    assert (ben.condition, ben.advisor) == ("is_available", BEN)
    assert later == Change("waited", None, {"s": 30})


def test_several_rules_against_the_own_advisor_are_told_together() -> None:
    away = a_person(ANNA, state="offline", has_absence=True)

    plan = decide(a_call(away, a_group(a_person(BEN))))

    assert plan.would_change[0] == Change("all_of", ANNA, {"rules": ("not_absent", "is_available")})


def test_a_free_own_advisor_needs_no_comparison() -> None:
    plan = decide(a_call(a_person(ANNA), a_group(a_person(BEN))))

    assert [candidate.advisor for candidate in plan.candidates] == [ANNA]
    assert plan.runner_up is None
    assert plan.would_change == (Change("own_not_free", ANNA),)


def test_a_closure_says_when_it_ends() -> None:
    plan = decide(a_call(a_person(ANNA), open_now=False, opens_at=NOW))

    assert plan.would_change == (Change("opens", None, {"at": NOW}),)


def test_an_explanation_is_built_when_it_is_read_and_only_once() -> None:
    built: list[int] = []

    def build() -> Explanation:
        built.append(1)
        return Explanation()

    trail = Trail(build)
    assert built == []

    assert trail.read() is trail.read()
    assert built == [1]


def test_the_record_has_the_members_of_the_interface_with_public_names() -> None:
    def name(id_: Id) -> str:
        return f"adv_{id_.int}"

    plan = decide(a_call(ON_BREAK, a_group(a_person(BEN), a_person(CARLA)), choice="colleague"))

    record = plan.explanation.record(name)

    assert record["candidates"][0]["advisor"] == "adv_2"
    assert set(record["candidates"][0]) == {"advisor", "terms", "score"}
    assert record["removed"][0]["rule"] == "is_available"
    assert record["runner_up"] == "adv_3"
    assert record["would_change"][0]["if"] == "is_available"
    assert record["would_change"][0]["advisor"] == "adv_1"
    assert record["would_change"][1]["below"] == record["candidates"][0]["score"]
