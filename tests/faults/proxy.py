"""A TCP proxy in user space that does to a connection what networks do: delay, throttle, swallow, reset, cut.

    async with Proxy("/run/postgresql/.s.PGSQL.5432") as proxy:
        proxy.weather = Weather(latency_s=0.3)
        cut = proxy.cut(Cut("down", 0, after="COMMIT"))
        proxy.reset()

No netem and no iptables, so it runs in any container. `up` is towards the server, `down` towards the client. The
weather is the same for every connection, those that are open included.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

Direction = Literal["up", "down"]

CHUNK = 65536
LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class Weather:
    """`black_hole`: connections are taken and stay open, and nothing comes through. Throttled per connection."""

    latency_s: float = 0.0
    bytes_per_s: float = 0.0
    """0: as many as there are."""
    black_hole: bool = False


FINE = Weather()


@dataclass
class Cut:
    """Resets one connection at a chosen byte, once.

    Counting begins with the words of the client that hold `after` (with the next ones where that is empty): so many
    `bytes` still pass in `direction`. `("up", 0, "COMMIT")`: the server never hears of the commit. `("down", 0,
    "COMMIT")`: it has committed, and the client never hears of that.
    """

    direction: Direction
    bytes: int
    after: str = ""
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Proxy:
    """Listens on a port of its own in front of a Unix socket or a (host, port). Entered once."""

    def __init__(self, target: Path | tuple[str, int]) -> None:
        self.target = target
        self.weather = FINE
        self.refuses = False
        """New connections are reset."""
        self.port = 0
        self.connections = 0
        self._links: set[_Link] = set()
        self._cuts: list[Cut] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()

    def cut(self, cut: Cut) -> Cut:
        """The next connection that fits is cut."""
        self._cuts.append(cut)
        return cut

    def forget_cuts(self) -> None:
        """Those that are still to come, counted already or not."""
        self._cuts.clear()
        for link in self._links:
            link.cut = None

    def reset(self) -> None:
        """End all connections, without a goodbye."""
        for link in list(self._links):
            link.abort()

    @contextlib.asynccontextmanager
    async def during(self, weather: Weather) -> AsyncIterator[None]:
        before, self.weather = self.weather, weather
        try:
            yield
        finally:
            self.weather = before

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        link = _Link(self, writer)
        self._links.add(link)
        try:
            if self.refuses:
                return
            with contextlib.suppress(OSError):
                await link.carry(reader, *await self._reach())
        finally:
            link.abort()
            self._links.discard(link)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.target, Path):
            return await asyncio.open_unix_connection(self.target)
        return await asyncio.open_connection(*self.target)

    def claim(self, said: bytes) -> Cut | None:
        """The cut that waits for what the client says now."""
        for cut in self._cuts:
            if cut.after.encode() in said:
                self._cuts.remove(cut)
                return cut
        return None


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._writers = [client]
        self.cut: Cut | None = None
        self._left = 0

    async def carry(
        self, from_client: asyncio.StreamReader, from_server: asyncio.StreamReader, to_server: asyncio.StreamWriter
    ) -> None:
        client = self._writers[0]
        self._writers.append(to_server)
        ways = [
            asyncio.create_task(self._pump("up", from_client, to_server)),
            asyncio.create_task(self._pump("down", from_server, client)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, way: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK):
            await self._weather(len(chunk))
            if self.cut is None and way == "up":
                self._begin_to_count(chunk)
            passes = self._may_pass(way, len(chunk))
            writer.write(chunk[:passes])
            await writer.drain()
            if passes < len(chunk):
                self._be_cut()
                return

    def _begin_to_count(self, said: bytes) -> None:
        self.cut = self._proxy.claim(said)
        self._left = self.cut.bytes if self.cut is not None else 0

    def _may_pass(self, way: Direction, size: int) -> int:
        if self.cut is None or self.cut.direction != way:
            return size
        passes = min(size, self._left)
        self._left -= passes
        return passes

    def _be_cut(self) -> None:
        assert self.cut is not None
        self.cut.done.set()
        self.abort()

    async def _weather(self, size: int) -> None:
        while self._proxy.weather.black_hole:  # noqa: ASYNC110 - tests change the weather by assigning it
            await asyncio.sleep(LOOK_S)
        weather = self._proxy.weather
        seconds = weather.latency_s + (size / weather.bytes_per_s if weather.bytes_per_s else 0.0)
        if seconds:
            await asyncio.sleep(seconds)

    def abort(self) -> None:
        for writer in self._writers:
            _abort(writer)


def _abort(writer: asyncio.StreamWriter) -> None:
    """With RST, as a router that forgot the connection."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
