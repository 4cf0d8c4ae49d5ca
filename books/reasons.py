"""A sound plan with its reasons: what is kept for each pair of a kind and an advisor to whom somebody goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from decisions.service import data_of
from kit.ids import encode
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.book_reasons import Explainer
from routing.misfit import Profiles


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A sound plan, and what was decided for each pair of a kind and an advisor to whom somebody goes.

    `pairs` are (kind, advisor) places; `records` what is kept of their decisions, in the same order, as JSON:
    ten thousands of documents would take a process a while to make of what comes through a pipe.
    """

    plan: BookPlan
    pairs: tuple[tuple[int, int], ...]
    records: tuple[bytes, ...]
    forced: NDArray[np.bool_]
    """m: whose present advisor leaves, or may not serve them any more."""
    why_greedy: str | None = None


Aside = Callable[[int], frozenset[UUID]]
Told = Callable[[dict[str, Any]], dict[str, Any]]


def nobody(_: int) -> frozenset[UUID]:
    return frozenset()


def unchanged(data: dict[str, Any]) -> dict[str, Any]:
    return data


def reasoned(
    problem: BookProblem,
    plan: BookPlan,
    why_greedy: str | None = None,
    aside: Aside = nobody,
    told: Told = unchanged,
) -> Reasoned:
    """`aside`: who was not asked where somebody goes to the advisor at this place; `told`: it in other words."""
    moving = moved(problem, plan)
    combined = problem.kind[moving].astype(np.int64) * len(problem.advisors) + plan.advisor[moving]
    keys, of = np.unique(combined, return_inverse=True)
    pairs = tuple(divmod(pair, len(problem.advisors)) for pair in keys.tolist())
    explain, left = Explainer(problem, plan), _left_by(of, problem.holder[moving])
    data = (_data(explain, pair, aside(pair[1]), left.get(place, {})) for place, pair in enumerate(pairs))
    records = tuple(to_json(told(one)) for one in data)
    return Reasoned(plan, pairs, records, must_move(problem), why_greedy)


def _left_by(pair: NDArray[np.intp], holder: NDArray[np.int32]) -> Mapping[int, Mapping[int, int]]:
    """Place of the pair → present advisor → how many customers; nothing where they had nobody."""
    left: defaultdict[int, dict[int, int]] = defaultdict(dict)
    rows, counts = np.unique(np.stack((pair, holder)), axis=1, return_counts=True)
    for place, advisor, count in zip(*rows.tolist(), counts.tolist(), strict=True):
        if advisor != NOBODY:
            left[place][advisor] = count
    return left


def _data(
    explain: Explainer, pair: tuple[int, int], aside: frozenset[UUID], left: Mapping[int, int]
) -> dict[str, Any]:
    """What is kept of a decision, with from whom the customers come."""
    kind, advisor = pair
    present = [(explain.present(kind, holder), count) for holder, count in left.items()]
    return {
        **data_of(*explain(kind, advisor, aside)),
        "present": [{**asdict(one), "advisor": encode("adv", one.advisor), "customers": n} for one, n in present],
    }


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
