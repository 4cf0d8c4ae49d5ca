"""What was measured, as this process shows it to Prometheus: read from the database at most every few seconds.

All replicas show the same figures, so rules take the maximum over instances. What has not been measured for long is
left out, as an old figure looks like a good one; `durchwahl_measured_age_seconds` says so.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

from kit.clock import Clock
from kit.database import Database
from kit.errors import Fault
from kit.metrics import Metrics
from kit.readings import Values
from reporting import measure_queries as queries
from reporting.measures import FIGURES, kinds
from reporting.measuring import Figures

READ_EVERY = timedelta(seconds=5)
PATIENCE_S = 2.0
PAUSES_MISSED = 4
"""After so many, with a minute on top, a kind of figures is left out."""


class Board:
    """One per process."""

    def __init__(self, clock: Clock, database: Database, metrics: Metrics) -> None:
        self._clock, self._database = clock, database
        self._read_at = datetime.min.replace(tzinfo=UTC)
        self._lock = asyncio.Lock()
        self._kept: dict[str, tuple[datetime, Figures]] = {}
        self._pauses = {kind.name: kind.pause for kind in kinds()}
        for name, figure in FIGURES.items():
            read = partial(self._values, name)
            metrics.reading(f"durchwahl_{name}", figure.words, read, figure.labels, grows=figure.grows)
        metrics.reading(
            "durchwahl_measured_age_seconds",
            "How long ago a kind of figures was measured in the database.",
            self._ages,
            ("kind",),
        )

    async def refresh(self) -> None:
        """Look at the database, unless that was done just now or it can't be reached."""
        async with self._lock:
            now = self._clock.now()
            if now - self._read_at < READ_EVERY:
                return
            self._read_at = now
            try:
                async with asyncio.timeout(PATIENCE_S), self._database.reading() as session:
                    rows = await queries.kept(session)
            except (Fault, OSError, TimeoutError):
                return
            self._kept = {row["kind"]: (row["measured_at"], row["figures"]) for row in rows}

    def _values(self, name: str) -> Values:
        now = self._clock.now()
        return {
            tuple(labels): value
            for kind, (measured_at, figures) in self._kept.items()
            if self._is_fresh(kind, now - measured_at)
            for labels, value in figures.get(name, [])
        }

    def _is_fresh(self, kind: str, age: timedelta) -> bool:
        pause = self._pauses.get(kind)
        return pause is not None and age < pause * PAUSES_MISSED + timedelta(minutes=1)

    def _ages(self) -> Values:
        now = self._clock.now()
        return {(kind,): (now - measured_at).total_seconds() for kind, (measured_at, _) in self._kept.items()}
