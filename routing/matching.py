"""Many who wait × many who are free, at once: one exact assignment as a flow through hubs.

What is sought, the first that differs decides:
    as many contacts as possible are served: nobody waits while somebody who may take them idles
    the most urgent are, by the order of `waiting.py`: those who hold for this very advisor, seconds of wait with
        the head starts of priority and of the own advisor, age, id
    own advisors take their own customers
    whoever fits best takes whom: the terms of `preferences.py`, the ring first

A contact reaches its own advisor by an arc of its own, and the groups that may help by now through a hub for each
ask and group, so that arcs need not grow with contacts × advisors. A hub that few use, or that leads to few, is
left out: arcs past it are solved three times as fast. So are all hubs of a contact that somebody who is free did
not take before, or whose customer they know: these pairs are unlike those of the others.

Where not all can be served a first flow finds who is, by urgency alone; a second one gives them to whom they fit.
For one contact or one free advisor this says what `direct.decide` and `waiting.next_for` say.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from routing.matching_people import Flags, Ints, People
from routing.matching_queue import Queue, spread, urgencies
from routing.problem import Id, Person, Waiting

MOST_COST = 1 << 60  # a cost times the nodes; beyond it the solver refuses
WORTH_A_HUB = 4  # times fewer arcs than without it


class NotMatched(RuntimeError):
    """The solver gave up, which a network like these can't make it do."""


