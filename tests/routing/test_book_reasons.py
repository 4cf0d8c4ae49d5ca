"""Why somebody has this advisor, in the words of an activation; and what the plan's prices do for the next one."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np

from bench.activation_core import misfit_of, optimum
from bench.made_up_book import made_up_book
from routing.activation import Choice, choose_many
from routing.book import solve
from routing.book_problem import NOBODY
from routing.book_reasons import Explainer, book_after, explain
from routing.problem import Need
from tests.routing.books import a_book, a_seeker
from tests.routing.builders import ANNA, BEN, CARLA, an_advisor


def test_reasons_name_language_and_skill_and_the_runner_up_is_who_would_be_next() -> None:
    people = [an_advisor(ANNA), an_advisor(BEN, skills={"hosting": 5}), an_advisor(CARLA, languages=["en"])]
    book = a_book(people, [a_seeker()] * 4)

    reasons, explanation = explain(book, solve(book), 0, 0)

    assert [reason.code for reason in reasons][:2] == ["speaks_de", "skill_hosting_3"]
    assert [candidate.advisor for candidate in explanation.candidates] == [ANNA, BEN]
    assert explanation.runner_up == BEN
    assert [(removed.advisor, removed.rule) for removed in explanation.removed] == [(CARLA, "speaks_the_language")]


def test_terms_of_a_candidate_add_up_and_the_price_is_the_plans() -> None:
    book = a_book([an_advisor(ANNA), an_advisor(BEN)], [a_seeker()] * 5)
    plan = solve(book)

    _, explanation = explain(book, plan, 0, 1)

    chosen = explanation.candidates[0]
    assert chosen.advisor == BEN
    assert chosen.terms["price"] == plan.prices[1]
    assert chosen.score == chosen.terms["misfit"] + chosen.terms["price"]


def test_the_advisor_is_a_candidate_although_the_customer_has_filled_the_book() -> None:
    book = a_book([an_advisor(ANNA, cap_s=360), an_advisor(BEN, cap_s=300)], [a_seeker()])

    _, explanation = explain(book, solve(book), 0, 0)

    assert explanation.candidates[0].advisor == ANNA
    assert explanation.removed_by == {"book_has_room": 1}


def test_one_explanation_does_not_change_the_next() -> None:
    book = a_book([an_advisor(ANNA), an_advisor(BEN)], [a_seeker(), a_seeker(needs=(Need("hosting", 3),))])
    explainer = Explainer(book, solve(book))

    first = explainer(0, 0)
    explainer(1, 1)

    assert explainer(0, 0) == first


def test_activations_begin_with_the_plans_prices_and_loads() -> None:
    book = a_book([an_advisor(ANNA), an_advisor(BEN)], [a_seeker()] * 5 + [a_seeker(languages=("nl",))])
    plan = solve(book)

    after = book_after(book, plan)

    seated = plan.advisor[plan.advisor != NOBODY]
    assert after.load_s.tolist() == (np.bincount(seated) * 360).tolist()
    assert np.allclose(after.prices(), plan.prices)


def test_activations_after_a_solve_stay_within_a_hundredth_of_the_optimum() -> None:
    everybody = made_up_book(40_000, 400, 1, {"all": 1})
    there = 32_000
    problem = replace(
        everybody,
        kind=everybody.kind[:there],
        expected_s=everybody.expected_s[:there],
        holder=everybody.holder[:there],
        stay=everybody.stay[:there],
    )
    needs = [everybody.kinds[kind].need for kind in everybody.kind[there:].tolist()]
    random.Random(1).shuffle(needs)
    after = book_after(problem, solve(problem))
    before = after.load_s.copy()

    choices = zip(needs, choose_many(after, needs), strict=True)
    given = Counter((need, choice.index) for need, choice in choices if isinstance(choice, Choice))

    assert given.total() == len(needs)
    assert misfit_of(after.profiles, given) <= 1.01 * optimum(after.profiles, given, after.load_s - before)
