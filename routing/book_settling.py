"""Solved again until nobody moves any more, so that the next rebalance of the same book finds nothing to do.

Whole people are packed a little better each time the book is solved from where the last solve has put them; where
caps bind, a second run would move up to a hundredth of the customers for next to nothing. A customer should move
once and not in three runs. What the rounds find is one plan, judged against the book as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from routing.book_balance import balance_of
from routing.book_check import faults
from routing.book_classes import matter_of
from routing.book_making import plan_of
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.book_seats import Seats
from routing.staying import LEAST

ROUNDS = 8
MOST_CUSTOMERS = 50_000
"""Above, a round takes seconds, and a handful among so many is one in thousands."""


def settled(problem: BookProblem, plan: BookPlan, solve: Callable[[BookProblem], BookPlan]) -> BookPlan:
    """The plan after some more rounds of `solve`, within the same budget and without a fault."""
    for _ in range(ROUNDS if len(problem.kind) <= MOST_CUSTOMERS else 0):
        budget = _left(problem, plan)
        if budget == 0:
            break
        again = solve(_carried_out(problem, plan, budget))
        if not again.voluntary:
            break
        better = _together(problem, plan, again)
        if better.objective >= plan.objective or faults(problem, better):
            break
        plan = better
    return plan


def _left(problem: BookProblem, plan: BookPlan) -> int | None:
    budget = problem.terms.move_budget
    return None if budget is None else budget - plan.voluntary


def _carried_out(problem: BookProblem, plan: BookPlan, budget: int | None) -> BookProblem:
    """The book that the next run would find: whoever has moved is new to their advisor."""
    holder = np.where(plan.advisor == NOBODY, problem.holder, plan.advisor)
    stay = np.where(holder == problem.holder, problem.stay, LEAST)
    return replace(problem, holder=holder, stay=stay, terms=replace(problem.terms, move_budget=budget))


def _together(problem: BookProblem, plan: BookPlan, again: BookPlan) -> BookPlan:
    """Both rounds as one plan: who goes where, seen from where they are."""
    matter = matter_of(problem)
    seats = Seats(matter, balance_of(matter))
    seats.put(np.arange(len(problem.kind)), again.advisor)
    seats.beyond_cap = again.beyond_cap
    gap = 1 + plan.rounding_gap
    return plan_of(seats, again.prices, again.way, plan.objective / gap if gap > 0 else 0.0)
