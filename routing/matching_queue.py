"""Who waits, in columns: what each asks for, who may help by now, and what serving each is worth.

Contacts that ask alike share an ask, and an ask and a group share a hub: what a pair costs is worked out once for
each ask and advisor, not for each contact and advisor.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from routing.matching_people import Ask, Flags, Floats, Ints, People
from routing.preferences import MILLION
from routing.problem import Waiting

FINEST = 1 << 26
"""Urgencies are told apart in so many steps: for half a day of waiting those are milliseconds."""


class Queue:
    """m contacts, u asks, h hubs. Rings and policies are known by their identity while the contacts are gone
    through, as hashing them costs more than all else; alike ones come together again in the hubs."""

    def __init__(self, waiting: Sequence[Waiting], people: People) -> None:
        self._people = people
        self._asks: dict[Ask, int] = {}
        self._sorts: dict[tuple[object, ...], _Sort] = {}
        self._reaches: dict[tuple[object, ...], _Sort] = {}
        self._let_in: dict[tuple[tuple[int, int], ...], int] = {}
        rows = [(self._ask(contact), self._reach(contact)) for contact in waiting]
        table = np.array(rows, np.int64).reshape(-1, 2)
        self.ask: Ints = table[:, 0]
        """m: the ask of each"""
        self.asks = list(self._asks)
        self.able, self.costs = self._tables()
        self._find_ways(table[:, 1])

    def _ask(self, contact: Waiting) -> int:
        key = contact.market, contact.languages, contact.needs, id(contact.policy)
        sort = self._sorts.get(key)
        if sort is None:
            sort = self._sorts[key] = _Sort(sorted(contact.policy.steps(contact.needs, 1, group_at_work=True)), {})
        passed = bisect_right(sort.steps, contact.waited_s)
        if passed not in sort.found:
            sort.found[passed] = self._asks.setdefault(_asked(contact), len(self._asks))
        return sort.found[passed]

    def _reach(self, contact: Waiting) -> int:
        """Which groups are let in, as a number; those without anybody free are passed over."""
        key = id(contact.rings), id(contact.policy), contact.group_at_work, contact.holds_for_own
        sort = self._reaches.get(key)
        if sort is None:
            sort = self._reaches[key] = _Sort(_let_in_after(contact), {})
        passed = bisect_right(sort.steps, contact.waited_s)
        if passed not in sort.found:
            groups = self._people.groups
            rings = enumerate(contact.rings[:passed])
            rows = tuple((ring, groups[group_id]) for ring, group_id in rings if group_id in groups)
            sort.found[passed] = self._let_in.setdefault(rows, len(self._let_in))
        return sort.found[passed]

    def _tables(self) -> tuple[Flags, Ints]:
        """u × n: who is able, and what they cost."""
        shape = len(self.asks), len(self._people)
        able, costs = np.zeros(shape, np.bool_), np.zeros(shape, np.int64)
        for number, ask in enumerate(self.asks):
            able[number], costs[number] = self._people.able(ask), self._people.costs(ask)
        return able, costs

    def _find_ways(self, reach: Ints) -> None:
        """w ways: from a contact into a hub, at the price of the ring; a hub leads to those who are able."""
        sizes = np.array([len(rows) for rows in self._let_in], np.int64)
        rows = np.array([row for rows in self._let_in for row in rows], np.int64).reshape(-1, 2)
        self.contact, of = spread(np.cumsum(sizes) - sizes, sizes, reach)
        ring, group = rows[of, 0], rows[of, 1]
        steps = np.array([ask.step for ask in self.asks], np.float64)
        self.price = np.rint((ring + 1) * steps[self.ask[self.contact]] * MILLION).astype(np.int64)
        """w: the own advisor comes before every ring, at 0"""
        width = len(self._people.bounds)
        keys, self.hub = np.unique(self.ask[self.contact] * width + group, return_inverse=True)
        self.hub_ask, hub_group = keys // width, keys % width
        begins, ends = self._people.bounds[hub_group], self._people.bounds[np.minimum(hub_group + 1, width - 1)]
        hub, place = spread(begins, ends - begins, np.arange(len(keys)))
        able = self.able[self.hub_ask[hub], place]
        self.member = place[able]
        """Advisors of all hubs, one hub after the other: of hub i, `size[i]` of them from `first[i]` on."""
        self.size = np.bincount(hub[able], minlength=len(keys))
        self.first = np.cumsum(self.size) - self.size


class _Sort(NamedTuple):
    """Contacts that are alike but for their wait: after how many steps it is what."""

    steps: Sequence[float]
    found: dict[int, int]


def _asked(contact: Waiting) -> Ask:
    policy, waited_s = contact.policy, contact.waited_s
    languages, needs = (
        policy.languages_after(contact.languages, waited_s),
        policy.needs_after(contact.needs, waited_s),
    )
    return Ask(contact.market, languages, needs, contact.languages, contact.needs, policy)


def _let_in_after(contact: Waiting) -> list[float]:
    if contact.holds_for_own:
        return []
    at_work = contact.group_at_work
    return [contact.policy.let_in_after_s(ring, group_at_work=at_work) for ring in range(len(contact.rings))]


def spread(first: Ints, size: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """For runs that begin at `first` and are `size` long: all places of the wanted runs, each with the number of
    who wanted it."""
    sizes = size[wanted]
    who = np.repeat(np.arange(len(wanted)), sizes)
    return who, np.arange(len(who)) + np.repeat(first[wanted] - (np.cumsum(sizes) - sizes), sizes)


def urgencies(waiting: Sequence[Waiting], own: Mapping[int, int]) -> tuple[Ints, Ints]:
    """What serving each is worth, by anybody and by the own advisor: m each, all different, in ms of waiting.

    The order is that of `waiting.next_for`; contacts of equal urgency are put a millisecond apart, the older one
    ahead. Whoever holds for an own advisor (`own`: contact → place) is worth more to them than all others.
    """
    plain = np.array([c.waited_s + c.priority * c.policy.priority_head_start_s for c in waiting], np.float64)
    mine = np.fromiter(own, np.int64, len(own))
    ahead = plain[mine] + np.array([waiting[n].policy.own_head_start_s for n in own], np.float64)
    worth = _apart(np.concatenate((plain, ahead)), [*waiting, *(waiting[n] for n in own)])
    by_anybody, by_own = worth[: len(waiting)], np.zeros(len(waiting), np.int64)
    holding = np.array([waiting[n].holds_for_own for n in own], np.bool_)
    by_own[mine] = worth[len(waiting) :] + np.where(holding, int(worth.max()) + 1, 0)
    return by_anybody, by_own


def _apart(urgency: Floats, contacts: Sequence[Waiting]) -> Ints:
    order = np.argsort(urgency, kind="stable")
    if np.any(np.diff(urgency[order]) == 0):
        youngest_first = sorted(range(len(contacts)), key=lambda n: (contacts[n].age, contacts[n].id), reverse=True)
        rank = np.argsort(np.array(youngest_first, np.int64))
        order = np.lexsort((rank, urgency))
    sorted_s = urgency[order] - urgency[order[0]]
    steps = np.rint(sorted_s / max(0.001, sorted_s[-1] / FINEST)).astype(np.int64)
    numbers, worth = np.arange(len(order)), np.empty(len(order), np.int64)
    worth[order] = numbers + np.maximum.accumulate(steps - numbers)
    return worth
