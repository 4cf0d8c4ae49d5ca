"""The book as a flow of expected seconds: classes → (advisor, tier) → advisors → pieces of their curves.

Who stays has an arc of their own to their holder, cheaper by the price of moving and only as wide as the group of
them: whoever does not use it pays that price in comparison, so no node per customer is needed. Seconds for which
there is no room leave by an arc so dear that it is used only where no chain of changes helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routing.book_balance import ENDLESS, Balance, Curve
from routing.book_classes import Classes, Floats, Ints, Matter, Stays

UNIT = 1_000_000  # costs are whole numbers of millionths; coarser ones are no faster
CHAIN = 20  # changes of advisor that are tried before somebody is left without


class NoFlow(RuntimeError):
    """The solver gave up, which a network that lets everything out can't make it do."""


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs of one sort, in columns."""

    tail: Ints
    head: Ints
    room: Ints
    cost: Ints
    """whole numbers of 1 ÷ `UNIT`"""

    def __len__(self) -> int:
        return len(self.tail)


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes: c classes, then (advisor, tier told apart) row by row, then n advisors, then the sink."""

    size: int
    first_book: int
    supply: Ints
    """c"""
    serve: Arcs
    """class → advisor or (advisor, tier), sorted by class"""
    advisor: Ints
    """of each arc of `serve`: place of the advisor"""
    stay: Arcs
    tiers: Arcs
    books: Arcs
    nobody: Arcs

    @property
    def sorts(self) -> tuple[Arcs, ...]:
        return self.serve, self.stay, self.tiers, self.books, self.nobody


@dataclass(frozen=True, slots=True)
class Flows:
    """Seconds on each arc, sort by sort."""

    serve: Ints
    stay: Ints
    tiers: Ints
    books: Ints
    nobody: Ints

    def cost(self, network: Network) -> float:
        """In misfit · seconds, without those who have nobody; each stay earns its price."""
        pairs = zip((self.serve, self.stay, self.tiers, self.books), network.sorts, strict=False)
        return sum(float(flow @ arcs.cost) for flow, arcs in pairs) / UNIT


def network_of(
    matter: Matter, balance: Balance, classes: Classes, stays: Stays, apart: Sequence[int] = (), dearer: float = 0.0
) -> Network:
    """`apart` are the tiers told apart; `dearer` is added to every price of moving."""
    people, count, told = len(balance.cap_s), len(classes), len(apart)
    first_book = count + people * told
    serve, advisor = _serve(matter, classes, told)
    stay = _stay(matter, classes, stays, told, dearer)
    rows = (np.arange(people)[:, None] * matter.tiers + np.array(apart, np.int64)).ravel()
    owners = first_book + np.repeat(np.arange(people), told)
    nothing = np.zeros(len(rows), np.int64)
    curve = balance.tiers.rows(rows) if told else balance.tiers.rows(np.zeros(0, np.int64))
    tiers = _pieces(curve, count, owners, nothing, nothing + ENDLESS)
    sink = np.full(people, first_book + people)
    books = _pieces(balance.books, first_book, sink, balance.base_s, balance.cap_s)
    nobody = _nobody(classes, first_book + people, (serve, stay, tiers, books))
    return Network(first_book + people + 1, first_book, classes.seconds, serve, advisor, stay, tiers, books, nobody)


def _serve(matter: Matter, classes: Classes, told: int) -> tuple[Arcs, Ints]:
    row, column = np.nonzero(np.isfinite(matter.misfit))
    start = np.searchsorted(row, np.arange(len(matter.needs) + 1))
    degree = np.diff(start)[classes.need]
    clas, ends = np.repeat(np.arange(len(classes)), degree), np.cumsum(degree)
    place = np.arange(len(clas)) + np.repeat(start[classes.need] - (ends - degree), degree)
    cost, advisor = _whole(matter.misfit[row, column])[place], column[place]
    return Arcs(clas, _into(matter, classes, told, clas, advisor), classes.seconds[clas], cost), advisor


def _stay(matter: Matter, classes: Classes, stays: Stays, told: int, dearer: float) -> Arcs:
    """Never as dear as being moved to the same advisor, however small the price of moving."""
    there = matter.misfit[classes.need[stays.clas], stays.holder]
    cost = np.minimum(_whole(there - stays.stay - dearer), _whole(there) - 1)
    return Arcs(stays.clas, _into(matter, classes, told, stays.clas, stays.holder), stays.seconds, cost)


def _into(matter: Matter, classes: Classes, told: int, clas: Ints, advisor: Ints) -> Ints:
    """The node at which customers of this class come to this advisor."""
    node, first_book = classes.node[clas], len(classes) + told * matter.misfit.shape[1]
    return np.where(node < 0, first_book + advisor, len(classes) + advisor * told + node)


def _pieces(curve: Curve, first_tail: int, heads: Ints, low_s: Ints, high_s: Ints) -> Arcs:
    room = curve.between(low_s, high_s)
    row, piece = np.nonzero(room)
    return Arcs(first_tail + row, heads[row], room[row, piece], _whole(curve.slope)[piece])


def _nobody(classes: Classes, sink: int, others: tuple[Arcs, ...]) -> Arcs:
    """Those who have nobody yet are left without before those who have somebody."""
    dear = CHAIN * (sum(int(np.ptp(arcs.cost)) for arcs in others if len(arcs)) + UNIT)
    clas = np.tile(np.arange(len(classes)), 2)
    room = np.concatenate((classes.first_s, classes.seconds - classes.first_s))
    return Arcs(clas, np.full(len(clas), sink), room, dear * (1 + (np.arange(len(clas)) >= len(classes))))


def solve_flow(network: Network) -> Flows:
    """The cheapest flow. Raises `NoFlow` if the solver finds none."""
    from ortools.graph.python import min_cost_flow  # 60 ms to import: not for those who only activate

    flow = min_cost_flow.SimpleMinCostFlow()
    for arcs in network.sorts:
        flow.add_arcs_with_capacity_and_unit_cost(arcs.tail, arcs.head, arcs.room, arcs.cost)
    supplies = np.append(network.supply, -int(network.supply.sum()))
    flow.set_nodes_supplies(np.append(np.arange(len(network.supply)), network.size - 1), supplies)
    if flow.solve() != flow.OPTIMAL:
        raise NoFlow
    ends = np.cumsum([len(arcs) for arcs in network.sorts])
    return Flows(*(flow.flows(np.arange(e - len(a), e)) for a, e in zip(network.sorts, ends, strict=True)))


def _whole(costs: Floats) -> Ints:
    return np.round(costs * UNIT).astype(np.int64)
