"""A solved book as skills see it: what is demanded, who can, and who is left without. u demands, n advisors.

Customers count with the advisor whom the plan gives them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.book_classes import Flags, Floats, Ints, Matter, matter_of
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.misfit import Profiles
from routing.problem import Id, Need

Rows = Sequence[int]


class Ask(NamedTuple):
    """A market's customers who need a skill at a level."""

    market: str
    skill: str
    level: int


@dataclass(frozen=True, slots=True)
class Demand:
    """Customers who ask alike, their hours aside; seconds are those expected in a month."""

    market: str
    languages: tuple[str, ...]
    needs: tuple[Need, ...]
    customers: int
    seconds: int


@dataclass(frozen=True, slots=True)
class View:
    """Built once for a plan; all questions about skills are asked of it."""

    problem: BookProblem
    plan: BookPlan
    matter: Matter
    profiles: Profiles
    able: Flags
    """u × n: whom no rule removes"""
    customers: Ints
    """u"""
    seconds: Ints
    """u"""
    left: Ints
    """u: customers who have nobody"""
    left_s: Ints
    """u: their seconds"""
    target_s: Floats
    """n, 0 for those who leave"""
    place: Mapping[Id, int]
    """of each advisor"""
    asks: Mapping[Ask, Rows]
    """Which of the u demands each ask is part of."""

    def per(self, column: NDArray[np.int64], width: int) -> tuple[Ints, Ints]:
        """u × width: customers and seconds of those with an advisor, by what `column` says of the n advisors.

        Advisors for whom it says `NOBODY` are left out.
        """
        seated = np.flatnonzero(self.plan.advisor != NOBODY)
        of = column[self.plan.advisor[seated]]
        seated, of = seated[of != NOBODY], of[of != NOBODY]
        return _counted(self.matter.need[seated] * width + of, self.problem.expected_s[seated], self.shape(width))

    def shape(self, width: int) -> tuple[int, int]:
        return len(self.matter.needs), width

    def told(self, rows: Iterable[int], customers: Ints, seconds: Ints) -> tuple[Demand, ...]:
        """These demands with the u counts given, those with most seconds first."""
        sums: defaultdict[tuple[str, tuple[str, ...], tuple[Need, ...]], list[int]] = defaultdict(lambda: [0, 0])
        for row in rows:
            need = self.matter.needs[row]
            sum_ = sums[need.market, need.languages, need.needs]
            sum_[0] += int(customers[row])
            sum_[1] += int(seconds[row])
        told = (Demand(*names, *counts) for names, counts in sums.items() if counts[0])
        return tuple(sorted(told, key=lambda demand: (-demand.seconds, demand.market, demand.needs)))


def view_of(problem: BookProblem, plan: BookPlan) -> View:
    matter, profiles = matter_of(problem), Profiles(problem.advisors)
    shape = (len(matter.needs), 1)
    left = np.flatnonzero(plan.advisor == NOBODY)
    customers, seconds = _counted(matter.need, problem.expected_s, shape)
    left_customers, left_s = _counted(matter.need[left], problem.expected_s[left], shape)
    target_s = np.array([0 if a.leaving else max(1, a.target_s) for a in problem.advisors], np.float64)
    return View(
        problem,
        plan,
        matter,
        profiles,
        able=np.isfinite(matter.misfit),
        customers=customers[:, 0],
        seconds=seconds[:, 0],
        left=left_customers[:, 0],
        left_s=left_s[:, 0],
        target_s=target_s,
        place={advisor.id: number for number, advisor in enumerate(problem.advisors)},
        asks=_asks(matter),
    )


def _asks(matter: Matter) -> dict[Ask, list[int]]:
    asks: defaultdict[Ask, list[int]] = defaultdict(list)
    for row, need in enumerate(matter.needs):
        for skill, level in set(need.needs):
            asks[Ask(need.market, skill, level)].append(row)
    return dict(sorted(asks.items()))


def _counted(key: Ints, weight: NDArray[np.int32], shape: tuple[int, int]) -> tuple[Ints, Ints]:
    """How often each cell is met, and the weight that comes together there."""
    size = shape[0] * shape[1]
    weights = np.bincount(key, weight, size).astype(np.int64)
    return np.bincount(key, minlength=size).astype(np.int64).reshape(shape), weights.reshape(shape)
