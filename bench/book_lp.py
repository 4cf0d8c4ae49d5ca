"""The whole book as a linear program for HiGHS, written from the problem alone; for companies of some hundred.

A column for each customer's demand and tier with each advisor, one for each piece of each curve. No costs are
rounded, every tier is told apart, and only the curves themselves are shared with the flow. Runs in a process of its
own: HiGHS and OR-Tools can't live in one.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.book_balance import Curve, balance_of
from routing.book_classes import classes_of, matter_of
from routing.book_problem import BookProblem

Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
"""Row of the node that a column leaves, of that which it enters (-1: none), its cost, its upper bound."""


def exact(problem: BookProblem) -> float:
    """The least cost of one expected second, where nobody has an advisor yet and there is room for all."""
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        return alone.submit(solve_as_lp, problem).result()


def solve_as_lp(problem: BookProblem) -> float:
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    tail, head, cost, most, supply, constant = columns_of(problem)
    arcs = np.arange(len(tail))
    inner = head >= 0
    rows, places = np.concatenate((tail, head[inner])), np.concatenate((arcs, arcs[inner]))
    signs = np.concatenate((np.ones(len(tail)), -np.ones(np.count_nonzero(inner))))
    matrix = csr_matrix((signs, (rows, places)), (len(supply), len(tail)))
    total = supply.sum()
    bounds = np.stack((np.zeros(len(most)), most / total), axis=1)
    found = linprog(cost, A_eq=matrix, b_eq=supply / total, bounds=bounds, method="highs")
    least: float = found.fun + constant / total
    return least


def columns_of(problem: BookProblem) -> tuple[Any, ...]:
    matter = matter_of(problem)
    balance = balance_of(matter)
    told = len(balance.tiers.edge) // max(1, len(balance.cap_s))
    classes = classes_of(matter, range(told))
    people, count = len(balance.cap_s), len(classes)
    first_book = count + people * told
    clas, advisor = np.nonzero(np.isfinite(matter.misfit[classes.need]))
    into = count + advisor * told + classes.node[clas] if told else first_book + advisor
    serve: Columns = clas, into, matter.misfit[classes.need[clas], advisor], np.full(len(clas), np.inf)
    owners = np.repeat(np.arange(people), told)
    no_load = np.zeros(len(owners), np.int64)
    tiers = _pieces(balance.tiers, count, first_book + owners, no_load, no_load + 2**40)
    books = _pieces(balance.books, first_book, np.full(people, -1), balance.base_s, balance.cap_s)
    tail, head, cost, most = (np.concatenate(sort) for sort in zip(serve, tiers, books, strict=True))
    supply = np.concatenate((classes.seconds, np.zeros(people * (told + 1), np.int64)))
    return tail, head, cost, most, supply, float(balance.books.cost(balance.base_s).sum())


def _pieces(
    curve: Curve, first: int, heads: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]
) -> Columns:
    room = curve.between(low, high)
    row, piece = np.nonzero(room)
    return first + row, heads[row], curve.slope[piece], room[row, piece].astype(np.float64)
