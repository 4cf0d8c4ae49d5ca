"""How badly a customer fits each of thousands of advisors, and who is out: the arithmetic of a book.

A misfit is a weighted sum of terms between 0 (best) and 1 (worst):
    skill      mean over the needs of `HEADROOM[has − needed]`: one level to spare is best; none means that
               a harder question already goes beyond the advisor, more wastes an expert on easy ones
    language   place of the customer's best common language among those the customer prefers
    hours      share of the customer's calling hours outside the advisor's shifts
The prices of `activation.py` have the same unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.problem import ActivationNeed, BookAdvisor, Need

Flags = NDArray[np.bool_]
Costs = NDArray[np.float64]
At = slice | NDArray[np.intp]

HEADROOM = (0.1, 0.0, 0.15, 0.3, 0.45)
TOP_LEVEL = 5
WEIGHTS: Mapping[str, float] = {"skill": 1.4, "language": 0.7, "hours": 1.4}
"""Their size says how much fit an evenly filled book is worth. With a million customers and 3,000 advisors
misfits end 0.8 % above the optimum and loads spread by 0.7 %; with 1.0 it is 1.2 and 0.5, with 2.0 0.6 and 1.0."""
KINDS_KEPT = 1024  # kinds of customers whose misfits are remembered: 24 MB for 3,000 advisors
EVERYBODY = slice(None)
WORDS = 3  # of 64 bits for the 168 hours of a week


@dataclass(frozen=True, slots=True)
class Fit:
    """What stays the same for all customers who ask alike: `misfit[n]`, infinite for those who are out."""

    misfit: Costs
    removed_by: Mapping[str, int]
    """How many the first rule that removes them removed."""


class Profiles:
    """The advisors' profiles as columns of n, in the order given. Never changes once built."""

    def __init__(self, advisors: Sequence[BookAdvisor]) -> None:
        self.advisors = tuple(advisors)
        self.size = len(self.advisors)
        self.leaving = np.fromiter((a.leaving for a in advisors), np.bool_, self.size)
        self._markets = _columns(a.markets for a in self.advisors)
        self._languages = _columns(a.languages for a in self.advisors)
        self._levels = self._level_columns()
        self._hours = _words([a.hours for a in self.advisors])
        self._nobody = np.zeros(self.size, np.bool_)
        self._unskilled = np.zeros(self.size, np.int8)
        self._fits: dict[ActivationNeed, Fit] = {}

    def _level_columns(self) -> dict[str, NDArray[np.int8]]:
        columns: defaultdict[str, NDArray[np.int8]] = defaultdict(lambda: np.zeros(self.size, np.int8))
        for index, advisor in enumerate(self.advisors):
            for skill, level in advisor.skills.items():
                columns[skill][index] = level
        return dict(columns)

    def fit(self, need: ActivationNeed) -> Fit:
        """The misfits for customers of this kind, remembered."""
        kind = ActivationNeed(need.market, need.languages, need.needs, need.hours, 0)
        fit = self._fits.get(kind)
        if fit is None:
            if len(self._fits) >= KINDS_KEPT:
                del self._fits[next(iter(self._fits))]
            fit = self._fits[kind] = self._fit(kind)
        return fit

    def levels(self, skill: str) -> NDArray[np.int8]:
        """n: what level each has, 0 for none."""
        return self._levels.get(skill, self._unskilled)

    def serve(self, market: str) -> Flags:
        """n: who stays and serves the market."""
        serve: Flags = ~self.leaving & self._markets.get(market, self._nobody)
        return serve

    def forget(self) -> None:
        """Drop all remembered misfits."""
        self._fits.clear()

    def _fit(self, need: ActivationNeed) -> Fit:
        out = self.vetoed(need)
        left = np.ones(self.size, np.bool_)
        removed_by: dict[str, int] = {}
        for rule, vetoed in out.items():
            if removed := int(np.count_nonzero(left & vetoed)):
                removed_by[rule] = removed
                left &= ~vetoed
        return Fit(np.where(left, self.misfit(need), np.inf), removed_by)

    def vetoed(self, need: ActivationNeed) -> dict[str, Flags]:
        """Rule → whom it removes, in the order of `rules.BOOK_RULES`, without the last two."""
        return {
            "not_leaving": self.leaving,
            "serves_the_market": ~self._markets.get(need.market, self._nobody),
            "speaks_the_language": self._speak_none_of(need.languages),
            "has_the_skill": self._lack_one_of(need.needs),
        }

    def _speak_none_of(self, languages: tuple[str, ...]) -> Flags:
        if not languages:
            return self._nobody
        spoken = self._nobody.copy()
        for language in languages:
            spoken |= self._languages.get(language, self._nobody)
        return ~spoken

    def _lack_one_of(self, needs: tuple[Need, ...]) -> Flags:
        lacking = self._nobody.copy()
        for skill, level in needs:
            lacking |= self._levels.get(skill, self._unskilled) < level
        return lacking

    def misfit(self, need: ActivationNeed, at: At = EVERYBODY) -> Costs:
        """The weighted terms added up, also for those who are out (where it means nothing)."""
        total: Costs = np.sum(list(self.terms(need, at).values()), axis=0)
        return total

    def terms(self, need: ActivationNeed, at: At = EVERYBODY) -> dict[str, Costs]:
        """Weighted terms by name, for all advisors or for those at these places."""
        return {
            "skill": WEIGHTS["skill"] * self._skill(need.needs, at),
            "language": WEIGHTS["language"] * self._language(need.languages, at),
            "hours": WEIGHTS["hours"] * self._hours_apart(need.hours, at),
        }

    def _skill(self, needs: tuple[Need, ...], at: At) -> Costs:
        cost: Costs = np.zeros(self.size)[at]
        for skill, level in needs:
            cost += _COST_OF_LEVEL[level][self._levels.get(skill, self._unskilled)[at]]
        cost /= max(1, len(needs))
        return cost

    def _language(self, languages: tuple[str, ...], at: At) -> Costs:
        cost = np.ones(self.size)[at] if languages else np.zeros(self.size)[at]
        for place in range(len(languages) - 1, -1, -1):
            cost[self._languages.get(languages[place], self._nobody)[at]] = place / len(languages)
        return cost

    def _hours_apart(self, hours: int, at: At) -> Costs:
        if not hours:
            return np.zeros(self.size)[at]
        shared = np.zeros(self.size, np.int64)[at]
        for mine, theirs in zip(_words([hours])[:, 0], self._hours, strict=True):
            shared += np.bitwise_count(theirs[at] & mine)
        return 1.0 - shared / hours.bit_count()


