"""The book without a solver: for when the flow is late, fails, or its plan doesn't hold.

Everybody who can stay stays. The others are poured class by class, the scarcest first, over those whom they fit:
each class to where misfit and price are least, and as it fills a book the price rises, so that one pass spreads it.
"""

from __future__ import annotations

import numpy as np

from routing.book_balance import Balance, balance_of
from routing.book_classes import Classes, Floats, Ints, Matter, classes_of, matter_of
from routing.book_making import plan_of
from routing.book_moves import cut_to_budget
from routing.book_plan import BookPlan
from routing.book_prices import centred
from routing.book_problem import NOBODY, BookProblem
from routing.book_rounding import deal
from routing.book_seats import Seats
from routing.book_worth import cost_of

FLAT = 0.01  # slope where the business sets none: something has to rise, or the first would take all
POURS = 4  # times that what ran over is poured again


def greedy(problem: BookProblem) -> BookPlan:
    """A valid plan in milliseconds, with no move that isn't needed."""
    matter = matter_of(problem)
    balance = balance_of(matter)
    seats = Seats(matter, balance)
    stayers = np.flatnonzero(matter.stayer)
    seats.put(stayers, problem.holder[stayers])
    _pour(matter, balance, seats)
    seats.settle()
    if problem.terms.move_budget is not None:
        cut_to_budget(seats, problem.terms.move_budget)
    seats.fill_up(problem.terms.move_budget)
    prices = problem.terms.spread_weight * (seats.load_s / balance.share_s - 1)
    return plan_of(seats, centred(balance, prices), "greedy", cost_of(seats))


def _pour(matter: Matter, balance: Balance, seats: Seats) -> None:
    classes, new = classes_of(matter), np.flatnonzero(seats.advisor == NOBODY)
    seconds = np.bincount(classes.of[new], seats.expected_s[new], len(classes))
    eligible = np.isfinite(matter.misfit).sum(axis=1)[classes.need]
    load_s, parts = seats.load_s.astype(np.float64), []
    for clas in np.argsort(eligible, kind="stable"):
        if seconds[clas] and eligible[clas]:
            given = _fill(matter, balance, load_s, int(classes.need[clas]), float(seconds[clas]))
            load_s += given
            parts.append((clas, given))
    _deal(classes, seats, parts)


def _deal(classes: Classes, seats: Seats, parts: list[tuple[np.intp, Floats]]) -> None:
    used = [np.flatnonzero(given) for _, given in parts]
    clas: Ints = np.repeat(np.array([c for c, _ in parts], np.int64), [len(places) for places in used])
    if len(clas):
        seconds = np.concatenate([given[places] for (_, given), places in zip(parts, used, strict=True)])
        deal(classes, seats, clas, np.concatenate(used), seconds)


def _fill(matter: Matter, balance: Balance, load_s: Floats, need: int, seconds: float) -> Floats:
    """n: how many of these seconds go to whom; fewer than all where there is no room."""
    given = np.zeros(len(load_s))
    places = np.flatnonzero(np.isfinite(matter.misfit[need]))
    slope = max(FLAT, matter.problem.terms.spread_weight) / balance.share_s[places]
    room = np.maximum(0, balance.cap_s[places] - load_s[places])
    height = matter.misfit[need, places] + slope * load_s[places]
    for _ in range(POURS):
        left = seconds - float(given.sum())
        open_ = room - given[places] >= 1
        if left < 1 or not open_.any():
            break
        level = _level(height[open_], 1 / slope[open_], left)
        more = np.maximum(0, level - height[open_]) / slope[open_]
        into = places[open_]
        given[into] = np.minimum(room[open_], given[into] + more)
        height[open_] += more * slope[open_]
    return given


def _level(height: Floats, width: Floats, volume: float) -> float:
    """To where water rises over ground of these heights and widths."""
    order = np.argsort(height)
    ground, wide = height[order], np.cumsum(width[order])
    below = np.cumsum(width[order] * ground)
    level = (volume + below) / wide
    reached = np.flatnonzero(level[:-1] <= ground[1:])
    return float(level[reached[0]] if len(reached) else level[-1])
