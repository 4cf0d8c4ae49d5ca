"""The one place that asks the database for its clock, so that all replicas judge deadlines alike."""

from __future__ import annotations

from datetime import timedelta

from kit.clock import LiveClock
from kit.database import ReadSession


async def measure(session: ReadSession, clock: LiveClock) -> timedelta:
    """Correct the clock by its offset to the database's; returns the offset."""
    asked_s = clock.monotonic()
    database_now = await session.fetch_value("SELECT clock_timestamp()")
    return clock.correct(database_now, asked_s, clock.monotonic())
