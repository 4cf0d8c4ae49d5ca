"""What training of whom would help most: a first-order estimate from the prices of a solve.

By the duality of linear programs (Dantzig 1963, ch. 12: the price of a constraint is what a little more of it is
worth) a second of demand k costs at present
    now[k] = min over b of misfit[k, b] + λ[b],
and `UNPLACED` where it has nobody. An advisor a who could serve k with skill s at level l, and can't without, would
take it for misfit'[k, a] + λ[a], as λ[a] is what it costs that a takes others less. So
    gain(a, s, l) = Σ over k of max(0, now[k] − misfit'[k, a] − λ[a]) · seconds taken of k,
the best first, until a's target is used up. Where books are full to their caps, λ[b] and, beyond a's room, λ[a] are
what `skill_prices.py` makes of them. Prices stand still in this, though they would fall where a helps; by weak
duality that makes it too hopeful rather than too modest. Left out: what it costs to move people who have somebody,
what two trainings would open together, and that a higher level fits easier questions less well.

It says what is worth learning. It knows skills, languages, hours and books, and nothing of how anybody works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.book_classes import Flags, Floats, Ints, Places
from routing.misfit import skill_terms
from routing.problem import ActivationNeed, Id
from routing.skill_prices import UNPLACED
from routing.skill_view import View


@dataclass(frozen=True, slots=True)
class Training:
    """An advisor learns a skill up to a level."""

    advisor: Id
    skill: str
    level: int
    has: int
    """Level of today, 0 for none."""
    gain: float
    """Misfit · seconds in a month, the unit of a plan's objective before it is divided by the seconds."""
    seconds: int
    """Of customers whom they would take in a month."""
    unplaced_s: int
    """Seconds among them of customers who have nobody today."""


@dataclass(frozen=True, slots=True)
class Trainings:
    """s skills that are asked for × n advisors: the level that gains most, the lowest one of equals."""

    view: View
    skills: tuple[str, ...]
    level: Ints
    """0 where no level gains anything"""
    gain: Floats
    seconds: Ints
    unplaced_s: Ints

    def best(self, count: int, skill: str | None = None) -> tuple[Training, ...]:
        """Those that gain most, of all skills or of one. Equals in the order of skills and advisors."""
        gain = self.gain if skill is None else np.where(self._is(skill)[:, None], self.gain, 0.0)
        order = np.argsort(-gain, axis=None, kind="stable")[:count]
        return tuple(self._at(*divmod(cell, gain.shape[1])) for cell in order.tolist() if gain.flat[cell] > 0)

    def _is(self, skill: str) -> Flags:
        return np.array([name == skill for name in self.skills], np.bool_)

    def _at(self, row: int, advisor: int) -> Training:
        skill = self.skills[row]
        return Training(
            self.view.problem.advisors[advisor].id,
            skill,
            level=int(self.level[row, advisor]),
            has=int(self.view.profiles.levels(skill)[advisor]),
            gain=float(self.gain[row, advisor]),
            seconds=int(self.seconds[row, advisor]),
            unplaced_s=int(self.unplaced_s[row, advisor]),
        )


def trainings(view: View) -> Trainings:
    """Every training that there may be. Seconds for 2,400 kinds, 3,000 advisors and ten skills."""
    asked: dict[str, set[int]] = {}
    for ask in view.asks:
        asked.setdefault(ask.skill, set()).add(ask.level)
    shape = len(asked), len(view.problem.advisors)
    found = Trainings(view, tuple(sorted(asked)), np.zeros(shape, np.int64), np.zeros(shape), *_zeros(shape))
    now = _present_costs(view)
    for row, skill in enumerate(found.skills):
        opened = _opened(view, now, skill)
        for level in sorted(asked[skill]):
            _improve(found, row, level, opened)
    return found


def _zeros(shape: tuple[int, int]) -> tuple[Ints, Ints]:
    return np.zeros(shape, np.int64), np.zeros(shape, np.int64)


def _present_costs(view: View) -> Floats:
    """u: of a second of each demand, for those who have somebody."""
    costs = view.matter.misfit + view.freed
    least: Floats = np.minimum(costs.min(axis=1, initial=np.inf), UNPLACED)
    return least


