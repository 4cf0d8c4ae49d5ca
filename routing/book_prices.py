"""λ for activation: the duals of the flow, as shortest ways to the sink in its residual network.

Bellman–Ford, all arcs of a sort at once. An advisor's first guess is the price of the next piece of their own
curve; it falls where a customer could go on to somebody cheaper. Who is full keeps a finite price, as activation
looks at the room itself.
"""

from __future__ import annotations

import numpy as np

from routing.book_balance import Balance
from routing.book_classes import Floats, Ints
from routing.book_flow import UNIT, Arcs, Flows, Network

FAR = 2**60


def prices_of(balance: Balance, network: Network, flows: Flows) -> Floats:
    """n: λ, centred by target over those who stay."""
    distance = _first_guess(balance, network, flows)
    served = _used(network.serve, flows.serve), _used(network.stay, flows.stay), _used(network.tiers, flows.tiers)
    onward = _free(network.stay, flows.stay), _free(network.tiers, flows.tiers)
    starts = np.flatnonzero(np.diff(network.serve.tail, prepend=-1))
    for _ in range(network.size):
        before = distance.copy()
        ways = network.serve.cost + distance[network.serve.head]
        if len(starts):
            distance[network.serve.tail[starts]] = np.minimum.reduceat(ways, starts)
        for arcs in onward:
            np.minimum.at(distance, arcs.tail, arcs.cost + distance[arcs.head])
        for arcs in served:
            np.minimum.at(distance, arcs.head, distance[arcs.tail] - arcs.cost)
        if np.array_equal(before, distance):
            break
    return centred(balance, distance[network.first_book : network.size - 1] / UNIT)


def _first_guess(balance: Balance, network: Network, flows: Flows) -> Ints:
    load_s = balance.base_s + np.bincount(
        network.books.tail - network.first_book, flows.books, len(balance.base_s)
    ).astype(np.int64)
    piece = (balance.books.edge <= load_s[:, None]).sum(axis=1) - 1
    distance = np.full(network.size, FAR, np.int64)
    distance[network.first_book : -1] = np.round(balance.books.slope[piece] * UNIT)
    distance[-1] = 0
    return distance


def _used(arcs: Arcs, flow: Ints) -> Arcs:
    some = flow > 0
    return Arcs(arcs.tail[some], arcs.head[some], arcs.room[some], arcs.cost[some])


def _free(arcs: Arcs, flow: Ints) -> Arcs:
    some = flow < arcs.room
    return Arcs(arcs.tail[some], arcs.head[some], arcs.room[some], arcs.cost[some])


def centred(balance: Balance, prices: Floats) -> Floats:
    """Shifted so that Σ target·λ = 0 over those who stay."""
    weight = np.where(balance.staying, balance.target_s, 0)
    total = int(weight.sum())
    return prices - float(prices @ weight) / total if total else np.zeros(len(prices))
