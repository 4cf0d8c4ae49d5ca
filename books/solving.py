"""The solve, as it runs in a process of its own: solve, check by other code, explain.

What comes back has been checked. Where the solver's plan has a fault, or there is none in time, the greedy plan is
taken; so there is always a plan, unless even that one is unsound (`Unsound`), and then nothing is written.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from books.reasons import Reasoned, reasoned
from routing.activation import Book, pick
from routing.book import solve
from routing.book_check import faults
from routing.book_greedy import greedy
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.book_reasons import shortages_of


class Unsound(Exception):
    """The independent check found something in the plan; its first complaints are the arguments."""


def solved(problem: BookProblem) -> Reasoned:
    """The exact plan, or the greedy one where the solver fails or the check finds fault with its plan."""
    try:
        plan = solve(problem)
    except Exception:  # whatever it is: a plan that is a little worse is better than none
        return planned_greedily(problem, "solver_failed")
    return planned_greedily(problem, "unsound") if faults(problem, plan) else reasoned(problem, plan)


def lent(problem: BookProblem) -> Reasoned:
    """The customers of who lends go to the own desk group first, then to others, by the prices there are.

    For whom nobody has room stays with the owner and is told as a shortage. Raises `Unsound`.
    """
    book = Book(problem.advisors)
    advisor = np.full(len(problem.kind), NOBODY, np.int32)
    homes = _outsiders(problem)
    for place in np.argsort(-problem.stay, kind="stable").tolist():
        need = replace(problem.kinds[problem.kind[place]].need, expected_s=int(problem.expected_s[place]))
        found = pick(book, replace(need, tried=homes[int(problem.holder[place])]))
        found = pick(book, need) if found is None else found
        if found is not None:
            advisor[place] = found
            book.give(found, need.expected_s)
    plan = _plan_of_loan(problem, advisor, book)
    wrong = faults(_without_stayers(problem, advisor), plan)
    if wrong:
        raise Unsound(*wrong[:5])
    return reasoned(problem, plan, loan=True)


def _without_stayers(problem: BookProblem, advisor: NDArray[np.int32]) -> BookProblem:
    """To the check, who stays with the owner is as somebody new for whom nobody has room."""
    return replace(problem, holder=np.where(advisor == NOBODY, np.int32(NOBODY), problem.holder))


def _outsiders(problem: BookProblem) -> dict[int, frozenset[UUID]]:
    """For each holder everybody who doesn't sit at the same desks; nobody where they sit alone."""
    found: dict[int, frozenset[UUID]] = {NOBODY: frozenset()}
    for place in np.unique(problem.holder).tolist():
        group = problem.advisors[place].group_id
        found[place] = frozenset(a.id for a in problem.advisors if group is not None and a.group_id != group)
    return found


def _plan_of_loan(problem: BookProblem, advisor: NDArray[np.int32], book: Book) -> BookPlan:
    prices = _centred(problem, book.prices())
    return BookPlan(
        advisor=advisor,
        beyond_cap=np.zeros(len(advisor), np.bool_),
        prices=prices,
        way="direct",
        objective=0.0,
        rounding_gap=0.0,
        voluntary=0,
        forced=int(np.count_nonzero(advisor != NOBODY)),
        first=0,
        shortages=shortages_of(problem, advisor, prices),
    )


def _centred(problem: BookProblem, prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """So that Σ target·λ = 0 over those who stay, as the prices of a solve are."""
    target = np.array([0 if one.leaving else one.target_s for one in problem.advisors], np.float64)
    centred: NDArray[np.float64] = prices - (target @ prices) / max(1.0, target.sum())
    return centred


def planned_greedily(problem: BookProblem, why: str) -> Reasoned:
    """The plan that needs no solver. Raises `Unsound`."""
    plan = greedy(problem)
    wrong = faults(problem, plan)
    if wrong:
        raise Unsound(*wrong[:5])
    return reasoned(problem, plan, why)
