"""How often somebody may come: so many times in a window that begins with the first.

The notation is that of `limits` (`"1200/minute"`, `"5 per 10 minutes"`); the counting is our own, in memory and
for one process: with the library's storage a hit costs 7 µs and a thread now and then, here 0.8
(`python -m bench.rates`). So n replicas let through n times as much, which is also what they can take.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

import limits
from pydantic import AfterValidator

MOST = 50_000
"""Names counted at once, some 10 MB; the one whose window began first is forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`times` in each window of this length."""

    times: int
    window: timedelta

    @classmethod
    def parse(cls, text: str) -> Rate | None:
        """None for an empty text: no limit. Raises `ValueError`."""
        if not text:
            return None
        item = limits.parse(text)
        return cls(item.amount, timedelta(seconds=item.get_expiry()))


def _readable(text: str) -> str:
    Rate.parse(text)
    return text


RateText: TypeAlias = Annotated[str, AfterValidator(_readable)]
"""A setting: `"1200/minute"`, or empty for no limit."""


@dataclass(slots=True)
class Window:
    """One name's; `until` is when the next begins."""

    until: datetime
    times: int = 1


class Counting:
    """Counts by name. Nothing is counted where there is no rate."""

    def __init__(self, rate: Rate | None, most: int = MOST) -> None:
        self.rate, self._most = rate, most
        self._windows: OrderedDict[str | bytes, Window] = OrderedDict()

    def hit(self, name: str | bytes, now: datetime) -> int:
        """Count once; 0 where that is within the rate, else the seconds after which there is room again."""
        if self.rate is None:
            return 0
        window = self._windows.get(name)
        if window is None or now >= window.until:
            self._begin(name, now + self.rate.window)
            return 0
        window.times += 1
        return _left(window, now) if window.times > self.rate.times else 0

    def full(self, name: str | bytes, now: datetime) -> int:
        """As `hit` would answer now, without counting."""
        window = self._windows.get(name)
        if self.rate is None or window is None or now >= window.until or window.times < self.rate.times:
            return 0
        return _left(window, now)

    def forget(self, name: str | bytes) -> None:
        self._windows.pop(name, None)

    def __len__(self) -> int:
        return len(self._windows)

    def _begin(self, name: str | bytes, until: datetime) -> None:
        self._windows[name] = Window(until)
        self._windows.move_to_end(name)
        if len(self._windows) > self._most:
            self._windows.popitem(last=False)


def _left(window: Window, now: datetime) -> int:
    return int((window.until - now).total_seconds()) + 1
