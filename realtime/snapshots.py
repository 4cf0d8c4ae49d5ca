"""Snapshots for many at once: those who ask for the same share one, and only a few are read at the same time.

After a network failure everybody comes back within seconds; routing must not feel it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from kit.database import Database
from realtime import envelope, snapshot
from realtime.cursor import Cursor
from realtime.envelope import Frame
from realtime.topics import Topics

FRESH_S = 1.0  # what has changed since is told by the events after it
AT_ONCE = 2

Taken = tuple[Cursor, Frame]


class Snapshots:
    """Of one process."""

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._places = asyncio.Semaphore(AT_ONCE)
        self._shared: dict[Topics, tuple[float, asyncio.Task[Taken]]] = {}

    async def take(self, topics: Topics) -> Taken:
        """A snapshot at most a second old, and its cursor. Raises what the database raises."""
        self._forget_old()
        if topics not in self._shared:
            self._shared[topics] = self._monotonic(), asyncio.create_task(self._read(topics))
        return await asyncio.shield(self._shared[topics][1])

    def forget(self, topics: Topics) -> None:
        """Take a new one the next time: the events after the last are no longer at hand."""
        self._shared.pop(topics, None)

    async def _read(self, topics: Topics) -> Taken:
        async with self._places:
            cursor, data = await snapshot.take(self._database, topics)
        return cursor, envelope.snapshot(cursor, topics, data)

    def _forget_old(self) -> None:
        oldest = self._monotonic() - FRESH_S
        for topics, (begun_at, task) in list(self._shared.items()):
            if task.done() and (begun_at < oldest or task.cancelled() or task.exception() is not None):
                del self._shared[topics]
