"""NOTIFY between replicas: "look at the database", and nothing more.

It is rung after the commit, outside the transaction, at most once in 20 ms: a NOTIFY inside each routed transaction
takes a global lock at commit and costs two thirds of the throughput. Ringing and listening share one connection of
their own. It is asked for a sign of life every few seconds, as a listener behind a dead link looks open and hears
nothing. Whatever a doorbell should start is also looked at from time to time without one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg

from kit.database import Database
from kit.hosts import takes_writes
from kit.loops import Loop

CHANNEL = "durchwahl"
REST = timedelta(milliseconds=20)
SIGN_OF_LIFE = timedelta(seconds=5)
PATIENCE_S = 1.0


class Doorbell:
    """One per process. `on_ring` are called when another process has rung, and after each time of not hearing."""

    def __init__(self, database: Database) -> None:
        self.on_ring: list[Callable[[], None]] = []
        self._database = database
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._lock = asyncio.Lock()
        self._wanted = False
        self._wake = asyncio.Event()
        database.after_commit(self._committed)

    def loops(self) -> list[Loop]:
        return [
            Loop("doorbell-ring", self.ring_once, SIGN_OF_LIFE, wake=self._wake, rest=REST),
            Loop("doorbell-listen", self.listen_once, SIGN_OF_LIFE),
        ]

    def ring(self) -> None:
        """Tell the other processes, soon."""
        self._wanted = True
        self._wake.set()

    async def ring_once(self) -> bool:
        """Ring if somebody wants it; whether it was rung."""
        if not self._wanted:
            return False
        self._wanted = False
        await self._execute(f"NOTIFY {CHANNEL}")
        return True

    async def listen_once(self) -> None:
        """Connect where there is no connection, else see whether it is alive. Raises when it is not."""
        await self._execute("SELECT 1")

    async def close(self) -> None:
        async with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                await connection.close(timeout=PATIENCE_S)

    async def _execute(self, statement: str) -> None:
        async with self._lock:
            try:
                connection = await self._connected()
                await connection.execute(statement, timeout=PATIENCE_S)
            except BaseException:
                self._drop()
                raise

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._connection is not None:
            if not self._connection.is_closed() and takes_writes(self._connection):
                return self._connection
            self._drop()  # also one to a server that was demoted: nobody rings there any more
        self._connection = await self._database.connect()
        await self._connection.add_listener(CHANNEL, self._heard)
        self._tell()
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _heard(self, connection: Any, pid: int, _channel: str, _payload: object) -> None:
        if pid != connection.get_server_pid():
            self._tell()

    def _tell(self) -> None:
        for callback in self.on_ring:
            callback()

    def _committed(self, wakes: frozenset[str]) -> None:
        if wakes:
            self.ring()
