"""From seconds to people: who of a class goes to whom.

The customers of a class stand in a row, the advisors' seconds lie along it, and everybody goes to the advisor
beneath their middle: nobody's book is wrong by more than half a customer at each end of a stretch.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from routing.book_balance import Balance
from routing.book_classes import Classes, Floats, Ints, Matter, Places, Stays
from routing.book_flow import Flows, Network
from routing.book_moves import even_out
from routing.book_problem import NOBODY
from routing.book_seats import Seats

REACH = 3.0  # customers from the end of a stretch who may change sides
MOST_STRETCHES = 20_000  # with more, most are shorter than a customer, and evening them out takes seconds
FORCED, FIRST, STAYER = range(3)  # in this order they get what room there is


def people_of_flow(
    matter: Matter, balance: Balance, classes: Classes, stays: Stays, network: Network, flows: Flows
) -> Seats:
    """Turn a flow into an assignment that keeps every rule, and every cap that can be kept."""
    seats = Seats(matter, balance)
    stay = keeping(matter, stays, flows.stay)
    seats.put(stay, seats.holder[stay])
    used, left = flows.serve > 0, flows.nobody.reshape(2, -1).sum(axis=0)
    clas = np.concatenate((network.serve.tail[used], np.flatnonzero(left)))
    advisor = np.concatenate((network.advisor[used], np.full(np.count_nonzero(left), NOBODY)))
    deal(classes, seats, clas, advisor, np.concatenate((flows.serve[used], left[left > 0])))
    seats.settle()
    return seats


def keeping(matter: Matter, stays: Stays, kept_s: Ints) -> Places:
    """Who stays: of each group those dearest to move, as many as fill its seconds."""
    weight = matter.problem.expected_s[stays.customer].astype(np.float64)
    middle = np.cumsum(weight) - weight / 2
    begin = (np.cumsum(stays.seconds) - stays.seconds)[stays.group]
    stay = middle - begin < kept_s[stays.group]
    stay |= (kept_s == stays.seconds)[stays.group]
    return stays.customer[stay]


def deal(classes: Classes, seats: Seats, clas: Ints, advisor: Ints, seconds: Floats | Ints) -> None:
    """Deal everybody who has no seat yet along these stretches of (class, advisor, seconds)."""
    borders = list(_deal(classes, seats, clas, advisor, seconds))
    if borders and len(seconds) <= MOST_STRETCHES:
        customers, to = (np.concatenate(column) for column in zip(*borders, strict=True))
        even_out(seats, customers, to)


def _deal(
    classes: Classes, seats: Seats, clas: Ints, advisor: Ints, seconds: Floats | Ints
) -> Iterator[tuple[Places, NDArray[np.int32]]]:
    """Yields who stands near the end of a stretch, and to whom they could go as well."""
    new = np.flatnonzero(seats.advisor == NOBODY)
    have = np.bincount(clas, seconds, len(classes))
    want = np.bincount(classes.of[new], seats.expected_s[new], len(classes))
    both = (have > 0) & (want > 0)
    order = np.argsort(clas, kind="stable")
    order = order[both[clas[order]]]
    if not len(order):
        return
    clas, advisor, seconds = clas[order], advisor[order], seconds[order]
    pool = _in_row(seats.matter, classes, new[both[classes.of[new]]])
    of = classes.of[pool]
    length = seats.expected_s[pool] * (have / np.maximum(1, want))[of]
    middle, ends = np.cumsum(length) - length / 2, np.cumsum(seconds)
    first = np.searchsorted(clas, np.arange(len(classes) + 1))
    stretch = np.clip(np.searchsorted(ends, middle, side="right"), first[of], first[of + 1] - 1)
    seats.put(pool, advisor[stretch].astype(np.int32))
    for side in (-1, 1):
        beside = np.clip(stretch + side, first[of], first[of + 1] - 1)
        border = ends[np.minimum(stretch, beside)]
        near = (beside != stretch) & (np.abs(middle - border) < REACH * length)
        near &= (advisor[stretch] != NOBODY) & (advisor[beside] != NOBODY)
        yield pool[near], advisor[beside[near]].astype(np.int32)


def _in_row(matter: Matter, classes: Classes, pool: Places) -> Places:
    """Class by class; in each those first who need a place most, equal ones by the dice."""
    pool = np.random.default_rng(matter.problem.terms.seed).permutation(pool)
    rank = np.where(matter.forced[pool], FORCED, np.where(matter.stayer[pool], STAYER, FIRST))
    key = classes.of[pool] * 3 + rank
    short = key.astype(np.uint16) if len(classes) * 3 < 2**16 else key  # sorted by radix, ten times as fast
    return pool[np.argsort(short, kind="stable")]
