"""The clock is handed in: live, corrected by the database's; virtual in replay and tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant as an aware UTC datetime."""

    def now(self) -> datetime: ...


class LiveClock:
    """The machine's clock plus its measured offset to the database's, so that all replicas agree."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def correct(self, database_now: datetime, asked_at: datetime, answered_at: datetime) -> timedelta:
        """Take the database's `now` as of the middle of the round trip; instants are this machine's own."""
        middle = asked_at + (answered_at - asked_at) / 2
        self.offset = database_now - middle
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
