"""Certificates about to end: whom their advisor could no longer serve, and whom nobody could.

An end is looked at alone for the advisor's own customers, since renewing it helps them whatever else ends. Who
would be left uncovered depends on the others: everything that ends until that instant counts as ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np

from routing.book_classes import Flags
from routing.problem import Id
from routing.skill_view import Demand, Rows, View


@dataclass(frozen=True, slots=True)
class SkillEnd:
    """Until when an advisor's skill is certified."""

    advisor: Id
    skill: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """What the end of one certificate does, if it isn't renewed."""

    advisor: Id
    skill: str
    level: int
    ends_at: datetime
    held: tuple[Demand, ...]
    """Customers of this advisor who need the skill."""
    uncovered: tuple[Demand, ...]
    """All customers whom this advisor could have served, and whom from then on nobody can."""

    @property
    def customers(self) -> int:
        return sum(demand.customers for demand in self.held)

    @property
    def seconds(self) -> int:
        return sum(demand.seconds for demand in self.held)


def endings(view: View, ends: Iterable[SkillEnd]) -> list[Ending]:
    """One for each end of an advisor in the book, in the order of time."""
    place = view.place
    able, found = view.able.copy(), []
    known = [end for end in ends if end.advisor in place]
    for _, alike in groupby(sorted(known, key=_order), key=lambda end: end.ends_at):
        together = list(alike)
        lost = [_lose(view, able, end.skill, place[end.advisor]) for end in together]
        bare: Flags = np.logical_not(able.any(axis=1))
        for end, rows in zip(together, lost, strict=True):
            found.append(_ending(view, end, place[end.advisor], [row for row in rows if bare[row]]))
    return found


def _order(end: SkillEnd) -> tuple[datetime, str, str]:
    return end.ends_at, end.skill, str(end.advisor)


def _needing(view: View, skill: str) -> Rows:
    return [row for ask, rows in view.asks.items() if ask.skill == skill for row in rows]


def _lose(view: View, able: Flags, skill: str, advisor: int) -> list[int]:
    """Take the advisor out of what needs the skill; which demands that takes from them."""
    rows = [row for row in dict.fromkeys(_needing(view, skill)) if able[row, advisor]]
    able[rows, advisor] = False
    return rows


def _ending(view: View, end: SkillEnd, advisor: int, bare: Sequence[int]) -> Ending:
    needing = dict.fromkeys(_needing(view, end.skill))
    return Ending(
        end.advisor,
        end.skill,
        int(view.profiles.levels(end.skill)[advisor]),
        end.ends_at,
        held=view.told(needing, view.held[:, advisor], view.held_s[:, advisor]),
        uncovered=view.told(bare, view.customers, view.seconds),
    )