def _columns(tags: Iterable[frozenset[str]]) -> dict[str, Flags]:
    rows = list(tags)
    columns: defaultdict[str, Flags] = defaultdict(lambda: np.zeros(len(rows), np.bool_))
    for index, names in enumerate(rows):
        for name in names:
            columns[name][index] = True
    return dict(columns)


def _words(masks: Sequence[int]) -> NDArray[np.uint64]:
    """WORDS × n: the masks, 64 hours in a word."""
    together = b"".join(mask.to_bytes(8 * WORDS, "little") for mask in masks)
    return np.frombuffer(together, "<u8").reshape(-1, WORDS).T.astype(np.uint64)


def _cost_of_level() -> Costs:
    """Rows: level needed 0–5; columns: level that somebody has 0–5; too low a level counts as the worst."""
    cost = np.ones((TOP_LEVEL + 1, TOP_LEVEL + 1))
    for needed in range(TOP_LEVEL + 1):
        for has in range(needed, TOP_LEVEL + 1):
            cost[needed, has] = HEADROOM[min(has - needed, len(HEADROOM) - 1)]
    return cost


_COST_OF_LEVEL = _cost_of_level()


def skill_terms(needs: Sequence[Need], skill: str, level: NDArray[np.int8] | int) -> Costs:
    """What this skill alone adds to the misfit of these needs for somebody with this level."""
    costs = [_COST_OF_LEVEL[need.level][level] for need in needs if need.skill == skill]
    term: Costs = WEIGHTS["skill"] * np.sum(costs, axis=0) / max(1, len(needs))
    return term
