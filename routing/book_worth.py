"""What an assignment costs, and what each move in it is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routing.book_balance import Curve
from routing.book_classes import Floats, Ints, Places, Stays
from routing.book_flow import Flows, Network
from routing.book_problem import NOBODY
from routing.book_seats import Seats

Rows = NDArray[np.int32] | Ints


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
    if not len(seats.balance.tiers.edge):
        return np.zeros(0)
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
    return -saving_of(seats, movers, seats.holder[movers])


def saving_of(seats: Seats, customers: Places, to: NDArray[np.int32]) -> Floats:
    """What it saves, in misfit · seconds, to seat each of these with the row of advisors, all others staying."""
    now, weight = seats.advisor[customers], seats.expected_s[customers].astype(np.int64)
    saving: Floats = weight * (_each(seats, customers, now) - _each(seats, customers, to))
    saving += _between(seats.balance.books, seats.load_s, now, to, weight)
    if len(seats.balance.tiers.edge):
        tiers, tier = np.int64(seats.matter.tiers), seats.matter.tier[customers]
        loads = tier_loads(seats)
        saving += _between(seats.balance.tiers, loads, now * tiers + tier, to * tiers + tier, weight)
    return np.where(now == to, 0.0, saving)


def _each(seats: Seats, customers: Places, advisor: NDArray[np.int32]) -> Floats:
    moves = seats.matter.stayer[customers] & (advisor != seats.holder[customers])
    return seats.matter.misfit_of(customers, advisor) + seats.matter.problem.stay[customers] * moves


def _between(curve: Curve, load_s: Ints, source: Rows, to: Rows, weight: Ints) -> Floats:
    """What the curves save when this weight goes from the one row to the other."""
    out, into = curve.rows(source), curve.rows(to)
    saving: Floats = out.cost(load_s[source]) - out.cost(load_s[source] - weight)
    saving += into.cost(load_s[to]) - into.cost(load_s[to] + weight)
    return saving
