"""The solve, as it runs in a process of its own: solve, check by other code, explain.

What comes back has been checked. Where the solver's plan has a fault, or there is none in time, the greedy plan is
taken; so there is always a plan, unless even that one is unsound (`Unsound`), and then nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisions.service import data_of
from routing.book import solve
from routing.book_check import faults
from routing.book_greedy import greedy
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.book_reasons import explain
from routing.misfit import Profiles


class Unsound(Exception):
    """The independent check found something in the plan; its first complaints are the arguments."""


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A sound plan, and what was decided for each pair of a kind and an advisor to whom somebody goes.

    `pairs` are (kind, advisor) places; `records` what is kept of their decisions, in the same order.
    """

    plan: BookPlan
    pairs: tuple[tuple[int, int], ...]
    records: tuple[dict[str, Any], ...]
    forced: NDArray[np.bool_]
    """m: whose present advisor leaves, or may not serve them any more."""
    why_greedy: str | None = None


def solved(problem: BookProblem) -> Reasoned:
    """The exact plan, or the greedy one where the check finds fault with it."""
    plan = solve(problem)
    wrong = faults(problem, plan)
    return reasoned(problem, plan) if not wrong else planned_greedily(problem, "unsound")


def planned_greedily(problem: BookProblem, why: str) -> Reasoned:
    """The plan that needs no solver. Raises `Unsound`."""
    plan = greedy(problem)
    wrong = faults(problem, plan)
    if wrong:
        raise Unsound(*wrong[:5])
    return reasoned(problem, plan, why)


def reasoned(problem: BookProblem, plan: BookPlan, why_greedy: str | None = None) -> Reasoned:
    moving = moved(problem, plan)
    combined = problem.kind[moving].astype(np.int64) * len(problem.advisors) + plan.advisor[moving]
    pairs = tuple(divmod(pair, len(problem.advisors)) for pair in np.unique(combined).tolist())
    records = tuple(data_of(*explain(problem, plan, kind, advisor)) for kind, advisor in pairs)
    return Reasoned(plan, pairs, records, must_move(problem), why_greedy)


def moved(problem: BookProblem, plan: BookPlan) -> NDArray[np.intp]:
    """Places of the customers who get somebody else than they have."""
    return np.flatnonzero((plan.advisor != problem.holder) & (plan.advisor != NOBODY))


def must_move(problem: BookProblem) -> NDArray[np.bool_]:
    profiles = Profiles(problem.advisors)
    out = np.array([np.isinf(profiles.fit(kind.need).misfit) for kind in problem.kinds], np.bool_)
    held = problem.holder != NOBODY
    forced = np.zeros(len(problem.kind), np.bool_)
    if held.any():
        forced[held] = out[problem.kind[held], problem.holder[held]]
    return forced
