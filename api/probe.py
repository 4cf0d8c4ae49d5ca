"""Whether the database can be written, found out by writing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from accounts import queries
from kit.clock import Clock
from kit.database import Database
from kit.errors import Fault
from kit.metrics import Metrics

ASKED_EVERY = timedelta(seconds=10)
PATIENCE_S = 2.0


class WriteProbe:
    """A real row, so that a server turned read-only shows; at most every ten seconds.

    On a full disk this row finds room, as it replaces itself: what others were told since the last look counts.
    """

    def __init__(self, clock: Clock, database: Database, metrics: Metrics) -> None:
        self._clock, self._database, self._metrics = clock, database, metrics
        self._asked_at = datetime.min.replace(tzinfo=UTC)
        self._without_room = 0
        self._lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Set `durchwahl_db_writable`; a second scrape meanwhile waits for the same answer."""
        async with self._lock:
            now = self._clock.now()
            if now - self._asked_at >= ASKED_EVERY:
                self._metrics.db_writable = float(await self._writable(now))
                self._asked_at = now

    async def _writable(self, now: datetime) -> bool:
        before, self._without_room = self._without_room, self._database.without_room
        if self._without_room > before:
            return False
        try:
            async with asyncio.timeout(PATIENCE_S), self._database.transaction() as session:
                await queries.write_probe(session, now)
        except (Fault, OSError, TimeoutError):
            return False
        return True
