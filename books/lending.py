"""A loan: the customers of somebody who is away for long go to colleagues for a while, without a solve.

It is solved and checked as if the owner left; what is told says that they lend.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from books.reasons import Reasoned, reasoned
from books.solving import Unsound
from customers.beginnings import NOT_ASKED
from routing.activation import Book, pick
from routing.book_check import faults
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.book_reasons import shortages_of
from routing.rules import not_leaving

LENDS, SAME_GROUP = "lends_the_book", "same_desk_group"


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
    outside = frozenset().union(*homes.values())
    return reasoned(problem, plan, aside=partial(_not_asked, problem, outside), told=_told)


def _not_asked(problem: BookProblem, outside: frozenset[UUID], advisor: int) -> frozenset[UUID]:
    """Who found a place in the own desk group was offered to nobody else."""
    return frozenset() if problem.advisors[advisor].id in outside else outside


def _told(data: dict[str, Any]) -> dict[str, Any]:
    """Whoever lends doesn't leave, and others were not asked for a reason."""
    owners = {one["advisor"] for one in data["present"]}
    for one in (*data["present"], *data["removed"]):
        if one["rule"] == NOT_ASKED:
            one["rule"] = SAME_GROUP
        elif one["advisor"] in owners:
            one |= {"rule": LENDS, "args": {}}
    counts = Counter(data["removed_by"])
    counts[LENDS] = len(owners)
    counts[not_leaving.__name__] -= len(owners)
    counts[SAME_GROUP] = counts.pop(NOT_ASKED, 0)
    return {**data, "removed_by": dict(+counts)}


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
