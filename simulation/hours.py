"""Half hours of a week: opening hours and working patterns read off a log, in the market's local time.

A slot is a half hour of the week, 0 … 335, Monday 00:00 local = 0. A week is written as
`{"mon": [["08:00", "17:00"]], …}` with "24:00" for the end of a day; a missing day is closed (`kit.week` reads it).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from statistics import median
from zoneinfo import ZoneInfo

from kit.intervals import Interval, subtract
from kit.local_time import hour_of_week
from kit.week import WEEKDAYS
from simulation.logged_call import LoggedCall
from simulation.staffing import Shift

WrittenWeek = dict[str, list[list[str]]]

SLOT = timedelta(minutes=30)
SLOTS_A_DAY = 48
OPEN_SHARE = 0.1
"""A half hour is open if as many services begin in it as a tenth of those in the weekday's busiest one."""
USUAL_SHARE = 0.5
"""Worked on at least this share of a weekday's dates, a half hour belongs to the pattern. Agents change between
early and late shifts, so the first and last service of a weekday (and any quantile of them) would span both."""


@dataclass(frozen=True, slots=True)
class OffDuty:
    """An agent's time off within the hours of the pattern; aware UTC."""

    agent: str
    starts_at: datetime
    ends_at: datetime


def hours_mask(instants: Iterable[datetime], zone: ZoneInfo) -> int:
    """168 bits, bit h set where an instant lies in hour h of the local week."""
    mask = 0
    for instant in instants:
        mask |= 1 << hour_of_week(instant, zone)
    return mask


def dates_of(calls: Iterable[LoggedCall], zone: ZoneInfo) -> list[date]:
    """The local dates with calls, in order."""
    return sorted({call.arrived_at.astimezone(zone).date() for call in calls})


def opening_hours(calls: Sequence[LoggedCall], zone: ZoneInfo) -> WrittenWeek:
    """When the company answers: half hours by the median number of services begun over a weekday's dates."""
    begun: Counter[tuple[date, int]] = Counter()
    for call in calls:
        if call.served_at:
            local = call.served_at.astimezone(zone)
            begun[local.date(), _slot_of_day(local)] += 1
    dates = sorted({call.arrived_at.astimezone(zone).date() for call in calls})
    open_slots: set[int] = set()
    for weekday in range(7):
        of_weekday = [day for day in dates if day.weekday() == weekday]
        typical = [
            median(begun[day, slot] for day in of_weekday) if of_weekday else 0 for slot in range(SLOTS_A_DAY)
        ]
        busy = {slot for slot, count in enumerate(typical) if count > 0 and count >= OPEN_SHARE * max(typical)}
        holes = {slot + 1 for slot in busy if slot + 2 in busy}
        open_slots |= {weekday * SLOTS_A_DAY + slot for slot in busy | holes}
    return week_of(open_slots)


def is_open(week: Mapping[str, Sequence[Sequence[str]]], instant: datetime, zone: ZoneInfo) -> bool:
    local = instant.astimezone(zone)
    clock = local.strftime("%H:%M")
    return any(start <= clock < end for start, end in week.get(WEEKDAYS[local.weekday()], ()))


def pattern(
    duties: Iterable[Shift], dates: Iterable[date], zone: ZoneInfo, share: float = USUAL_SHARE
) -> WrittenWeek:
    """The usual week of one agent: slots worked on at least `share` of the dates of their weekday (0: ever)."""
    weekdays = Counter(day.weekday() for day in dates)
    worked = Counter(_slot_of_week(start, zone) for duty in duties for start in _slots_covered(duty))
    return week_of({slot for slot, count in worked.items() if count >= share * weekdays[slot // SLOTS_A_DAY]})


def off_duty(
    agent: str, week: WrittenWeek, duties: Iterable[Shift], starts_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> Iterator[OffDuty]:
    """Where the roster of a window leaves out what the week says; whole days off in a row become one absence.

    A duty that covers less than half of a half hour is worked all the same: nobody is absent during a duty.
    """
    duties = list(duties)
    worked = {start for duty in duties for start in _slots_covered(duty)}
    expected = [
        start for start in _slots_between(starts_at, ends_at) if _slot_of_week(start, zone) in slots_of(week)
    ]
    for off, starts in groupby(expected, key=lambda start: start not in worked):
        span = list(starts)
        if off:
            away = [Interval(span[0], span[-1] + SLOT)]
            for gone in subtract(away, [Interval(duty.starts_at, duty.ends_at) for duty in duties]):
                yield OffDuty(agent, gone.starts_at, gone.ends_at)


def slots_of(week: Mapping[str, Sequence[Sequence[str]]]) -> frozenset[int]:
    return frozenset(
        WEEKDAYS.index(day) * SLOTS_A_DAY + slot
        for day, spans in week.items()
        for start, end in spans
        for slot in range(_slot_of_clock(start), _slot_of_clock(end))
    )


def week_of(slots: Iterable[int]) -> WrittenWeek:
    """Slots → the written week, neighbours joined, days without hours left out."""
    week: WrittenWeek = {}
    for slot in sorted(slots):
        day, start = divmod(slot, SLOTS_A_DAY)
        spans = week.setdefault(WEEKDAYS[day], [])
        if spans and spans[-1][1] == _clock(start):
            spans[-1][1] = _clock(start + 1)
        else:
            spans.append([_clock(start), _clock(start + 1)])
    return week


def _slots_covered(duty: Shift) -> Iterator[datetime]:
    """Starts (UTC) of the half hours of which the duty covers at least half."""
    for start in _slots_between(duty.starts_at, duty.ends_at):
        if min(duty.ends_at, start + SLOT) - max(duty.starts_at, start) >= SLOT / 2:
            yield start


def _slots_between(starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    """Half hours from the one that holds `starts_at`; offsets of all zones in use are whole half hours or quarters,
    and a quarter merely shifts the grid."""
    start = starts_at.astimezone(UTC)
    start = start.replace(minute=start.minute // 30 * 30, second=0, microsecond=0)
    while start < ends_at:
        yield start
        start += SLOT


def _slot_of_week(instant: datetime, zone: ZoneInfo) -> int:
    local = instant.astimezone(zone)
    return local.weekday() * SLOTS_A_DAY + _slot_of_day(local)


def _slot_of_day(local: datetime | time) -> int:
    return local.hour * 2 + local.minute // 30


def _slot_of_clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 2 + int(minutes) // 30


def _clock(slot: int) -> str:
    return f"{slot // 2:02d}:{slot % 2 * 30:02d}"
