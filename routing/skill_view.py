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
from routing.skill_prices import freed_prices, room_of, taken_prices

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
    held: Ints
    """u × n: customers"""
    held_s: Ints
    """u × n: their seconds"""
    target_s: Floats
    """n, 0 for those who leave"""
    freed: Floats
    """n: what a freed second would be worth"""
    taken: Floats
    """n: what one more second would cost once there is no room"""
    room_s: Ints
    """n: up to the cap"""
    place: Mapping[Id, int]
    """of each advisor"""
    asks: Mapping[Ask, Rows]
    """Which of the u demands each ask is part of."""

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
    people, demands, seated = len(problem.advisors), len(matter.needs), plan.advisor != NOBODY
    pair = matter.need[seated] * people + plan.advisor[seated]
    held, held_s = _counted(pair, problem.expected_s[seated], (demands, people))
    left, left_s = _counted(matter.need[~seated], problem.expected_s[~seated], (demands, 1))
    freed = freed_prices(matter, plan, held_s, left[:, 0] > 0)
    target_s = np.array([0 if a.leaving else max(1, a.target_s) for a in problem.advisors], np.float64)
    return View(
        problem,
        plan,
        matter,
        profiles,
        able=np.isfinite(matter.misfit),
        customers=held.sum(axis=1) + left[:, 0],
        seconds=held_s.sum(axis=1) + left_s[:, 0],
        left=left[:, 0],
        left_s=left_s[:, 0],
        held=held,
        held_s=held_s,
        freed=freed,
        taken=taken_prices(matter, plan, held_s, freed),
        room_s=room_of(matter, held_s),
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
