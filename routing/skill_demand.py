"""Skills against demand, by market and by desk group: how much is asked, how many can, what scarcity costs.

The price of a skill is what the duals of the solve say of it: the λ of those who can, above that of all who serve
the market, both weighed by target. A λ is what one more second costs where it goes, so where a skill is scarce the
books of those who have it are full and dear while others are not. Where customers have nobody it is what a freed
second would be worth (`skill_prices.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from routing.book_classes import Flags, Ints
from routing.book_problem import NOBODY
from routing.problem import Id
from routing.rules import has_the_skill
from routing.skill_view import Ask, View

DEAR = 0.1
"""A skill of this price is short: those who can are about one percent fuller than the market."""
ALONE = 1
"""Where no more than so many can, nobody can while they are away."""


@dataclass(frozen=True, slots=True)
class SkillDemand:
    """Customers of a market who need a skill at this level, and those who have it at this level or a higher one."""

    market: str
    skill: str
    level: int
    customers: int
    seconds: int
    """Expected in a month."""
    unplaced: int
    """Customers among them for whom there is nobody, unless it is another skill that nobody has."""
    can: int
    """Advisors of the market who stay; languages and hours are not looked at."""
    target_s: int
    """What they are there for in a month, other questions included."""
    price: float | None
    """In the unit of misfits; `None` where nobody can."""

    @property
    def short(self) -> bool:
        return self.unplaced > 0 or self.can <= ALONE or (self.price or 0.0) > DEAR


@dataclass(frozen=True, slots=True)
class GroupDemand:
    """The same for the customers whom a desk group's members have; `can` counts members."""

    group: Id
    market: str
    skill: str
    level: int
    customers: int
    seconds: int
    can: int

    @property
    def alone(self) -> bool:
        """Nobody in the group can help while the one who can is away."""
        return self.can <= ALONE


def by_market(view: View) -> list[SkillDemand]:
    """Those who have nobody first, then what nobody or one alone can, then by price."""
    demands = [_of_market(view, ask) for ask in view.asks]
    return sorted(demands, key=_urgency)


def _of_market(view: View, ask: Ask) -> SkillDemand:
    rows, serve = list(view.asks[ask]), view.profiles.serve(ask.market)
    can = serve & (view.profiles.levels(ask.skill) >= ask.level)
    return SkillDemand(
        *ask,
        customers=int(view.customers[rows].sum()),
        seconds=int(view.seconds[rows].sum()),
        unplaced=sum(int(view.left[row]) for row in rows if view.left[row] and _is_lacking(view, ask, row)),
        can=int(np.count_nonzero(can)),
        target_s=int(view.target_s[can].sum()),
        price=_mean_price(view, can) - _mean_price(view, serve) if can.any() else None,
    )


def _is_lacking(view: View, ask: Ask, row: int) -> bool:
    """Whether this skill is in the way of these customers, and not another one that nobody of theirs has at all."""
    need = view.matter.needs[row]
    vetoed = view.profiles.vetoed(need)
    others = ~np.logical_or.reduce([out for rule, out in vetoed.items() if rule != has_the_skill.__name__])
    nobodys = [one for one in need.needs if not (view.profiles.levels(one.skill)[others] >= one.level).any()]
    return not nobodys or (ask.skill, ask.level) in nobodys


def _mean_price(view: View, who: Flags) -> float:
    return float(np.average(view.freed[who], weights=view.target_s[who]))


def _urgency(demand: SkillDemand) -> tuple[float, ...]:
    price = np.inf if demand.price is None else demand.price
    return -demand.unplaced, min(demand.can, ALONE + 1), -price, -demand.seconds


def by_group(view: View) -> list[GroupDemand]:
    """Where fewest can first, then by seconds. Customers of advisors without a group are in none."""
    groups = sorted({a.group_id for a in view.problem.advisors if a.group_id is not None}, key=str)
    place = {group: number for number, group in enumerate(groups)}
    column = np.array(
        [NOBODY if a.group_id is None else place[a.group_id] for a in view.problem.advisors], np.int64
    )
    found = [demand for ask in view.asks for demand in _of_groups(view, ask, groups, column)]
    return sorted(found, key=lambda demand: (demand.can, -demand.seconds))


def _of_groups(view: View, ask: Ask, groups: list[Id], column: Ints) -> Iterator[GroupDemand]:
    rows, inside, size = list(view.asks[ask]), column != NOBODY, len(groups)
    customers, seconds = (
        np.bincount(column[inside], counts[rows].sum(axis=0)[inside], size) for counts in (view.held, view.held_s)
    )
    able = view.profiles.serve(ask.market) & (view.profiles.levels(ask.skill) >= ask.level) & inside
    can = np.bincount(column[able], minlength=size)
    for group in np.flatnonzero(customers).tolist():
        yield GroupDemand(groups[group], *ask, int(customers[group]), int(seconds[group]), int(can[group]))
