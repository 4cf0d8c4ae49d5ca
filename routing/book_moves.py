"""Changes once people are whole: sides changed, moves undone that are worth nothing or beyond the budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routing.book_classes import Floats, Places
from routing.book_problem import NOBODY
from routing.book_seats import Seats
from routing.book_worth import saving_of, worth_of

LEAST = 0.05  # misfit that a move has to save beyond its price; a twentieth of a level nobody notices

ROUNDS = 40
FEW_PAIRS = 20_000  # customers × advisors
HARDLY = 0.002  # misfit that a change of sides has to save


def undo_the_worthless(seats: Seats) -> None:
    """Send back, the least worthwhile first, whoever's move saves nothing; their advisors must have room."""
    while len(worthless := _worthless(seats)):
        first = one_for_each_book(seats.holder[worthless], seats.advisor[worthless])
        chosen = worthless[first]
        seats.put(chosen, seats.holder[chosen])


def _worthless(seats: Seats) -> Places:
    movers = seats.voluntary
    worth = worth_of(seats, movers)
    back = seats.holder[movers]
    fits = seats.load_s[back] + seats.expected_s[movers] <= seats.balance.cap_s[back]
    out = np.flatnonzero((worth <= _noise(seats, movers)) & fits)
    return movers[out[np.argsort(worth[out], kind="stable")]]


def _noise(seats: Seats, movers: Places) -> Floats:
    """What a move may seem to save only because books of whole people are wrong by a customer."""
    seconds = seats.expected_s[movers].astype(np.float64)
    share_s, spread = seats.balance.share_s, seats.matter.problem.terms.spread_weight
    books = (seconds / share_s[seats.holder[movers]] + seconds / share_s[seats.advisor[movers]]) / 2
    noise: Floats = seconds * (LEAST + spread * books)
    return noise


def one_for_each_book(one: NDArray[np.int32], other: NDArray[np.int32]) -> Places:
    """The first rows that share no end, so that what one is worth doesn't change by what another does."""
    touched: set[int] = set()
    chosen = []
    for row, ends in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        if touched.isdisjoint(ends):
            touched.update(ends)
            chosen.append(row)
    return np.array(chosen, np.intp)


def cut_to_budget(seats: Seats, budget: int) -> None:
    """Send back the least worthwhile until no more move voluntarily than the budget says."""
    movers = seats.voluntary
    if len(movers) > budget:
        order = np.argsort(worth_of(seats, movers), kind="stable")
        seats.send_back(movers[order[: len(movers) - budget]])


def price_for(seats: Seats, budget: int) -> float:
    """By how much moving has to be dearer, as far as these moves tell, for the budget to hold."""
    movers = seats.voluntary
    gain = np.sort(worth_of(seats, movers) / np.maximum(1, seats.expected_s[movers]))
    return float(max(0.0, gain[len(movers) - budget - 1]))


def even_out(seats: Seats, customers: Places, to: NDArray[np.int32]) -> None:
    """Where alike customers are dealt to several advisors, let those at the ends of a stretch change sides.

    `customers` and `to` are rows of such changes. Each is made where it saves something, the largest saving first.
    """
    to, saving = to.copy(), saving_of(seats, customers, to)
    for _ in range(ROUNDS):
        rows = _savers(seats, customers, to, saving)
        if not len(rows):
            return
        rows = rows[one_for_each_book(seats.advisor[customers[rows]], to[rows])]
        touched = np.zeros(len(seats.load_s), np.bool_)
        before = seats.advisor[customers[rows]]
        touched[before] = touched[to[rows]] = True
        seats.put(customers[rows], to[rows])
        to[rows] = before
        stale = np.flatnonzero(touched[seats.advisor[customers]] | touched[to])
        saving[stale] = saving_of(seats, customers[stale], to[stale])


def even_out_all(seats: Seats) -> None:
    """The same for everybody who is new to their advisor, and any advisor: in small books one customer is much."""
    new = (seats.advisor != NOBODY) & (seats.advisor != seats.holder) & ~seats.beyond_cap
    customers = np.flatnonzero(new)
    if len(customers) * len(seats.load_s) <= FEW_PAIRS:
        row, advisor = np.nonzero(np.isfinite(seats.matter.misfit[seats.matter.need[customers]]))
        even_out(seats, customers[row], advisor.astype(np.int32))


def _savers(seats: Seats, customers: Places, to: NDArray[np.int32], saving: Floats) -> Places:
    fits = seats.load_s[to] + seats.expected_s[customers] <= seats.balance.cap_s[to]
    rows = np.flatnonzero((saving > seats.expected_s[customers] * HARDLY) & fits)
    return rows[np.argsort(-saving[rows], kind="stable")]
