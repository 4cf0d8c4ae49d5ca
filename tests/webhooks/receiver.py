"""A real receiver on this machine, which verifies signatures with the library that receivers use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

TOOK_IT = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Receiver:
    """`secret` verifies what comes; `answer` is what it says to what was verified."""

    port: int = 0
    secret: str = ""
    answer: bytes = TOOK_IT
    got: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    refused: int = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hooks?x=1"

    async def heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value for name, _, value in lines}
            body = await reader.readexactly(int(headers["content-length"]))
            self.heads.append(head)
            try:
                self.got.append(Webhook(self.secret).verify(body, headers))
                writer.write(self.answer)
            except WebhookVerificationError:
                self.refused += 1
                writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()


@contextlib.asynccontextmanager
async def listening(
    raw: Raw | None = None, receiver: Receiver | None = None, **more: Any
) -> AsyncIterator[Receiver]:
    """A receiver, or whatever else somebody puts behind the port."""
    found = receiver or Receiver()
    server = await asyncio.start_server(raw or found.heard, "127.0.0.1", 0, **more)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
