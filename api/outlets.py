"""How frames leave: under our own server as bytes framed once for all, under any other one by one.

`FramingProtocol` is uvicorn's protocol with a way around it: a frame that was made once is written to the transport
of each listener as it is. With 1,000 listeners at 50 events/s that halves the work, and needs no task and no queue
per listener: what can't be sent yet lies in the transport's buffer, whose length is known.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Any

from starlette.types import Send
from starlette.websockets import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from api.doorstep import Doorstep
from realtime.envelope import Frame

EXTENSION = "durchwahl.frames"
LARGEST = 64 * 1024  # bytes of a message that a client may send
PATIENCE_S = 5.0
"""For the other side to answer a close; then the connection is cut, as one that reads nothing never answers."""

SERVER_OPTIONS: dict[str, Any] = {"http": Doorstep, "ws_max_size": LARGEST, "ws_per_message_deflate": False}
"""For `uvicorn.Config(app, ws=FramingProtocol, **SERVER_OPTIONS)`."""


class FramingProtocol(WebSocketsSansIOProtocol):
    """Offers itself to the application, which may then write frames and close without waiting."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][EXTENSION] = self  # type: ignore[assignment]

    @property
    def open(self) -> bool:
        return not (self.close_sent or self.disconnected or self.transport.is_closing())

    def write(self, wire: bytes) -> None:
        if self.open:
            self.transport.write(wire)

    def unsent(self) -> int:
        return 0 if self.disconnected else self.transport.get_write_buffer_size()

    def finish(self, code: int, reason: str) -> None:
        """Close, also towards somebody who has stopped reading."""
        if not self.open:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(PATIENCE_S, self.transport.abort)


class Framed:
    """The outlet under our own server."""

    def __init__(self, protocol: FramingProtocol) -> None:
        self._protocol = protocol

    def send(self, frames: Sequence[Frame]) -> None:
        self._protocol.write(frames[0].wire if len(frames) == 1 else b"".join(frame.wire for frame in frames))

    def unsent(self) -> int:
        return self._protocol.unsent()

    def close(self, code: int, reason: str) -> None:
        self._protocol.finish(code, reason)

    async def run(self) -> None:
        """Nothing is left to do; ends never."""
        await asyncio.Event().wait()


class Queued:
    """The outlet under any other server: `run` sends what is queued, and returns when the stream is closed."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._queue: deque[bytes] = deque()
        self._unsent = 0
        self._closing: tuple[int, str] | None = None
        self._wake = asyncio.Event()

    def send(self, frames: Sequence[Frame]) -> None:
        if self._closing is None:
            self._queue.extend(frame.payload for frame in frames)
            self._unsent += sum(len(frame.payload) for frame in frames)
            self._wake.set()

    def unsent(self) -> int:
        return self._unsent

    def close(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = code, reason
            if self._unsent > LARGEST:
                self._queue.clear()
            self._wake.set()

    async def run(self) -> None:
        while self._queue or self._closing is None:
            self._wake.clear()
            while self._queue:
                payload = self._queue.popleft()
                await self._send({"type": "websocket.send", "text": payload.decode()})
                self._unsent -= len(payload)
            if self._closing is None:
                await self._wake.wait()
        code, reason = self._closing
        with contextlib.suppress(RuntimeError):  # the other side was faster
            await self._send({"type": "websocket.close", "code": code, "reason": reason})


def outlet(websocket: WebSocket) -> Framed | Queued:
    protocol = websocket.scope.get("extensions", {}).get(EXTENSION)
    return Framed(protocol) if isinstance(protocol, FramingProtocol) else Queued(websocket.send)
