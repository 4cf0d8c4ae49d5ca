"""Days, times and waits as a person would say them: "morgen um 9 Uhr", "heute gegen 14 Uhr", "1 bis 3 Minuten".

`Words` holds what stays the same during one conversation: the language, the market's zone, and the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_day_names, get_month_names

from kit.catalogue import Catalogue
from kit.local_time import local

Sense = Literal["on", "at", "about", "from", "until"]

LONG_WAIT_MINUTES = 30
"""Beyond this no number is told, only that it is more."""
NAME_THE_YEAR = timedelta(days=180)


@dataclass(frozen=True)
class Words:
    """The words of one conversation. `now` is when they are said; days are those of `zone`."""

    catalogue: Catalogue
    language: str
    zone: ZoneInfo
    now: datetime

    def say(self, key: str, /, **args: object) -> str:
        return self.catalogue.say(key, self.language, **args)

    def when(self, sense: Sense, at: datetime) -> str:
        """`on`: "am Mittwoch, 25. November"; `at`: "heute um 14 Uhr"; `about`, `from`, `until` likewise."""
        return self.say(f"time.{self._day(at)}_{sense}", clock=self.clock(at), **self._date(at))

    def window(self, starts_at: datetime, ends_at: datetime) -> str:
        """ "morgen zwischen 9 Uhr und 9 Uhr 30"; both on the day of the start."""
        begin, end = self.clock(starts_at), self.clock(ends_at)
        return self.say(f"time.{self._day(starts_at)}_between", start=begin, end=end, **self._date(starts_at))

    def clock(self, at: datetime) -> str:
        """ "9 Uhr 30", "9:30 am"."""
        shown = local(at, self.zone)
        half = "am" if shown.hour < 12 else "pm"
        hour = (shown.hour - 1) % 12 + 1 if _says_am_and_pm(self._spoken) else shown.hour
        if shown.minute == 0:
            return self.say(f"time.hour_{half}", hour=hour)
        return self.say(f"time.hour_minute_{half}", hour=hour, minute=f"{shown.minute:02}")

    def wait(self, low_s: float, high_s: float | None = None) -> str:
        """An expected wait, or a range of it, in whole minutes; reads after "es dauert voraussichtlich"."""
        low, high = int(low_s // 60), ceil((low_s if high_s is None else max(low_s, high_s)) / 60)
        if low >= LONG_WAIT_MINUTES:
            return self.say("time.wait_long", count=LONG_WAIT_MINUTES)
        if high_s is None or low >= high:
            return self.say("time.wait_minutes", count=max(high, 1))
        if low < 1:
            return self.say("time.wait_up_to", count=max(high, 1))
        return self.say("time.wait_range", low=low, high=high)

    def shown(self, at: datetime) -> str:
        """Date and time as they are written in a table or a mail."""
        return format_datetime(local(at, self.zone), "short", locale=_locale(self._spoken))

    def day(self, at: datetime) -> str:
        """ "Mittwoch, 25. November 2026": true also for whoever reads it days later."""
        return format_date(local(at, self.zone).date(), "full", locale=_locale(self._spoken))

    def name_of_language(self, tag: str) -> str:
        """ "Deutsch" for `de`, in the language of the conversation; the tag where it is unknown."""
        return str(_locale(self._spoken).languages.get(tag.split("-")[0], tag))

    @property
    def _spoken(self) -> str:
        return self.catalogue.language_for(self.language)

    def _day(self, at: datetime) -> str:
        days = (local(at, self.zone).date() - local(self.now, self.zone).date()).days
        return {0: "today", 1: "tomorrow"}.get(days, "date")

    def _date(self, at: datetime) -> dict[str, str]:
        """The weekday, and the day of the month; with the year where that is far away."""
        shown, locale = local(at, self.zone), _locale(self._spoken)
        month = get_month_names("wide", locale=locale)[shown.month]
        first = "time.first_of_month" if shown.day == 1 else "time.day_of_month"
        date = self.say(first, day=shown.day, month=month)
        if abs(at - self.now) > NAME_THE_YEAR:
            date = self.say("time.date_and_year", date=date, year=shown.year)
        return {"weekday": get_day_names("wide", locale=locale)[shown.weekday()], "date": date}


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


@lru_cache(maxsize=64)
def _says_am_and_pm(language: str) -> bool:
    return "a" in _locale(language).time_formats["short"].pattern
