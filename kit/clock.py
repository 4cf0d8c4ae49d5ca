"""The clock is handed in: live, corrected by the database's; virtual in replay and tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant as an aware UTC datetime."""

    def now(self) -> datetime: ...


def machine_clock() -> datetime:
    return datetime.now(UTC)


class LiveClock:
    """The database's instant as it was measured last, and what has passed since, so that all replicas agree.

    Until the first measurement it begins with the machine's clock. That may be wrong, set or jump: no deadline
    moves, as time passes by the monotonic clock.
    """

    def __init__(
        self, wall: Callable[[], datetime] = machine_clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self.monotonic = wall, monotonic
        self._at, self._at_s = wall(), monotonic()
        self.offset = timedelta(0)
        """Of the database's clock to the machine's, when it was measured last: a large one is worth an alarm."""

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self.monotonic() - self._at_s)

    def correct(self, database_now: datetime, asked_s: float, answered_s: float) -> timedelta:
        """Compare with the database's `now`, told within a round trip by the monotonic clock; returns the offset.

        Where we say what the database may say by now, nothing changes: a slow answer would only make the clock
        worse, by up to half of what it took. Otherwise it is taken as of the middle.
        """
        said = self._at + timedelta(seconds=answered_s - self._at_s)
        if not database_now <= said <= database_now + timedelta(seconds=answered_s - asked_s):
            self._at, self._at_s = database_now, asked_s + (answered_s - asked_s) / 2
        self.offset = self.now() - self._wall()
        return self.offset


class VirtualClock:
    """Stands still until it is moved; moving backwards is refused."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move_to(self, instant: datetime) -> None:
        if instant < self._now:
            raise ValueError(f"the clock would go back from {self._now} to {instant}")
        self._now = instant

    def advance(self, seconds: float) -> None:
        self.move_to(self._now + timedelta(seconds=seconds))
