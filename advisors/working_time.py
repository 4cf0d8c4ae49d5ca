"""When an advisor is at work: the pattern, less the holidays of the site's Land, less the absences.

Absences come as bare periods: why somebody is away is not known here and so can't be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from kit.intervals import Interval, next_end, next_start, subtract
from kit.week import Week
from markets.hours import NO_HOLIDAYS, HolidayCalendar


@dataclass(frozen=True)
class WorkingTime:
    """An advisor's own calendar by the wall clock of the site."""

    week: Week
    zone: ZoneInfo
    holidays: HolidayCalendar = NO_HOLIDAYS
    absences: Sequence[Interval] = ()
    leaving_at: datetime | None = None

    def intervals(self, starts_at: datetime, ends_at: datetime) -> list[Interval]:
        """When the advisor works within `[starts_at, ends_at)`."""
        gone = [] if self.leaving_at is None else [Interval(self.leaving_at, ends_at)]
        planned = self.week.between(starts_at, ends_at, self.zone, self.holidays)
        return subtract(planned, [*self.absences, *gone])

    def at_work(self, now: datetime) -> bool:
        return self.returns_at(now) == now

    def absent(self, now: datetime) -> bool:
        """In an absence, whether or not it is working time."""
        return any(now in absence for absence in self.absences)

    def returns_at(self, now: datetime) -> datetime | None:
        """The next instant at work, past chained absences, weekends and holidays; `now` while at work.

        None where none is in sight: leaving, or without a working pattern.
        """
        return next_start(self.intervals, now)

    def leaves_at(self, now: datetime) -> datetime | None:
        """When the present stretch of work ends; None while not at work."""
        return next_end(self.intervals, now)

    def hours_mask(self) -> int:
        """The usual hours of the week, as a mask of 168 bits."""
        return self.week.mask()