@dataclass(frozen=True, slots=True)
class Room:
    """n: how many seconds cost λ, up to how many more can be taken, and what those cost more."""

    free_s: Floats
    target_s: Floats
    dearer: Floats

    def of(self, who: Places) -> Room:
        return Room(self.free_s[who], self.target_s[who], self.dearer[who])


@dataclass(frozen=True, slots=True)
class Opened:
    """What a skill keeps from people: r demands that need it × n advisors."""

    needs: Sequence[ActivationNeed]
    skill: str
    asks: Ints
    """r: level needed"""
    has: NDArray[np.int8]
    """n"""
    worth: Floats
    """r × n: what serving a second would save at the misfit of today, −∞ where more than this skill is missing"""
    nobody: Floats
    """r: what more it saves where that second has nobody"""
    placed_s: Ints
    left_s: Ints
    room: Room


def _opened(view: View, now: Floats, skill: str) -> Opened:
    rows = [row for row, need in enumerate(view.matter.needs) if any(asked.skill == skill for asked in need.needs)]
    needs = [view.matter.needs[row] for row in rows]
    return Opened(
        needs,
        skill,
        asks=np.array([max(n.level for n in need.needs if n.skill == skill) for need in needs], np.int64),
        has=view.profiles.levels(skill),
        worth=np.array([_worth(view, now[row], need, skill) for row, need in zip(rows, needs, strict=True)]),
        nobody=UNPLACED - now[rows],
        placed_s=(view.seconds - view.left_s)[rows],
        left_s=view.left_s[rows],
        room=Room(np.minimum(view.room_s, view.target_s), view.target_s, view.taken - view.plan.prices),
    )


def _worth(view: View, now: float, need: ActivationNeed, skill: str) -> Floats:
    others = ActivationNeed(need.market, need.languages, tuple(n for n in need.needs if n.skill != skill))
    lacks = np.zeros(view.profiles.size, np.bool_)
    for asked in need.needs:
        lacks |= (asked.skill == skill) & (view.profiles.levels(skill) < asked.level)
    kept_out: Flags = np.any(list(view.profiles.vetoed(others).values()), axis=0) | ~lacks
    kept_out[[view.place[advisor] for advisor in need.tried if advisor in view.place]] = True
    return np.where(kept_out, -np.inf, now - view.profiles.misfit(need) - view.plan.prices)


def _improve(found: Trainings, row: int, level: int, opened: Opened) -> None:
    """Take this level over for whoever gains more by it than by a lower one."""
    within = np.flatnonzero(opened.asks <= level)
    less = [
        skill_terms(opened.needs[r].needs, opened.skill, opened.has)
        - skill_terms(opened.needs[r].needs, opened.skill, level)
        for r in within.tolist()
    ]
    worth = opened.worth[within] + np.array(less)
    split = np.flatnonzero(opened.left_s[within])
    worth = np.concatenate((worth[split] + opened.nobody[within[split], None], worth))
    seconds = np.concatenate((opened.left_s[within[split]], opened.placed_s[within]))
    some = np.flatnonzero((worth > 0).any(axis=0))
    gain, taken = _filled(worth[:, some], seconds, opened.room.of(some))
    better = gain > found.gain[row, some]
    who = some[better]
    found.level[row, who], found.gain[row, who] = level, gain[better]
    found.seconds[row, who] = taken.sum(axis=0)[better]
    found.unplaced_s[row, who] = taken[: len(split)].sum(axis=0)[better]


def _filled(worth: Floats, seconds: Ints, room: Room) -> tuple[Floats, Floats]:
    """Gain of each column, and seconds taken of each row by each column: the most worthwhile first."""
    order = np.argsort(-worth, axis=0, kind="stable")
    ordered, most = np.take_along_axis(worth, order, axis=0), seconds[order].astype(np.float64)
    before = np.cumsum(most, axis=0) - most
    free = np.where(ordered > 0, np.clip(room.free_s - before, 0.0, most), 0.0)
    later = ordered - room.dearer
    more = np.where(later > 0, np.clip(room.target_s - before, 0.0, most) - free, 0.0)
    gain: Floats = (np.where(free > 0, ordered, 0.0) * free + np.where(more > 0, later, 0.0) * more).sum(axis=0)
    taken = np.empty_like(free)
    np.put_along_axis(taken, order, free + more, axis=0)
    return gain, taken
