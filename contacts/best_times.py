"""When somebody is usually free, by the hours of the week: the freest third of those in which they usually work.

Relative on purpose: it tells when to call, and nothing of how much somebody has to do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from kit.fields import week_of
from kit.intervals import Interval, intersect
from kit.local_time import hour_of_week
from kit.week import WEEKDAYS

WEEKS = 8
"""How far back is looked."""
FEWEST_WEEKS = 4
"""In so many of them somebody must have worked at an hour, or nothing is said of it."""
HOUR = timedelta(hours=1)

Span = tuple[str, str, str]
"""Weekday, from, until, by the wall clock of the zone asked for."""


def usually_free(worked: Sequence[Interval], busy: Sequence[Interval], there: ZoneInfo) -> list[Span]:
    """From when somebody was meant to work and when they were with customers, in the weeks that were looked at."""
    worked_s, weeks = _by_hour(worked, there)
    busy_s, _ = _by_hour(intersect(worked, busy), there)
    known = [hour for hour, count in weeks.items() if count >= FEWEST_WEEKS]
    freest = sorted(known, key=lambda hour: (busy_s[hour] / worked_s[hour], hour))[: ceil(len(known) / 3)]
    week = week_of(sum(1 << hour for hour in freest))
    return [(day, since, until) for day in WEEKDAYS for since, until in week.get(day, ())]


def _by_hour(spans: Sequence[Interval], there: ZoneInfo) -> tuple[Counter[int], dict[int, int]]:
    """Hour of the week → seconds in it, and in how many weeks."""
    seconds, days = Counter[int](), defaultdict[int, set[object]](set)
    for span in spans:
        begins = span.starts_at
        while begins < span.ends_at:
            ends = min(span.ends_at, _next_hour(begins))
            hour = hour_of_week(begins, there)
            seconds[hour] += round((ends - begins).total_seconds())
            days[hour].add(begins.astimezone(there).date())
            begins = ends
    return seconds, {hour: len(found) for hour, found in days.items()}


def _next_hour(instant: datetime) -> datetime:
    """The next full hour; zones are whole hours apart here, or the half hour counts with the one before."""
    return instant.replace(minute=0, second=0, microsecond=0) + HOUR
