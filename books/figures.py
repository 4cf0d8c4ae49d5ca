"""What a plan makes of the book, in figures: of each advisor, and of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from books.reading import Reading
from books.reasons import Reasoned
from routing.book_plan import BookPlan, Shortage
from routing.book_problem import NOBODY, BookProblem

SHORTAGES_SHOWN = 50


def advisors(run_id: UUID, found: Reading, plan: BookPlan) -> Iterator[tuple[Any, ...]]:
    """Rows of `book_run_advisors`."""
    problem = found.problem
    before, after = _loads(problem, problem.holder), _loads(problem, _afterwards(problem, plan))
    for place, advisor in enumerate(problem.advisors):
        yield (
            run_id,
            advisor.id,
            int(before[0][place]),
            int(after[0][place]),
            advisor.load_s + int(before[1][place]),
            advisor.load_s + int(after[1][place]),
            advisor.cap_s,
            advisor.target_s,
            float(plan.prices[place]),
        )


def _afterwards(problem: BookProblem, plan: BookPlan) -> NDArray[np.int32]:
    """With whom everybody is then: for whom nobody is found keeps whom they have."""
    return np.where(plan.advisor == NOBODY, problem.holder, plan.advisor)


def _loads(problem: BookProblem, advisor: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Customers and seconds of each advisor."""
    placed, size = advisor != NOBODY, len(problem.advisors)
    counts = np.bincount(advisor[placed], minlength=size).astype(np.int64)
    seconds = np.bincount(advisor[placed], problem.expected_s[placed], minlength=size).astype(np.int64)
    return counts, seconds


def summary(found: Reading, reasoned: Reasoned) -> dict[str, Any]:
    """The whole in figures: counts, spread of loads around their targets before and after, what is short."""
    problem, plan = found.problem, reasoned.plan
    return {
        "customers": len(problem.kind),
        "kinds": len(problem.kinds),
        "advisors": len(problem.advisors),
        "first": plan.first,
        "forced": plan.forced,
        "voluntary": plan.voluntary,
        "unplaced": int(np.count_nonzero(plan.advisor == NOBODY)),
        "move_budget": problem.terms.move_budget,
        "way": plan.way,
        "why_greedy": reasoned.why_greedy,
        "objective": plan.objective,
        "rounding_gap": plan.rounding_gap,
        "spread_before": spread(problem, problem.holder),
        "spread_after": spread(problem, _afterwards(problem, plan)),
        "shortages": [_shortage(problem, short) for short in plan.shortages[:SHORTAGES_SHOWN]],
    }


def spread(problem: BookProblem, advisor: NDArray[np.int32]) -> float:
    """Standard deviation of load/target over those who stay, divided by their mean; 0 for an empty book."""
    staying = np.array([not one.leaving for one in problem.advisors], np.bool_)
    load = np.array([one.load_s for one in problem.advisors]) + _loads(problem, advisor)[1]
    target = np.array([one.target_s for one in problem.advisors])
    fullness = (load / target)[staying]
    return round(float(fullness.std() / fullness.mean()), 4) if len(fullness) and fullness.mean() > 0 else 0.0


def _shortage(problem: BookProblem, short: Shortage) -> dict[str, Any]:
    need = problem.kinds[short.kind].need
    return {
        "market": need.market,
        "languages": list(need.languages),
        "needs": [{"skill": skill, "level": level} for skill, level in need.needs],
        "customers": short.customers,
        "seconds": short.seconds,
        "bottleneck": short.bottleneck,
        "freed_without": dict(short.freed_without),
    }
