"""Somebody who watches the stream, as a wallboard does: keeps the view, tells of every change."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from realtime.fold import NOUNS, Thing, View

Ask = Callable[..., Awaitable[Any]]
"""A request by somebody who is signed in: `ask("POST", path)` → the body of the answer, None where refused."""

Hear = Callable[[str, Thing], None]
"""Told of each thing that is there or has changed: noun and public state."""


class Onlooker:
    """`watch_once` lasts as long as a connection does."""

    def __init__(self, url: str, ask: Ask) -> None:
        """`url` is that of the service, with `http` or `https`."""
        self._url = url.replace("http", "ws", 1) + "/v1/stream"
        self._ask = ask
        self.tells: list[Hear] = []
        """Who is told."""
        self.view = View.of(["all"], {})

    async def watch_once(self) -> None:
        """Follow everything until the connection ends or the past is gone."""
        issued = await self._ask("POST", "/v1/stream/tickets")
        if issued is None:
            return
        try:
            async with connect(self._url, max_size=None, compression=None) as socket:
                await socket.send(json.dumps({"type": "hello", "ticket": issued["ticket"]}))
                await socket.send(json.dumps({"type": "subscribe", "topics": ["all"]}))
                async for message in socket:
                    if not self._take_in(json.loads(message)):
                        return
        except (OSError, WebSocketException):
            return

    def _take_in(self, message: dict[str, Any]) -> bool:
        """Whether what follows can still be followed."""
        if message["type"] == "snapshot":
            self.view = View.of(message["topics"], message["data"])
            for noun, kind in NOUNS.items():
                for thing in list(self.view.data[kind.shelf].values()):
                    self._tell(noun, thing)
        elif message["type"] == "event":
            self.view.apply(message["event"])
            data = message["event"]["data"]
            for noun in NOUNS.keys() & data.keys():
                self._tell(noun, data[noun])
        return bool(message["type"] != "resync")

    def _tell(self, noun: str, thing: Thing) -> None:
        for hear in self.tells:
            hear(noun, thing)
