"""When to try again after nobody answered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from callbacks.rooms import Calendar, Slot, SlotPolicy
from callbacks.slots import keepable
from callbacks.states import MAX_RETRIES
from kit.intervals import Interval

RETRY_GAP = timedelta(hours=1)
"""The least time between two attempts to reach the same person, where the market says nothing else."""
OTHER_TIME_OF_DAY = timedelta(hours=2)
"""Who did not answer at ten will hardly do so at half past ten."""


def retry_after(
    tried: Sequence[datetime],
    now: datetime,
    calendar: Calendar,
    policy: SlotPolicy,
    *,
    wishes: Sequence[Interval] | None = None,
    gap: timedelta = RETRY_GAP,
) -> Slot | None:
    """The window of the next attempt after those `tried`: later by `gap` at least, at another time of day.

    Where no other time of day is left it is the next possible window. None when enough was tried, or there is none.
    """
    if len(tried) > MAX_RETRIES:
        return None
    last = max(tried, default=now)
    fallback: Slot | None = None
    for slot in keepable(now, calendar, policy, wishes=wishes, not_before=last + gap):
        if all(_another_time_of_day(slot.starts_at, before, calendar.zone) for before in tried):
            return slot
        fallback = fallback or slot
    return fallback


def _another_time_of_day(instant: datetime, before: datetime, zone: tzinfo) -> bool:
    clocks = (_time_of_day(instant, zone), _time_of_day(before, zone))
    apart = abs(clocks[0] - clocks[1])
    return min(apart, timedelta(days=1) - apart) >= OTHER_TIME_OF_DAY


def _time_of_day(instant: datetime, zone: tzinfo) -> timedelta:
    """Time since midnight by the wall clock."""
    shown = instant.astimezone(zone)
    return timedelta(hours=shown.hour, minutes=shown.minute, seconds=shown.second)
