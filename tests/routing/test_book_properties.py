"""What holds for every whole book, whatever it looks like."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings

from routing.book import solve
from routing.book_check import faults
from routing.book_greedy import greedy
from routing.book_plan import BookPlan
from routing.book_problem import BookProblem
from tests.routing.books import books, solved


@given(books())
@settings(max_examples=50, deadline=None)
def test_a_plan_has_no_faults(problem: BookProblem) -> None:
    assert faults(problem, solve(problem)) == []


@given(books())
@settings(max_examples=50, deadline=None)
def test_the_greedy_plan_has_no_faults_either(problem: BookProblem) -> None:
    assert faults(problem, greedy(problem)) == []


@given(books())
@settings(max_examples=20, deadline=None)
def test_the_same_book_has_the_same_plan(problem: BookProblem) -> None:
    for way in (solve, greedy):
        assert same(way(problem), way(replace(problem)))


def same(one: BookPlan, other: BookPlan) -> bool:
    rows = ((one.advisor, other.advisor), (one.prices, other.prices), (one.beyond_cap, other.beyond_cap))
    return all(np.array_equal(*pair) for pair in rows) and one.objective == other.objective


@given(books())
@settings(max_examples=50, deadline=None)
def test_a_rebalance_of_a_solved_book_moves_nobody(problem: BookProblem) -> None:
    book = solved(roomy(problem), solve(roomy(problem)))

    again = solve(book)

    assert again.voluntary == 0
    assert again.advisor.tolist() == book.holder.tolist()


def roomy(problem: BookProblem) -> BookProblem:
    """Without caps or budget: where caps bind, people can be packed a little better the second time."""
    people = tuple(replace(advisor, cap_s=100_000) for advisor in problem.advisors)
    return replace(problem, advisors=people, terms=replace(problem.terms, move_budget=None))


@given(books())
@settings(max_examples=30, deadline=None)
def test_the_greedy_way_moves_nobody_who_need_not(problem: BookProblem) -> None:
    book = solved(roomy(problem), greedy(roomy(problem)))

    assert greedy(book).voluntary == 0
