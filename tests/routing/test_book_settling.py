"""A customer moves once: what a rebalance has settled the next one leaves alone, also where caps bind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from routing.book import solve
from routing.book_check import faults
from routing.book_greedy import greedy
from routing.book_problem import NOBODY, BookProblem
from routing.problem import BookAdvisor, Need
from routing.staying import LEAST
from tests.routing.books import Customer, a_book, a_seeker, solved
from tests.routing.builders import an_advisor, an_id

ADVISORS, CUSTOMERS = 12, 200
TIGHT = 1.02
"""All caps together against all that is asked for."""


def _advisor(dice: np.random.Generator, number: int, cap_s: int) -> BookAdvisor:
    skills = {"hosting": int(dice.integers(1, 6))} | ({"dns": int(dice.integers(1, 6))} if number % 2 else {})
    return an_advisor(an_id(number), skills=skills, cap_s=cap_s, target_s=max(1, cap_s * 9 // 10))


def _customer(dice: np.random.Generator) -> Customer:
    needs = (Need(str(dice.choice(["hosting", "hosting", "dns"])), int(dice.integers(1, 4))),)
    return a_seeker(needs=needs, expected_s=int(dice.choice([120, 360, 600, 1500])))


def a_full_company(seed: int, move_budget: int | None = None) -> BookProblem:
    """Books that have grown one activation after the other until there was hardly any room."""
    dice = np.random.default_rng(seed)
    customers = [_customer(dice) for _ in range(CUSTOMERS)]
    cap_s = int(sum(customer.expected_s for customer in customers) * TIGHT / ADVISORS)
    new = a_book([_advisor(dice, number, cap_s) for number in range(1, ADVISORS + 1)], customers)
    holder = greedy(new).advisor
    held = np.flatnonzero(holder != NOBODY)
    return replace(
        new,
        kind=new.kind[held],
        expected_s=new.expected_s[held],
        holder=holder[held],
        stay=dice.choice([0.15, 0.3, 0.6], len(held)),
        terms=replace(new.terms, move_budget=move_budget),
    )


@pytest.mark.parametrize("seed", [4, 8, 12, 13])
def test_a_second_rebalance_of_full_books_moves_nobody(seed: int) -> None:
    book = a_full_company(seed)
    first = solve(book)

    second = solve(solved(book, first, LEAST))

    assert first.voluntary > 0
    assert second.voluntary == 0


@pytest.mark.parametrize("seed", [1, 4, 12])
def test_a_budget_is_made_use_of_though_people_can_only_change_places(seed: int) -> None:
    book = a_full_company(seed, move_budget=9)

    plan = solve(book)

    assert 6 <= plan.voluntary <= 9
    assert faults(book, plan) == []


@pytest.mark.parametrize("seed", [1, 4, 8])
def test_month_after_month_within_a_budget_comes_to_rest(seed: int) -> None:
    book = a_full_company(seed, move_budget=9)
    moved: list[int] = []
    while (plan := solve(book)).voluntary and len(moved) < 8:
        moved.append(plan.voluntary)
        book = solved(book, plan, LEAST)

    assert plan.voluntary == 0, "whoever has moved isn't moved to and fro"
    assert sum(moved) <= 32, "no more than a plan without a budget moves at once"
