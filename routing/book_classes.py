"""Customers who are one to the solver: the same demands. And those among them who could stay alike.

Tiers make classes of their own only where they have to (`book.py` says when): four tiers are four times the classes
and a network that takes six times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.book_problem import NOBODY, BookProblem
from routing.misfit import Profiles
from routing.problem import ActivationNeed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]

BANDS = (0.25, 0.5, 1.0, 2.0)
"""Prices of moving up to 0.25, to 0.5 … and above 2 are told apart; within a band its own mean counts."""
FINEST = 1023  # steps in which those of a band are ordered, up to twice the last band's begin


@dataclass(frozen=True, slots=True)
class Matter:
    """What the problem says, as the solver and the greedy way read it: u demands, n advisors, m customers."""

    problem: BookProblem
    needs: tuple[ActivationNeed, ...]
    misfit: Floats
    """u × n, infinite where a rule removes the advisor"""
    need: Ints
    """m → u"""
    tier: Ints
    """m → number of the tier"""
    tiers: int
    stayer: Flags
    """m: who has an advisor whom no rule removes"""
    forced: Flags
    """m: who has an advisor and can't keep them"""

    def misfit_of(self, customers: Places, advisor: NDArray[np.int32]) -> Floats:
        """Misfits of these customers with their row of advisors."""
        found: Floats = self.misfit[self.need[customers], advisor]
        return found


def matter_of(problem: BookProblem) -> Matter:
    """Sort the kinds by what they demand and judge every advisor for each."""
    plain = [_plain(kind.need) for kind in problem.kinds]
    needs = tuple(dict.fromkeys(plain))
    tiers = tuple(dict.fromkeys(kind.tier for kind in problem.kinds))
    need = _places(needs, plain)[problem.kind]
    misfit = _misfits(problem, needs)
    has = problem.holder != NOBODY
    stayer = has.copy()
    stayer[has] = np.isfinite(misfit[need[has], problem.holder[has]])
    tier = _places(tiers, [kind.tier for kind in problem.kinds])[problem.kind]
    return Matter(problem, needs, misfit, need, tier, len(tiers), stayer, has & ~stayer)


def _plain(need: ActivationNeed) -> ActivationNeed:
    """Expected seconds don't tell classes apart: prices are per second."""
    return ActivationNeed(need.market, need.languages, need.needs, need.hours, 0, need.tried)


def _places(names: Sequence[object], rows: Sequence[object]) -> Ints:
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[row] for row in rows], np.int64)


def _misfits(problem: BookProblem, needs: tuple[ActivationNeed, ...]) -> Floats:
    profiles = Profiles(problem.advisors)
    place = {advisor.id: number for number, advisor in enumerate(problem.advisors)}
    misfit = np.empty((len(needs), len(place)))
    for row, need in enumerate(needs):
        misfit[row] = profiles.fit(need).misfit
        misfit[row, [place[advisor] for advisor in need.tried if advisor in place]] = np.inf
    return misfit


@dataclass(frozen=True, slots=True)
class Classes:
    """c classes: a demand, and a tier where it is told apart."""

    of: Ints
    """m → c"""
    need: Ints
    """c → u"""
    node: Ints
    """c → place of its tier among those told apart, or `NOBODY`"""
    seconds: Ints
    """c"""
    first_s: Ints
    """c: seconds of those who have nobody yet"""

    def __len__(self) -> int:
        return len(self.need)


def classes_of(matter: Matter, apart: Sequence[int] = ()) -> Classes:
    """All customers by their demands and, for the tiers told apart, by tier."""
    node_of = np.full(matter.tiers, NOBODY, np.int64)
    node_of[list(apart)] = np.arange(len(apart))
    width = len(apart) + 1
    key = matter.need * width + (node_of + 1)[matter.tier]
    there = np.flatnonzero(np.bincount(key, minlength=1))
    of = np.searchsorted(there, key) if len(apart) else _numbered(there, key)
    need, node = np.divmod(there, width)
    expected_s = matter.problem.expected_s
    new = np.where(matter.problem.holder == NOBODY, expected_s, 0)
    seconds, first_s = (np.bincount(of, weight, len(there)).astype(np.int64) for weight in (expected_s, new))
    return Classes(of, need, node - 1, seconds, first_s)


def _numbered(there: Places, key: Ints) -> Ints:
    number = np.zeros(int(there.max(initial=0)) + 1, np.int64)
    number[there] = np.arange(len(there))
    return number[key]


@dataclass(frozen=True, slots=True)
class Stays:
    """g groups of customers of one class, one holder and alike prices of moving."""

    customer: Places
    """those who could stay, group by group, within it those dearest to move first"""
    group: Ints
    """of each of them: g"""
    clas: Ints
    """g → c"""
    holder: Ints
    """g → n"""
    seconds: Ints
    """g"""
    stay: Floats
    """g: mean price of moving, each second counting once"""

    def __len__(self) -> int:
        return len(self.clas)


def stays_of(matter: Matter, classes: Classes) -> Stays:
    """Group those who could stay. Equal customers keep the order given."""
    problem, people = matter.problem, max(1, len(matter.problem.advisors))
    stayers = np.flatnonzero(matter.stayer)
    stay = problem.stay[stayers]
    pair = classes.of[stayers] * people + problem.holder[stayers]
    key = pair * (len(BANDS) + 1) + np.searchsorted(BANDS, stay)
    fine = np.clip(FINEST - stay * (FINEST / BANDS[-1] / 2), 0, FINEST).astype(np.int64)
    order = np.argsort(key * (FINEST + 1) + fine, kind="stable")
    key, customer = key[order], stayers[order]
    begins = np.diff(key, prepend=-1) != 0
    group = np.cumsum(begins) - 1
    clas, holder = np.divmod(key[begins] // (len(BANDS) + 1), people)
    weight = problem.expected_s[customer]
    seconds = np.bincount(group, weight, len(clas))
    price = np.bincount(group, weight * problem.stay[customer], len(clas)) / np.maximum(1, seconds)
    return Stays(customer, group, clas, holder, seconds.astype(np.int64), price)
