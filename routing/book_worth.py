"""What an assignment costs, and what each move in it is worth."""

from __future__ import annotations

import numpy as np

from routing.book_classes import Floats, Ints, Places, Stays
from routing.book_flow import Flows, Network
from routing.book_problem import NOBODY
from routing.book_seats import Seats


def cost_of(seats: Seats) -> float:
    """Misfit, moves, uneven books and tiers, for one expected second of those who have an advisor."""
    there = np.flatnonzero(seats.advisor != NOBODY)
    weight = seats.expected_s[there].astype(np.float64)
    moved = seats.matter.stayer[there] & (seats.advisor[there] != seats.holder[there])
    each = seats.matter.misfit_of(there, seats.advisor[there]) + seats.matter.problem.stay[there] * moved
    uneven = float(seats.balance.books.cost(seats.load_s).sum() + tier_costs(seats).sum())
    return (float(each @ weight) + uneven) / max(1.0, float(weight.sum()))


def tier_costs(seats: Seats) -> Floats:
    """t: what each tier costs because some have too much of it; empty where tiers don't matter."""
    loads = tier_loads(seats)
    costs: Floats = seats.balance.tiers.cost(loads).reshape(len(seats.load_s), -1).sum(axis=0)
    return costs


def tier_loads(seats: Seats) -> Ints:
    """n · t: seconds of each (advisor, tier), row by row."""
    rows = len(seats.balance.tiers.edge)
    there = np.flatnonzero(seats.advisor != NOBODY) if rows else np.zeros(0, np.intp)
    row = seats.advisor[there] * np.int64(seats.matter.tiers) + seats.matter.tier[there]
    return np.bincount(row, seats.expected_s[there], rows).astype(np.int64)


def cost_of_flow(seats: Seats, stays: Stays, network: Network, flows: Flows, dearer: float) -> float:
    """The same for a flow, where a customer may be torn apart: no assignment costs less."""
    served = float(network.supply.sum() - flows.nobody.sum())
    of_moves = float(stays.stay @ stays.seconds) + dearer * float(flows.stay.sum())
    already = float(seats.balance.books.cost(seats.balance.base_s).sum())
    return (flows.cost(network) + of_moves + already) / max(1.0, served)


def worth_of(seats: Seats, movers: Places) -> Floats:
    """What each of these moves saves in misfit · seconds against sending that one customer back."""
    to, back = seats.advisor[movers], seats.holder[movers]
    weight = seats.expected_s[movers].astype(np.int64)
    apart = seats.matter.misfit_of(movers, back) - seats.matter.misfit_of(movers, to)
    books = seats.balance.books
    worth: Floats = weight * (apart - seats.matter.problem.stay[movers])
    worth += books.rows(back).cost(seats.load_s[back] + weight) - books.rows(back).cost(seats.load_s[back])
    worth += books.rows(to).cost(seats.load_s[to] - weight) - books.rows(to).cost(seats.load_s[to])
    if len(seats.balance.tiers.edge):
        worth += _worth_for_tiers(seats, movers, weight)
    return worth


def _worth_for_tiers(seats: Seats, movers: Places, weight: Ints) -> Floats:
    loads, curve = tier_loads(seats), seats.balance.tiers
    rows = (
        side[movers] * np.int64(seats.matter.tiers) + seats.matter.tier[movers]
        for side in (seats.advisor, seats.holder)
    )
    to, back = rows
    without, within = curve.rows(to).cost(loads[to] - weight), curve.rows(to).cost(loads[to])
    with_, now = curve.rows(back).cost(loads[back] + weight), curve.rows(back).cost(loads[back])
    worth: Floats = with_ - now + without - within
    return worth
