"""When a market is open: its week, the holidays of its country, and closures out of turn.

Pure: the clock is handed in. Holidays come from a library and are kept per country, subdivision and year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from kit.errors import Error, Unprocessable
from kit.intervals import Interval, next_end, next_start, subtract
from kit.local_time import local
from kit.week import Week

WhyClosed = Literal["emergency", "planned", "holiday", "hours"]


class UnknownHolidays(Unprocessable):
    word, title = "unknown-holidays", "There is no calendar of holidays for that country or subdivision."


@dataclass(frozen=True)
class HolidayCalendar:
    """The public holidays of a country (ISO 3166-1) and a subdivision (ISO 3166-2 without the country)."""

    country: str | None = None
    subdivision: str | None = None

    def __call__(self, day: date) -> bool:
        return self.country is not None and day in public_holidays(self.country, self.subdivision, day.year)


NO_HOLIDAYS = HolidayCalendar()


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Raises `UnknownHolidays`. The first use of a country reads its calendar (0.1 s), so not at import."""
    import holidays

    try:
        found = holidays.country_holidays(
            country, subdiv=subdivision, years=year, categories=_categories(country, subdivision)
        )
    except NotImplementedError:
        raise UnknownHolidays(Error("/holiday_subdivision", "unknown_holidays")) from None
    return frozenset(found)


def _categories(country: str, subdivision: str | None) -> tuple[str, ...]:
    # Mariä Himmelfahrt is off where most are Catholic, which in Bavaria is 1,700 of 2,056 places
    return ("public", "catholic") if (country, subdivision) == ("DE", "BY") else ("public",)


@dataclass(frozen=True)
class Closed:
    """A closure out of turn; without an end it holds until it is lifted."""

    starts_at: datetime
    ends_at: datetime | None = None
    kind: Literal["emergency", "planned"] = "planned"

    def holds(self, now: datetime) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True)
class Hours:
    """A market's opening hours by the wall clock of `zone`."""

    week: Week
    zone: ZoneInfo
    holidays: HolidayCalendar = NO_HOLIDAYS
    closures: Sequence[Closed] = ()

    def open_intervals(self, starts_at: datetime, ends_at: datetime) -> list[Interval]:
        planned = self.week.between(starts_at, ends_at, self.zone, self.holidays)
        return subtract(planned, [Interval(c.starts_at, c.ends_at or ends_at) for c in self.closures])

    def is_open(self, now: datetime) -> bool:
        return self.why_closed(now) is None

    def why_closed(self, now: datetime) -> WhyClosed | None:
        """None while open; an emergency is named before anything else."""
        holding = [closure.kind for closure in self.closures if closure.holds(now)]
        if holding:
            return "emergency" if "emergency" in holding else "planned"
        today = local(now, self.zone).date()
        if any(now in span for span in self.week.on(today, self.zone)):
            return "holiday" if self.holidays(today) else None
        return "hours"

    def next_open(self, now: datetime) -> datetime | None:
        """`now` while open, else the next opening; None where none is in sight (closed until it is lifted)."""
        return next_start(self.open_intervals, now)

    def closes_at(self, now: datetime) -> datetime | None:
        """The next closing; None while closed, or where none is in sight (always open)."""
        return next_end(self.open_intervals, now)
