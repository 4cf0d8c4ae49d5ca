"""Who is free gets who waits, again and again until nothing more fits; large bursts in a process apart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from time import monotonic

from contacts import dispatch
from contacts.bursts import Burst, Solver
from contacts.exchange import Exchange
from kit.clock import Clock
from kit.database import Database, Session
from routing.matching import Pair

PAIRS_AT_ONCE = 50
"""Of a burst, in one transaction."""


class Dispatching:
    """The dispatch of one process. `freed` wakes it."""

    def __init__(self, database: Database, exchange: Exchange, clock: Clock) -> None:
        self.solver = Solver()
        """For large bursts; where nobody has entered it they are matched one by one."""
        self.freed = asyncio.Event()
        self._database, self._exchange, self._clock = database, exchange, clock
        self._freed_at: float | None = None

    def wake(self) -> None:
        """Somebody is free, or waits, since now."""
        self._freed_at = self._freed_at or monotonic()
        self.freed.set()

    async def run_once(self) -> int:
        """Match until nothing more fits; returns how many were offered."""
        freed_at, self._freed_at = self._freed_at, None
        offered = 0
        while done := await self._database.run(self._pass):
            offered += done.contacts + done.callbacks
            if done.burst is not None:
                together = await self._together(done.burst)
                offered += together
                if not together:  # others are at it; the next turn looks again
                    break
        if freed_at is not None:
            self._exchange.meters.dispatched(monotonic() - freed_at)
        return offered

    async def _pass(self, session: Session) -> dispatch.Dispatched:
        return await dispatch.dispatch(session, self._exchange, self._clock.now(), "elsewhere")

    async def _together(self, burst: Burst) -> int:
        """Match a large burst apart, and offer the pairs in short transactions; one by one where that fails."""
        async with self._database.transaction() as session:
            burst = await dispatch.whole_burst(session, self._exchange, burst)
        pairs = await self.solver.solve(burst.waiting, burst.people, burst.now)
        offered = 0
        for first in range(0, len(pairs or ()), PAIRS_AT_ONCE):
            batch = (pairs or ())[first : first + PAIRS_AT_ONCE]
            offered += (await self._database.run(partial(self._offer_pairs, batch, burst))).contacts
        return offered or (await self._database.run(self._one_by_one)).contacts

    async def _offer_pairs(self, pairs: Sequence[Pair], burst: Burst, session: Session) -> dispatch.Dispatched:
        return await dispatch.offer_pairs(session, self._exchange, self._clock.now(), pairs, burst)

    async def _one_by_one(self, session: Session) -> dispatch.Dispatched:
        return await dispatch.dispatch(session, self._exchange, self._clock.now(), "one_by_one")
