"""The check finds every way in which a plan can be wrong: right plans, broken one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from routing.book import solve
from routing.book_check import faults
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from tests.routing.books import a_book, a_seeker
from tests.routing.builders import ANNA, BEN, CARLA, DAVID, an_advisor

SPANISH = 7


def a_right_book() -> BookProblem:
    """Ben has one customer too many, Carla leaves, David is for Spain, and for Dutch there is nobody."""
    people = [an_advisor(ANNA), an_advisor(BEN, cap_s=720), an_advisor(CARLA, leaving=True)]
    people.append(an_advisor(DAVID, markets=["ES"], languages=["es"], cap_s=400))
    customers = [a_seeker(holder=place) for place in (0, 1, 1, 2, 2)] + [a_seeker(), a_seeker()]
    spanish = [a_seeker(market="ES", languages=("es",), holder=3), a_seeker(market="ES", languages=("es",))]
    dutch = [a_seeker(languages=("nl",))]
    return a_book(people, customers + spanish + dutch, move_budget=1)


def seat(customer: int, advisor: int) -> Callable[[BookPlan], BookPlan]:
    def broken(plan: BookPlan) -> BookPlan:
        seats = plan.advisor.copy()
        seats[customer] = advisor
        return replace(plan, advisor=seats)

    return broken


def flag(customer: int) -> Callable[[BookPlan], BookPlan]:
    def broken(plan: BookPlan) -> BookPlan:
        flags = plan.beyond_cap.copy()
        flags[customer] = True
        return replace(plan, beyond_cap=flags)

    return broken


def put(**fields: Any) -> Callable[[BookPlan], BookPlan]:
    return lambda plan: replace(plan, **fields)


BROKEN = {
    "a language that the advisor doesn't speak": (seat(0, 3), "serves_the_market"),
    "an advisor who leaves": (seat(3, 2), "not_leaving"),
    "a book too full": (seat(SPANISH + 1, 3), "beyond its cap"),
    "somebody left out": (seat(5, NOBODY), "though there is room"),
    "somebody who had an advisor left out": (seat(3, NOBODY), "had an advisor"),
    "somebody flagged for nothing": (flag(3), "though there is room"),
    "a newcomer flagged": (flag(5), "no advisor yet"),
    "somebody flagged who has nobody": (flag(9), "without an advisor is flagged"),
    "moves not counted": (put(voluntary=5), "voluntary is 0"),
    "forced moves not counted": (put(forced=0), "forced is 2"),
    "newcomers not counted": (put(first=0), "first is 2"),
    "a shortage kept quiet": (put(shortages=()), "shortages"),
    "no price": (put(prices=np.zeros(2)), "finite price"),
    "an endless price": (put(prices=np.array([0.0, np.inf, 0.0, 0.0])), "finite price"),
    "prices not centred": (put(prices=np.ones(4)), "not centred"),
    "an advisor who isn't there": (seat(0, 4), "beyond the 4"),
    "too few rows": (put(advisor=np.zeros(3, np.int32)), "not about 10"),
}


def test_a_right_plan_has_no_faults() -> None:
    book = a_right_book()

    assert faults(book, solve(book)) == []


@pytest.mark.parametrize(("broken", "told"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_found(broken: Callable[[BookPlan], BookPlan], told: str) -> None:
    book = a_right_book()

    found = faults(book, broken(solve(book)))

    assert any(told in fault for fault in found), found


def test_moves_beyond_the_budget_are_found() -> None:
    book = a_right_book()

    plan = replace(seat(1, 0)(seat(2, 0)(solve(book))), voluntary=2)

    assert "2 move voluntarily, 1 may" in faults(book, plan)
