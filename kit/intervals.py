"""Half-open intervals `[starts_at, ends_at)` of instants, and the algebra of lists of them.

Every function takes lists in any order, with overlaps or empty members, and returns them tidy: ascending, apart
from each other, none empty. All instants are aware.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

Between = Callable[[datetime, datetime], "list[Interval]"]
"""Something that has a calendar: its intervals within `[from, until)`."""

LOOK_AHEAD = tuple(timedelta(days=days) for days in (2, 9, 40, 400))
"""How far to look for the next opening, in growing steps: nearly always it is within two days."""


class Interval(NamedTuple):
    starts_at: datetime
    ends_at: datetime

    def __contains__(self, instant: object) -> bool:
        return isinstance(instant, datetime) and self.starts_at <= instant < self.ends_at

    def covers(self, other: Interval) -> bool:
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def overlaps(self, other: Interval) -> bool:
        return max(self.starts_at, other.starts_at) < min(self.ends_at, other.ends_at)


def union(*lists: Iterable[Interval]) -> list[Interval]:
    tidy: list[Interval] = []
    for interval in sorted(i for several in lists for i in several if i.starts_at < i.ends_at):
        if tidy and interval.starts_at <= tidy[-1].ends_at:
            tidy[-1] = Interval(tidy[-1].starts_at, max(tidy[-1].ends_at, interval.ends_at))
        else:
            tidy.append(interval)
    return tidy


def intersect(left: Iterable[Interval], right: Iterable[Interval]) -> list[Interval]:
    lefts, rights, common = union(left), union(right), list[Interval]()
    i = j = 0
    while i < len(lefts) and j < len(rights):
        shared = Interval(max(lefts[i].starts_at, rights[j].starts_at), min(lefts[i].ends_at, rights[j].ends_at))
        if shared.starts_at < shared.ends_at:
            common.append(shared)
        if lefts[i].ends_at < rights[j].ends_at:
            i += 1
        else:
            j += 1
    return common


def subtract(left: Iterable[Interval], right: Iterable[Interval]) -> list[Interval]:
    """What of `left` lies outside `right`."""
    holes, rest = union(right), list[Interval]()
    for starts_at, ends_at in union(left):
        begin = starts_at
        for hole in holes:
            if hole.ends_at <= begin or hole.starts_at >= ends_at:
                continue
            rest.append(Interval(begin, hole.starts_at))
            begin = hole.ends_at
        rest.append(Interval(begin, ends_at))
    return union(rest)


def clip(intervals: Iterable[Interval], starts_at: datetime, ends_at: datetime) -> list[Interval]:
    return intersect(intervals, [Interval(starts_at, ends_at)])


def around(tidy: Sequence[Interval], instant: datetime) -> Interval | None:
    """The interval of a tidy list in which the instant lies."""
    at = bisect_right(tidy, instant, key=lambda interval: interval.starts_at) - 1
    return tidy[at] if at >= 0 and instant in tidy[at] else None


def next_start(between: Between, now: datetime) -> datetime | None:
    """`now` where the calendar is on, else the next instant at which it is; None where none is in sight."""
    for ahead in LOOK_AHEAD:
        if found := between(now, now + ahead):
            return found[0].starts_at
    return None


def next_end(between: Between, now: datetime) -> datetime | None:
    """When the calendar that is on at `now` goes off; None where it is off, or no end is in sight."""
    for ahead in LOOK_AHEAD:
        current = around(between(now, now + ahead), now)
        if current is None:
            return None
        if current.ends_at < now + ahead:
            return current.ends_at
    return None
