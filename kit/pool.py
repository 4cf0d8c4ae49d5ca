"""Connections kept open and lent out one at a time.

SQLAlchemy's pool goes through a greenlet for each checkout and return, which costs more than a short transaction
itself (100 of 190 µs). Here a checkout takes from a list. The connection of SQLAlchemy on top stays open as long as
its connection to the database, so that `Session.orm` finds it ready.

What the database closed is seen before it is lent (the socket tells), and so is a server that no longer takes
writes: it would go on answering reads with what is ever older. When one connection turns out to be useless, all are
thrown away, as they lead to the same server: those that lie idle at once, those that are lent when they come back.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kit.hosts import Raw, takes_writes


class PoolExhausted(Exception):
    """Nothing was given back in time."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One connection to the database, as both manners see it."""

    connection: AsyncConnection
    raw: Raw
    generation: int
    """It is of use as long as this is the pool's."""


class Pool:
    """At most `size` connections, opened when they are first needed."""

    def __init__(self, engine: AsyncEngine, size: int, timeout_s: float) -> None:
        self.size, self.lent, self.refused = size, 0, 0
        """How many there may be, how many are lent out, and how often nobody gave one back in time."""
        self._engine, self._timeout_s = engine, timeout_s
        self._idle: list[Lane] = []
        self._generation = 0
        self._free = asyncio.Semaphore(size)

    @property
    def exhausted(self) -> bool:
        """Whether all are lent. One that is still being opened does not count: while a database can't be reached
        everybody waits for it, and that is not this pool's fault."""
        return self.lent >= self.size

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def take(self) -> Lane:
        """Raises `PoolExhausted`, and whatever opening a connection raises."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._free.acquire()
        except TimeoutError:
            self.refused += 1
            raise PoolExhausted from None
        try:
            lane = await self._open_idle() or await self._open()
        except BaseException:
            self._free.release()
            raise
        self.lent += 1
        return lane

    async def give_back(self, lane: Lane) -> None:
        self._released()
        if lane.generation == self._generation:
            self._idle.append(lane)
        else:
            await self._end(lane)

    async def discard(self, lane: Lane) -> None:
        """This one was left in the middle of something; nothing is known against the others."""
        self._released()
        await self._end(lane)

    async def throw_away(self, lane: Lane) -> None:
        """The connection is of no more use, and so is none of the others."""
        await self.discard(lane)
        await self._renew()

    async def _renew(self) -> None:
        self._generation += 1
        await self.drop_idle()

    async def drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for lane in idle:
            await self._end(lane)

    async def close(self) -> None:
        await self.drop_idle()
        await self._engine.dispose()

    def _released(self) -> None:
        self.lent -= 1
        self._free.release()

    async def _open_idle(self) -> Lane | None:
        while self._idle:
            lane = self._idle.pop()
            if lane.raw.is_closed():
                await self._end(lane)  # what SQLAlchemy has put on top is still open
                continue
            if takes_writes(lane.raw):
                return lane
            await self._end(lane)
            await self._renew()
        return None

    async def _open(self) -> Lane:
        generation = self._generation
        connection = await self._engine.connect()
        try:
            raw = (await connection.get_raw_connection()).driver_connection
        except BaseException:
            await connection.close()
            raise
        return Lane(connection, cast(Raw, raw), generation)

    async def _end(self, lane: Lane) -> None:
        lane.raw.terminate()
        for end in (lane.connection.invalidate, lane.connection.close):
            with contextlib.suppress(Exception):
                await end()
