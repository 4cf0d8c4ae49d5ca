"""A week as people plan it: opening hours or a working pattern, by the wall clock.

Written as `{"mon": [["08:00", "12:00"], ["13:00", "17:00"]], "fri": [["08:00", "24:00"]]}`. A day that is missing
is off; what goes on past midnight is written on both days.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from kit.errors import Error, Unprocessable
from kit.intervals import Interval, clip
from kit.local_time import MINUTES_A_DAY, at_minute, local

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)", re.ASCII)

Span = tuple[int, int]
"""Minutes after local midnight: from, until."""


class BadWeek(Unprocessable):
    """Codes: `unknown_weekday`, `not_a_clock_time`, `ends_before_it_starts`, `overlaps`."""

    word, title = "bad-week", "That is not a week of opening or working hours."


@dataclass(frozen=True)
class Week:
    """Seven days from Monday, each with its spans in ascending order."""

    days: tuple[tuple[Span, ...], ...]

    @classmethod
    def parse(cls, written: Mapping[str, Sequence[Sequence[str]]], pointer: str = "") -> Week:
        """Raises `BadWeek`, pointing at the day."""
        if unknown := [day for day in written if day not in WEEKDAYS]:
            raise BadWeek(*(Error(pointer, "unknown_weekday") for _ in unknown))
        return cls(tuple(_spans(written.get(day, ()), f"{pointer}/{day}") for day in WEEKDAYS))

    @staticmethod
    @lru_cache(maxsize=4096)
    def read(text: str) -> Week:
        """A week as the database keeps it, in JSON; remembered, as many people have the same. Raises `BadWeek`."""
        return Week.parse(json.loads(text))

    def on(self, day: date, there: ZoneInfo) -> Iterator[Interval]:
        for starts, ends in self.days[day.weekday()]:
            yield Interval(at_minute(day, starts, there), at_minute(day, ends, there))

    def between(
        self,
        starts_at: datetime,
        ends_at: datetime,
        there: ZoneInfo,
        off: Callable[[date], bool] = lambda _: False,
    ) -> list[Interval]:
        """The spans within `[starts_at, ends_at)` as instants, without the days that are `off`."""
        day, last = local(starts_at, there).date(), local(ends_at, there).date()
        found: list[Interval] = []
        while day <= last:
            if not off(day):
                found.extend(self.on(day, there))
            day += timedelta(days=1)
        return clip(found, starts_at, ends_at)

    def mask(self) -> int:
        """The hours of the week (bit 0 is Monday 00:00 to 01:00) of which at least half is on."""
        return _mask(self)


ALWAYS = Week((((0, MINUTES_A_DAY),),) * 7)


@lru_cache(maxsize=4096)
def _mask(week: Week) -> int:
    on = [0] * (7 * 24)
    for weekday, spans in enumerate(week.days):
        for since, until in spans:
            for hour in range(since // 60, -(-until // 60)):
                on[weekday * 24 + hour] += min(until, hour * 60 + 60) - max(since, hour * 60)
    return sum(1 << hour for hour, minutes in enumerate(on) if minutes >= 30)


def _spans(written: Sequence[Sequence[str]], pointer: str) -> tuple[Span, ...]:
    spans = sorted(_span(pair, pointer) for pair in written)
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise BadWeek(Error(pointer, "overlaps"))
    return tuple(spans)


def _span(pair: Sequence[str], pointer: str) -> Span:
    if isinstance(pair, str) or len(pair) != 2:
        raise BadWeek(Error(pointer, "not_a_clock_time"))
    since, until = (_minute(text, pointer) for text in pair)
    if until <= since:
        raise BadWeek(Error(pointer, "ends_before_it_starts"))
    return since, until


def _minute(text: object, pointer: str) -> int:
    """Minutes after midnight of a clock time `HH:MM`, `24:00` included."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadWeek(Error(pointer, "not_a_clock_time"))
    hours, minutes = (int(part) for part in found.groups() if part is not None)
    return hours * 60 + minutes
