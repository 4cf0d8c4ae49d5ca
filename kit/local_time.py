"""The one place where local times become instants, and instants local times.

Twice a year a wall clock lies. On the last Sunday of March 02:30 does not exist in Berlin: a pattern that names it
means the first instant after the gap, a person who names it is asked again. On the last Sunday of October 02:30
comes twice: the first is meant unless the second is asked for. PostgreSQL reads both otherwise: it never converts.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kit.errors import Error, Unprocessable

MINUTES_A_DAY = 24 * 60
HOURS_A_WEEK = 168


class UnknownZone(Unprocessable):
    word, title = "unknown-zone", "That is not an IANA time zone."


class NoSuchLocalTime(Unprocessable):
    """The clocks jump over that time; `next_possible` is the first instant after the gap."""

    word, title = "no-such-local-time", "The clocks jump over that time on that day."

    def __init__(self, next_possible: datetime, pointer: str) -> None:
        super().__init__(Error(pointer, "in_clock_change"), next_possible=next_possible.isoformat())


def zone(name: str, pointer: str = "/time_zone") -> ZoneInfo:
    """The IANA zone of that name; raises `UnknownZone`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(Error(pointer, "unknown_zone")) from None


def local(now: datetime, there: ZoneInfo) -> datetime:
    """An instant as the wall clock there shows it."""
    return now.astimezone(there)


def to_instant(
    day: date,
    at: time,
    there: ZoneInfo,
    *,
    missing: Literal["next", "refuse"] = "next",
    twice: Literal["first", "second"] = "first",
    pointer: str = "",
) -> datetime:
    """The instant (UTC) at which the wall clock there shows that time of that day.

    A time in a gap is the first instant after it, or `NoSuchLocalTime` with `missing="refuse"`.
    """
    shown = datetime.combine(day, at.replace(tzinfo=None, fold=twice == "second"), tzinfo=there)
    instant = shown.astimezone(UTC)
    if instant.astimezone(there).replace(tzinfo=None, fold=0) == shown.replace(tzinfo=None, fold=0):
        return instant
    after = _end_of_gap(shown)
    if missing == "refuse":
        raise NoSuchLocalTime(after, pointer)
    return after


def is_skipped(written: datetime, there: ZoneInfo) -> bool:
    """Whether this is a time that the clocks there jump over, written with an offset that they have on that day."""
    shown = written.replace(tzinfo=there)
    offsets = {shown.replace(fold=fold).utcoffset() for fold in (0, 1)}
    wall = shown.astimezone(UTC).astimezone(there).replace(tzinfo=None, fold=0)
    return written.utcoffset() in offsets and wall != written.replace(tzinfo=None, fold=0)


@lru_cache(maxsize=65_536)  # calendars ask for the same few days again and again
def at_minute(day: date, minute: int, there: ZoneInfo) -> datetime:
    """The instant `minute` minutes after local midnight by the wall clock; 1440 is the next midnight."""
    days, minutes = divmod(minute, MINUTES_A_DAY)
    return to_instant(day + timedelta(days=days), time(*divmod(minutes, 60)), there)


def _end_of_gap(shown: datetime) -> datetime:
    """The first instant after the gap in which `shown` lies, to the second, by halving."""
    there = shown.tzinfo
    # read with the offset before the gap the time is too late, with the one after it too early
    late, early = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    before = early.astimezone(there).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if middle.astimezone(there).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def hour_of_week(now: datetime, there: ZoneInfo) -> int:
    """0…167; Monday 00:00 to 01:00 by the wall clock there is 0."""
    shown = local(now, there)
    return shown.weekday() * 24 + shown.hour


def rotated(mask: int, hours: int) -> int:
    """A mask of hours of the week as seen from a zone `hours` further east."""
    hours %= HOURS_A_WEEK
    whole = (1 << HOURS_A_WEEK) - 1
    return ((mask << hours) | (mask >> (HOURS_A_WEEK - hours))) & whole


def mask_to_bytes(mask: int) -> bytes:
    """168 bits in 21 bytes, as the database keeps them."""
    return mask.to_bytes(HOURS_A_WEEK // 8, "little")


def mask_from_bytes(kept: bytes) -> int:
    return int.from_bytes(kept, "little")
