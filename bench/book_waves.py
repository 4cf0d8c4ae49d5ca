"""Arrivals after a solve: in random order the prices suffice; sorted by kind, as a campaign sends them, they don't.

The book of four fifths of the customers is solved, the others arrive one by one. Their misfit is set against the
offline optimum that fills every book exactly as full. Between waves the book can be solved again: who has just been
activated has hardly a relationship yet, so moving them costs little; the others' price of moving keeps them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.activation_core import fill, misfit_of, optimum
from bench.made_up_book import held, made_up_book
from routing.book import solve
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.book_reasons import book_after
from routing.problem import ActivationNeed

CUSTOMERS, ADVISORS = 100_000, 1_000
COMING = 0.2
WAVES = 5
FRESH = 0.02
"""Price of moving somebody who was activated in this campaign and has not called yet."""

Places = NDArray[np.intp]


def waves(seed: int, customers: int = CUSTOMERS, advisors: int = ADVISORS) -> dict[str, Any]:
    """Misfit ÷ optimum of those who arrive: in random order, sorted, and sorted with solves between."""
    everybody = made_up_book(customers, advisors, seed, {"all": 1})
    coming = np.arange(round(customers * (1 - COMING)), customers)
    in_waves = coming[np.argsort(everybody.kind[coming], kind="stable")]
    before, plan = _solved_without(everybody, coming, seed)
    again, moved = _with_solves(before, plan, in_waves)
    return {
        "misfit_ratio_random": round(_ratio(before, plan, coming), 4),
        "misfit_ratio_without": round(_ratio(before, plan, in_waves), 4),
        "misfit_ratio_with": round(_against_optimum(again, coming), 4),
        "moved_share": round(moved / len(coming), 4),
        "waves": WAVES,
        "arrivals": len(coming),
        "customers": customers,
        "advisors": advisors,
    }


def _solved_without(everybody: BookProblem, coming: Places, seed: int) -> tuple[BookProblem, BookPlan]:
    """Those who are there already are seated; those who come keep `NOBODY`."""
    first = _part(everybody, np.setdiff1d(np.arange(len(everybody.kind)), coming))
    plan = solve(first)
    seats = np.full(len(everybody.kind), NOBODY, np.int32)
    seats[: len(plan.advisor)] = plan.advisor
    return held(everybody, seats, seed), replace(plan, advisor=seats)


def _part(problem: BookProblem, rows: Places) -> BookProblem:
    columns = {name: getattr(problem, name)[rows] for name in ("kind", "expected_s", "holder", "stay")}
    return replace(problem, **columns)


def _needs(problem: BookProblem, rows: Places) -> list[ActivationNeed]:
    return [problem.kinds[kind].need for kind in problem.kind[rows].tolist()]


def _ratio(problem: BookProblem, plan: BookPlan, order: Places) -> float:
    book = book_after(problem, plan)
    before = book.load_s.copy()
    given, _ = fill(book, _needs(problem, order))
    return misfit_of(book.profiles, given) / optimum(book.profiles, given, book.load_s - before)


def _with_solves(problem: BookProblem, plan: BookPlan, order: Places) -> tuple[BookProblem, int]:
    """The book once all have come, solved again after each wave; and how many of them were moved."""
    moved = 0
    for wave in np.array_split(order, WAVES):
        problem = _activated(problem, plan, wave)
        there = np.flatnonzero(problem.holder != NOBODY)
        part = solve(_part(problem, there))
        moved += part.voluntary
        seats = problem.holder.copy()
        seats[there] = part.advisor
        problem, plan = replace(problem, holder=seats), replace(part, advisor=seats)
    return problem, moved


def _activated(problem: BookProblem, plan: BookPlan, wave: Places) -> BookProblem:
    book, seats, stay = book_after(problem, plan), problem.holder.copy(), problem.stay.copy()
    for customer, need in zip(wave.tolist(), _needs(problem, wave), strict=True):
        costs = book.costs(need)
        seats[customer] = int(np.argmin(costs))
        stay[customer] = FRESH
        book.give(int(seats[customer]), need.expected_s)
    return replace(problem, holder=seats, stay=stay)


def _against_optimum(problem: BookProblem, rows: Places) -> float:
    given = Counter(zip(_needs(problem, rows), problem.holder[rows].tolist(), strict=True))
    load_s = np.bincount(problem.holder[rows], problem.expected_s[rows], len(problem.advisors)).astype(np.int64)
    profiles = book_after(problem, _empty(problem)).profiles
    return misfit_of(profiles, given) / optimum(profiles, given, load_s)


def _empty(problem: BookProblem) -> BookPlan:
    nobody = np.full(len(problem.kind), NOBODY, np.int32)
    return BookPlan(nobody, nobody == 0, np.zeros(len(problem.advisors)), "none", 0, 0, 0, 0, 0, ())
