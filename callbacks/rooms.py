"""Room in an advisor's time for promises. Pure.

The advisor's free time (at work while the market is open, from now on) is cut into rooms of `minutes_per_promise`:
the expected length of a callback divided by the share of the time that may go into callbacks. A promise is kept by
a room that begins within its window. There is room for one more where the promises made so far and the new one all
find one (`routing/slots.py`). So no promise that could be kept is refused, also where windows differ in length or
overlap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from math import ceil

from kit.intervals import Interval, around, intersect, union
from routing.slots import Agenda

Slot = Interval
"""A window in which a call is promised to begin."""


@dataclass(frozen=True)
class SlotPolicy:
    """A market's rules for callbacks; minutes and days as named, `share` between 0 (excluded) and 1."""

    slot_minutes: int = 30
    lead_minutes: int = 15
    grace_minutes: int = 5
    """How much of the lead may pass between hearing an offer and taking it."""
    expected_minutes: int = 10
    share: float = 0.5
    horizon_days: int = 14
    at_most: int = 3

    @property
    def slot(self) -> timedelta:
        return timedelta(minutes=self.slot_minutes)

    @property
    def minutes_per_promise(self) -> int:
        return max(1, ceil(self.expected_minutes / self.share))

    def rooms_for(self, minutes: int | None) -> int:
        """How many rooms a call of this length takes; None: the usual one."""
        return 1 if minutes is None else max(1, ceil(minutes / self.share / self.minutes_per_promise))

    @property
    def horizon(self) -> timedelta:
        return timedelta(days=self.horizon_days)


@dataclass(frozen=True)
class Calendar:
    """Whose time is promised: when they work, when the market is open, and the windows promised so far.

    `zone` is the market's: windows begin at round times by its wall clock. The intervals reach to the horizon.
    """

    working: Sequence[Interval]
    open: Sequence[Interval]
    promises: Sequence[Slot] = ()
    zone: tzinfo = UTC


@dataclass(frozen=True)
class Ledger:
    """The rooms of somebody's free time and the promises that compete for them."""

    free: list[Interval]
    rooms: list[datetime]
    promises: list[Slot]

    @classmethod
    def of(cls, now: datetime, calendar: Calendar, policy: SlotPolicy) -> Ledger:
        free = [span for span in intersect(calendar.working, calendar.open) if span.ends_at > now]
        rooms = list(_rooms(free, now, timedelta(minutes=policy.minutes_per_promise)))
        ahead = sorted(promise for promise in calendar.promises if promise.ends_at > now)
        # what is overdue is called first, whatever its window was
        overdue = len(calendar.promises) - len(ahead)
        return cls(free, rooms[overdue:], ahead)

    def has_room(self, slot: Slot, rooms: int = 1) -> bool:
        """Whether one more promise of so many rooms is kept, and none of those kept before is lost.

        Only promises whose windows touch, directly or through each other, compete; the others aren't looked at.
        """
        reach = around(union(self.promises, [slot]), slot.starts_at) or slot
        agenda: Agenda[int] = Agenda(len(self.rooms))
        for place, promise in enumerate(self.promises):
            if promise.overlaps(reach):
                agenda.take(place, self.within(promise))
        return all(agenda.take(len(self.promises) + n, self.within(slot)) for n in range(rooms))

    def is_open(self, slot: Slot) -> bool:
        """The same, for whoever asks of many windows."""
        return not self._open.isdisjoint(self.within(slot))

    def within(self, slot: Slot) -> range:
        """The rooms that begin within a window."""
        return range(bisect_left(self.rooms, slot.starts_at), bisect_left(self.rooms, slot.ends_at))

    @cached_property
    def agenda(self) -> Agenda[int]:
        """Who holds which room; promises are named by their place in `promises`. What can't be kept holds none."""
        agenda: Agenda[int] = Agenda(len(self.rooms))
        for place, promise in enumerate(self.promises):
            agenda.take(place, self.within(promise))
        return agenda

    @cached_property
    def _open(self) -> frozenset[int]:
        return self.agenda.open()


def _rooms(free: Iterable[Interval], now: datetime, length: timedelta) -> Iterator[datetime]:
    """Where the rooms begin: side by side from the beginning of each stretch, whole ones only."""
    for span in free:
        begin = span.starts_at
        while begin + length <= span.ends_at:
            if begin >= now:
                yield begin
            begin += length