@dataclass(frozen=True, slots=True)
class Pair:
    """This contact goes to this advisor; `own` where it is the customer's own."""

    contact: Id
    advisor: Id
    own: bool


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs of one sort, in columns; each takes one contact."""

    tail: Ints
    head: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.tail)

    def some(self, these: Flags | Ints) -> Arcs:
        return Arcs(self.tail[these], self.head[these], self.cost[these])


def match(waiting: Sequence[Waiting], free: Sequence[Person], now: datetime) -> tuple[Pair, ...]:
    """Who takes whom, the most urgent first. Raises `NotMatched`.

    Nobody comes twice, and no pair is one that a rule forbids.
    """
    people = People(free, now)
    if not waiting or not len(people):
        return ()
    burst = Burst(waiting, people)
    found = burst.fitting(np.ones(len(waiting), np.bool_)) if len(waiting) <= len(people) else None
    if found is None:
        found = burst.fitting(burst.most_urgent())
    if found is None:
        raise NotMatched("who could be served can't be")
    ids = [person.id for person in people.everybody]
    found.sort(key=lambda pair: -int(burst.worth[pair[0]]))
    return tuple(Pair(waiting[n].id, ids[place], burst.own.get(n) == place) for n, place in found)


def load() -> None:
    """Import the solver beforehand: the 50 ms are then no part of the first burst."""
    importlib.import_module("ortools.graph.python.min_cost_flow")


class Burst:
    """The network. Nodes: m contacts, h hubs, n advisors, the sink."""

    def __init__(self, waiting: Sequence[Waiting], people: People) -> None:
        self.waiting, self.people, self.queue = waiting, people, Queue(waiting, people)
        self.own = self._own_places()
        self.worth, self.worth_to_own = urgencies(waiting, self.own)
        self.head_start = self._head_starts()
        self.first_advisor = len(waiting) + len(self.queue.size)
        self.sink = self.first_advisor + len(people)
        wide = self._wide()
        self.by_own = self._arcs_to_own()
        self.past_hubs = self._past_hubs(~wide)
        self.into_hubs = Arcs(self.queue.contact[wide], len(waiting) + self.queue.hub[wide], self.queue.price[wide])
        self.from_hubs = self._from_hubs(np.unique(self.queue.hub[wide]))

    def _own_places(self) -> dict[int, int]:
        """Contact → place of its own advisor, where that one is free and may take it."""
        place, queue, found = self.people.place, self.queue, {}
        for n, contact in enumerate(self.waiting):
            own = None if contact.own_id is None else place.get(contact.own_id)
            if own is not None and queue.able[queue.ask[n], own] and contact.own_id not in contact.tried:
                found[n] = own
        return found

    def _head_starts(self) -> Ints:
        """m: what it costs not to come to an own advisor who is free, in whole steps; 0 where none is."""
        lost = np.zeros(len(self.waiting), np.int64)
        for n in self.own:
            lost[n] = self.waiting[n].policy.own_head_start_s
        return lost // max(1, int(np.gcd.reduce(lost)))

    def _wide(self) -> Flags:
        """Of each way: whether it leads through its hub."""
        queue, place = self.queue, self.people.place
        used = np.bincount(queue.hub, minlength=len(queue.size))
        wide = used * queue.size > WORTH_A_HUB * (used + queue.size)
        alone = np.zeros(len(self.waiting), np.bool_)
        for n, contact in enumerate(self.waiting):
            if contact.tried or contact.familiar:
                alone[n] = any(who in place for who in (*contact.tried, *contact.familiar))
        found: Flags = wide[queue.hub] & ~alone[queue.contact]
        return found

    def _arcs_to_own(self) -> Arcs:
        contacts = np.fromiter(self.own, np.int64, len(self.own))
        places = np.fromiter(self.own.values(), np.int64, len(self.own))
        return Arcs(contacts, self.first_advisor + places, np.zeros(len(contacts), np.int64))

    def _past_hubs(self, ways: Flags) -> Arcs:
        queue = self.queue
        ways_at, at = spread(queue.first, queue.size, queue.hub[ways])
        contact, place = queue.contact[ways][ways_at], queue.member[at]
        cost = queue.price[ways][ways_at] + queue.costs[queue.ask[contact], place]
        kept = np.ones(len(contact), np.bool_)
        for n, who, known in self._pasts():
            low, high = np.searchsorted(contact, [n, n + 1])
            these = low + np.flatnonzero(place[low:high] == who)
            kept[these] = known is not None
            cost[these] += known or 0
        return Arcs(contact, self.first_advisor + place, cost).some(kept)

    def _pasts(self) -> Iterator[tuple[int, int, int | None]]:
        """Contact and place of those who have met: None for who did not take it, else what is saved."""
        place, queue = self.people.place, self.queue
        for n, contact in enumerate(self.waiting):
            yield from ((n, place[who], None) for who in contact.tried if who in place)
            ask = queue.asks[queue.ask[n]]
            for who, times in contact.familiar.items():
                if who in place and who not in contact.tried:
                    yield n, place[who], ask.known(times) - ask.known(0)

    def _from_hubs(self, hubs: Ints) -> Arcs:
        queue = self.queue
        which, at = spread(queue.first, queue.size, hubs)
        hub, place = hubs[which], queue.member[at]
        cost = queue.costs[queue.hub_ask[hub], place]
        return Arcs(len(self.waiting) + hub, self.first_advisor + place, cost)

    def most_urgent(self) -> Flags:
        """Those who are served when as many as possible are, and of these the most urgent."""
        most = int(max(self.worth.max(), self.worth_to_own.max()))
        flows = self._flows(
            (
                most - self.worth_to_own[self.by_own.tail],
                most - self.worth[self.past_hubs.tail],
                most - self.worth[self.into_hubs.tail],
                np.zeros(len(self.from_hubs), np.int64),
            ),
            None,
        )
        assert flows is not None  # as much as there is room for
        served = np.zeros(len(self.waiting), np.bool_)
        for arcs, flow in zip((self.by_own, self.past_hubs, self.into_hubs), flows, strict=False):
            served[arcs.tail[flow > 0]] = True
        return served

    def fitting(self, served: Flags) -> list[tuple[int, int]] | None:
        """Contact and place of the advisor, for each of these; None where not all of them can be served."""
        tier, coarser = self._tier(int(served.sum()))
        lost = self.head_start * tier
        sorts = self.by_own, self.past_hubs, self.into_hubs, self.from_hubs
        costs = [arcs.cost // coarser for arcs in sorts]
        costs[1] += lost[self.past_hubs.tail]
        costs[2] += lost[self.into_hubs.tail]
        flows = self._flows(tuple(costs), served)
        return None if flows is None else self._pairs(flows)

    def _tier(self, count: int) -> tuple[int, int]:
        """What a step of a head start costs, more than all terms of all together, and by how much these must be
        coarser for that."""
        through = self.into_hubs.cost.max(initial=0) + self.from_hubs.cost.max(initial=0)
        dearest = int(max(through, self.past_hubs.cost.max(initial=0)))
        steps, coarser = int(self.head_start.max()), 1
        while (dearest // coarser + 1) * (count * steps + 1) * (self.sink + 2) > MOST_COST:
            coarser *= 2
        return (dearest // coarser + 1) * count, coarser

    def _flows(self, costs: tuple[Ints, ...], served: Flags | None) -> list[Ints] | None:
        """What goes along the arcs to the own, past hubs, into hubs and from them. `served`: these contacts and
        nobody else, None where that is impossible; without it as many as possible."""
        from ortools.graph.python import min_cost_flow  # 50 ms to import: not for those who never match

        flow, count = min_cost_flow.SimpleMinCostFlow(), len(self.waiting)
        sorts = self.by_own, self.past_hubs, self.into_hubs, self.from_hubs
        going = np.ones(count, np.int64) if served is None else served.astype(np.int64)
        for number, (arcs, cost) in enumerate(zip(sorts, costs, strict=True)):
            room = np.ones(len(arcs), np.int64) if number == 3 else going[arcs.tail]
            flow.add_arcs_with_capacity_and_unit_cost(arcs.tail, arcs.head, room, cost)
        ends = np.arange(self.first_advisor, self.sink)
        flow.add_arcs_with_capacity_and_unit_cost(
            ends, np.full_like(ends, self.sink), np.ones_like(ends), np.zeros_like(ends)
        )
        flow.set_nodes_supplies(np.append(np.arange(count), self.sink), np.append(going, -int(going.sum())))
        status = flow.solve_max_flow_with_min_cost() if served is None else flow.solve()
        if served is not None and status == flow.INFEASIBLE:
            return None
        if status != flow.OPTIMAL:
            raise NotMatched(str(status))
        bounds = np.cumsum([len(arcs) for arcs in sorts])
        return [flow.flows(np.arange(end - len(arcs), end)) for arcs, end in zip(sorts, bounds, strict=True)]

    def _pairs(self, flows: Sequence[Ints]) -> list[tuple[int, int]]:
        """Those who come through the same hub are alike to all its advisors."""
        found: list[tuple[int, int]] = []
        for arcs, flow in ((self.by_own, flows[0]), (self.past_hubs, flows[1])):
            used = arcs.some(flow > 0)
            found += zip(used.tail.tolist(), (used.head - self.first_advisor).tolist(), strict=True)
        into, out = self.into_hubs.some(flows[2] > 0), self.from_hubs.some(flows[3] > 0)
        into, out = into.some(np.argsort(into.head, kind="stable")), out.some(np.argsort(out.tail, kind="stable"))
        found += zip(into.tail.tolist(), (out.head - self.first_advisor).tolist(), strict=True)
        return found
