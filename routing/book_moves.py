"""Which voluntary moves are left out: those that are worth nothing once people are whole, and those beyond the budget."""

from __future__ import annotations

import numpy as np

from routing.book_classes import Floats, Places
from routing.book_seats import Seats
from routing.book_worth import worth_of

LEAST = 0.05  # misfit that a move has to save beyond its price; a twentieth of a level nobody notices


def undo_the_worthless(seats: Seats) -> None:
    """Send back, the least worthwhile first, whoever's move saves nothing; their advisors must have room."""
    while len(chosen := _one_for_each_book(seats, _worthless(seats))):
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


def _one_for_each_book(seats: Seats, movers: Places) -> Places:
    """So that what one is worth doesn't change by what another does."""
    touched: set[int] = set()
    chosen = []
    for mover in movers.tolist():
        ends = {int(seats.holder[mover]), int(seats.advisor[mover])}
        if touched.isdisjoint(ends):
            touched |= ends
            chosen.append(mover)
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
