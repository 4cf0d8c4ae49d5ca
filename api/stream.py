"""The WebSocket: `hello` with a ticket, then `subscribe` and `resume` as often as wanted; events go the other way.

    {"type": "hello", "ticket": "…"}                          within 5 s, or 1008
    {"type": "subscribe", "topics": ["me", "desk:grp_…"]}     → snapshot, then events, in place of earlier topics
    {"type": "resume", "cursor": "…", "topics": ["me"]}       → resumed, what was missed, then events; or resync
    ← snapshot {cursor, topics, data} · event {cursor, event} · resumed {cursor, topics} · resync · heartbeat {at}

After `resync` nothing comes until the next `subscribe`. Closed with 1008 for a bad ticket, a foreign topic, what
can't be read, too many messages, or when the sign-in has ended; 1009 for more than 64 KiB; 1012 when this process
leaves; 1013 for who reads too slowly, or while the database is away. A foreign Origin gets 403 at the handshake.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.dependencies import public
from api.door import host_of
from api.outlets import LARGEST, Framed, Queued, outlet
from api.services import Services
from kit import strict_json
from kit.errors import BadRequest, Fault, Forbidden, Unavailable
from kit.logs import facts, logger
from kit.loops import Supervisor
from kit.readings import NO_LABELS
from kit.settings import Settings
from realtime.doorbell import Doorbell
from realtime.listener import Listener
from realtime.log import Logged
from realtime.stream import Stream
from realtime.topics import resolved

STREAM, DOORBELL = "stream", "doorbell"
HELLO_S = 5.0
SNAPSHOT_S = 20.0
BURST, PER_SECOND = 20, 1.0
"""Messages that a client may send at once, and how fast more are granted; a desk sends two when it connects."""

MOST = 5_000
"""Sockets of one process; each takes 17–36 KiB. Those that have not said hello yet count too."""
MOST_OF_ONE = 20
"""Streams of one sign-in; a desk has one, a person some tabs."""


class Flood(Forbidden):
    word, title = "flood", "Too many messages."


class BadTicket(Forbidden):
    word, title = "bad-ticket", "The ticket is unknown, used or expired."


class TooManyStreams(Forbidden):
    word, title = "too-many-streams", "This sign-in has too many streams open."


class TooLarge(BadRequest):
    status, word, title = 413, "too-large", "The message is too large."


def install(services: Services) -> Stream:
    """Make the stream and the doorbell of this process; they run while the application does."""
    observe = _observer(services)
    stream = Stream(services.database, services.clock, observe=observe, door=services.arrival_turns)
    doorbell = Doorbell(services.database)
    doorbell.on_ring.append(stream.wake.set)
    services.extras[STREAM], services.extras[DOORBELL] = stream, doorbell
    services.background.append(lambda: running(services, stream, doorbell))
    _measure(services, stream)
    return stream


def _measure(services: Services, stream: Stream) -> None:
    """Figures of the hub, read when they are scraped."""
    hub, read = stream.hub, services.metrics.reading

    def tell(name: str, words: str, figure: Callable[[], float], *, grows: bool = False) -> None:
        read(f"durchwahl_stream_{name}", words, lambda: {NO_LABELS: figure()}, grows=grows)

    tell("listeners", "Streams that are open.", lambda: len(hub.listeners))
    tell("unsent_bytes", "Bytes that listeners have not taken yet.", hub.unsent)
    tell("frames_sent_total", "Frames handed out.", lambda: hub.sent, grows=True)
    tell("too_slow_total", "Streams ended as nobody read them.", lambda: hub.too_slow, grows=True)
    tell("resyncs_total", "Listeners told to begin anew, as there was a hole.", lambda: hub.resyncs, grows=True)


def _observer(services: Services) -> Callable[[Sequence[Logged]], None]:
    """Counts what is handed out, and how late."""
    events = services.metrics.counter(
        "durchwahl_events", "Events handed out by this replica, which reads them all.", ("type",)
    )
    lag = services.metrics.histogram(
        "durchwahl_event_lag_seconds",
        "From the instant of an event, which is before its commit, to when this replica has handed it out.",
    )

    def observe(handed_out: Sequence[Logged]) -> None:
        now = services.clock.now()
        for event in handed_out:
            events.labels(event.type).inc()
            lag.observe(max(0.0, (now - event.at).total_seconds()))

    return observe


@contextlib.asynccontextmanager
async def running(services: Services, stream: Stream, doorbell: Doorbell) -> AsyncIterator[None]:
    loops = [*stream.loops(), *doorbell.loops()]
    try:
        async with Supervisor(loops, services.vitals.heartbeats, name="stream"):
            yield
    finally:
        stream.hub.close(1012, "restarting")
        await doorbell.close()


@public("a ticket in the first frame says who comes; it is got by POST /v1/stream/tickets")
async def listen(websocket: WebSocket) -> None:
    """One socket, from handshake to end."""
    services: Services = websocket.app.state.services
    stream: Stream | None = services.extras.get(STREAM)
    if _is_foreign(websocket, services.settings):
        await websocket.close()
        return
    if stream is None or stream.open >= MOST:
        await websocket.send_denial_response(Response(status_code=503, headers={"retry-after": "5"}))
        return
    stream.open += 1
    try:
        await websocket.accept()
        await _converse(websocket, stream)
    finally:
        stream.open -= 1


async def _converse(websocket: WebSocket, stream: Stream) -> None:
    out = outlet(websocket)
    conversation = asyncio.create_task(Conversation(websocket, stream, out).run())
    sending = asyncio.create_task(out.run())
    try:
        await asyncio.wait({conversation, sending}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done() and isinstance(out, Queued):
            await asyncio.wait({sending}, timeout=1)
    finally:
        for task in (conversation, sending):
            task.cancel()
        await asyncio.gather(conversation, sending, return_exceptions=True)


class Conversation:
    """What one client says, in order."""

    def __init__(self, websocket: WebSocket, stream: Stream, out: Framed | Queued) -> None:
        self._websocket, self._stream, self._out = websocket, stream, out
        self._granted, self._at = float(BURST), asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Until either side ends it; what is wrong is told by the close code and a word."""
        try:
            await self._talk()
        except WebSocketDisconnect:
            self._out.close(1000, "")
        except Fault as fault:
            self._out.close(_code(fault), fault.word)
        except TimeoutError:
            self._out.close(1013, "too slow just now; try again")
        except Exception as error:
            logger("api").error("stream.failed", **facts(error))
            self._out.close(1011, "internal")

    async def _talk(self) -> None:
        listener = await self._hello()
        try:
            while True:
                await self._do(listener, await self._message())
        finally:
            self._stream.hub.leave(listener)

    async def _hello(self) -> Listener:
        try:
            async with asyncio.timeout(HELLO_S):
                message = await self._message()
        except TimeoutError:
            raise BadTicket from None
        if message.get("type") != "hello" or not isinstance(message.get("ticket"), str):
            raise BadTicket
        listener = await self._stream.enter(message["ticket"], self._out)
        if listener is None:
            raise BadTicket
        if self._stream.hub.streams_of(listener.viewer.sign_in) > MOST_OF_ONE:
            self._stream.hub.leave(listener)
            raise TooManyStreams
        return listener

    async def _do(self, listener: Listener, message: Mapping[str, Any]) -> None:
        wanted = message.get("topics")
        topics = resolved(listener.viewer, wanted if isinstance(wanted, list) else [])
        async with asyncio.timeout(SNAPSHOT_S):
            if message.get("type") == "subscribe":
                await self._stream.subscribe(listener, topics)
            elif message.get("type") == "resume" and isinstance(message.get("cursor"), str):
                await self._stream.resume(listener, topics, message["cursor"])
            else:
                raise BadRequest

    async def _message(self) -> Mapping[str, Any]:
        """The next message. Raises `WebSocketDisconnect`, `Flood`, `TooLarge`, and what can't be read."""
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        self._count()
        text = (received.get("text") or "").encode(errors="surrogatepass")
        if len(text) > LARGEST:
            raise TooLarge
        message = strict_json.loads(text)
        if not isinstance(message, dict):
            raise BadRequest
        return message

    def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        self._granted = min(BURST, self._granted + (now - self._at) * PER_SECOND) - 1
        self._at = now
        if self._granted < 0:
            raise Flood


def _code(fault: Fault) -> int:
    """The close code for what went wrong: try again later, too large, or against the rules."""
    if isinstance(fault, Unavailable):
        return 1013
    return 1009 if isinstance(fault, TooLarge) else 1008


def _is_foreign(websocket: WebSocket, settings: Settings) -> bool:
    """Whether a page of somebody else opens this; programs send no Origin."""
    origin = websocket.headers.get("origin")
    if origin is None or origin in settings.allowed_origins.split():
        return False
    own = {websocket.headers.get("host"), urlsplit(settings.public_url).netloc or None}
    host = host_of(origin)
    return not host or host not in own
