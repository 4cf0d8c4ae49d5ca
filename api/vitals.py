"""How this replica is: does its event loop turn, do its loops beat, is its pool free, is it leaving."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from kit.database import Database
from kit.heartbeats import Heartbeats
from kit.metrics import Metrics

TICK_S = 0.5
LOOKS = 25
"""How often between two ticks the loop is looked at: a stall of 40 ms is seen as one of 20 at least."""
LATE = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
TOO_LATE_S = 1.0
STUCK_S = 10.0
SILENT = timedelta(seconds=30)
FULL_TICKS = 10
"""A pool that was full at each of ten looks (5 s) is exhausted; one full moment is a busy one."""


class Vitals:
    """Written by one small task, read by `/livez` and `/readyz`; asks no database."""

    def __init__(
        self, database: Database, metrics: Metrics, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.heartbeats = Heartbeats(monotonic)
        self.draining = False
        self._database, self._metrics, self._monotonic = database, metrics, monotonic
        self._lag_s = 0.0
        self._late = metrics.histogram(
            "durchwahl_loop_late_seconds",
            "How late the event loop was at each of fifty looks a second.",
            buckets=LATE,
        )
        self._turned_at: float | None = None  # until somebody watches
        self._full: deque[bool] = deque(maxlen=FULL_TICKS)

    def drain(self) -> None:
        """Say that this replica is leaving, before its connections are closed."""
        self.draining = True

    def alive(self) -> bool:
        return self._turned_at is None or self._monotonic() - self._turned_at < STUCK_S

    def hindrances(self) -> list[str]:
        """Why no more work should come here; empty when all is well."""
        found = {
            "draining": self.draining,
            "loop_lag": self._lag_s >= TOO_LATE_S,
            "pool_exhausted": len(self._full) == FULL_TICKS and all(self._full),
        }
        silent = [f"silent:{name}" for name in self.heartbeats.silent(SILENT)]
        return [name for name, holds in found.items() if holds] + silent

    def note(self, lag_s: float) -> None:
        """The latest turn since the last tick came `lag_s` later than it should have."""
        self._turned_at = self._monotonic()
        self._lag_s = lag_s
        self._metrics.loop_lag_s = lag_s
        self._full.append(is_full(self._database))

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch(), name="vitals")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        while True:
            self.note(max([await self._look() for _ in range(LOOKS)]))

    async def _look(self) -> float:
        due = self._monotonic() + TICK_S / LOOKS
        await asyncio.sleep(TICK_S / LOOKS)
        late_s = max(0.0, self._monotonic() - due)
        self._late.observe(late_s)
        return late_s


def is_full(database: Database) -> bool:
    return database.exhausted
