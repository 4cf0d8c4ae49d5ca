"""Calls go first: everything else takes turns, so that a crowd of pages and dashboards delays no caller.

What waits here costs nothing. Without turns a crowd has all connections to the database and hundreds of tasks on
the event loop, and each step of a call's decision waits behind all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from kit.errors import Unavailable

REQUESTS = 8
"""Requests that work at once, besides those of the switch: half of the pool's connections."""
ARRIVALS = 3
"""Dashboards that come in at once: after a break all of them do."""
REPORTS = 2
"""Reports that are computed at once; each may take as long as its statements are allowed to."""


class Turns:
    """So many at a time; the others wait in the order in which they came, and are sent away after `wait_s`."""

    def __init__(self, at_once: int, wait_s: float) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._wait_s = wait_s

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises `Unavailable` where it doesn't come in time."""
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(retry_after_s=5) from None
        try:
            yield
        finally:
            self._free.release()
