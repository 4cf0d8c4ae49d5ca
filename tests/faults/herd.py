"""All dashboards lose their connection at the same instant and come back at once, while calls go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from kit.clock import LiveClock
from kit.settings import Settings
from tests.faults.callers import calling
from tests.faults.town import GENERAL, Town
from tests.support.api import a_person

AT_ONCE = 200
"""How many are on their way at the same time: a browser, too, waits for its own connections."""


@dataclass
class Dashboard:
    """One browser with its own sign-in; it remembers where it was."""

    http: httpx2.AsyncClient
    token: str
    port: int
    cursor: str = ""
    socket: ClientConnection | None = None
    holes: int = 0

    async def come(self) -> None:
        """With the cursor of the last time, if there was one. Tries until it is there."""
        while self.socket is None:
            with contextlib.suppress(OSError, httpx2.TransportError, WebSocketException, KeyError):
                await self._come()
                return
            await asyncio.sleep(0.2)

    async def _come(self) -> None:
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": uuid4().hex}
        url = f"http://127.0.0.1:{self.port}/v1/stream/tickets"
        ticket = (await self.http.post(url, headers=headers)).json()["ticket"]
        socket = await connect(f"ws://127.0.0.1:{self.port}/v1/stream", compression=None, max_size=None)
        await socket.send(json.dumps({"type": "hello", "ticket": ticket}))
        wanted: dict[str, Any] = {"type": "subscribe"}
        if self.cursor:
            wanted = {"type": "resume", "cursor": self.cursor}
        await socket.send(json.dumps({**wanted, "topics": ["all"]}))
        told = json.loads(await socket.recv())
        self.holes += told["type"] == "resync"
        self.cursor, self.socket = told.get("cursor", ""), socket

    async def closed(self) -> int | None:
        """Reads until the other side ends it; with which code."""
        assert self.socket is not None
        with contextlib.suppress(ConnectionClosed):
            async for _ in self.socket:
                pass
        code, self.socket = self.socket.close_code, None
        return code

    def lose(self) -> None:
        """As when a network goes away: no goodbye."""
        if self.socket is not None:
            self.socket.transport.abort()
            self.socket = None


@dataclass
class Herd:
    """`back_s`: until the last was back. `waits_s`: how long each call waited for its answer meanwhile."""

    number: int
    back_s: float = 0.0
    waits_s: list[float] = field(default_factory=list)
    refused: int = 0
    resynced: int = 0

    @property
    def p99_ms(self) -> float:
        return 1000 * sorted(self.waits_s)[int(len(self.waits_s) * 0.99)]


async def stampede(town: Town, settings: Settings, number: int) -> Herd:
    """`number` dashboards, spread over the replicas."""
    herd = Herd(number)
    async with dashboards(town, settings, number) as all_of_them:
        await come_all(all_of_them)
        for dashboard in all_of_them:
            dashboard.lose()
        ports = [replica.port for replica in town.replicas]
        async with calling(town.people.telephony, GENERAL, ports) as heard:
            began = time.monotonic()
            await come_all(all_of_them)
            herd.back_s = time.monotonic() - began
            await asyncio.sleep(1)
        herd.waits_s, herd.refused = heard.waits_s, heard.refused
        herd.resynced = sum(dashboard.holes for dashboard in all_of_them)
    return herd


async def come_all(dashboards: Sequence[Dashboard]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def through_the_gate(dashboard: Dashboard) -> None:
        async with gate:
            await dashboard.come()

    await asyncio.gather(*(through_the_gate(dashboard) for dashboard in dashboards))


@contextlib.asynccontextmanager
async def dashboards(town: Town, settings: Settings, number: int) -> AsyncIterator[list[Dashboard]]:
    clock = LiveClock()
    async with town.database.transaction() as session:
        tokens = [await a_person(session, clock, settings, "supervisor") for _ in range(number)]
    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx2.AsyncClient(timeout=15, limits=limits) as http:
        ports = [replica.port for replica in town.replicas]
        made = [Dashboard(http, token, ports[n % len(ports)]) for n, token in enumerate(tokens)]
        try:
            yield made
        finally:
            for dashboard in made:
                dashboard.lose()
