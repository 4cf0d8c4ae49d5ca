"""The stream of one process: reads the log once and tells everybody who listens here.

Woken by commits of this process at once, by the doorbell of others, and every 200 ms in any case. Before events are
handed out, it is made sure that those who get them were still signed in a second ago.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from kit.clock import Clock
from kit.database import Database, ReadSession
from kit.loops import Loop
from kit.turns import ARRIVALS, Turns
from realtime import cursor as cursors
from realtime import envelope, log, tickets
from realtime.bells import Bells
from realtime.cursor import Cursor, ForeignCursor
from realtime.envelope import Frame
from realtime.hub import KEPT, Hub
from realtime.listener import Listener, Outlet
from realtime.log import Logged, PastIsGone
from realtime.snapshots import Snapshots
from realtime.topics import Topics

POLL = timedelta(milliseconds=200)
REST = timedelta(milliseconds=5)  # so that a burst of commits is read in a few statements
HEARTBEAT = timedelta(seconds=15)
BATCH = 500
FURTHEST = 2_000
"""Events that a listener may be behind what is kept in memory; for more, a snapshot is cheaper for both."""

SIGN_INS_S = 1.0  # how often sign-ins are looked at; five seconds are allowed
DOUBTS_S = 5.0  # how often the reader makes sure that nothing was dropped or restored under it
ATTEMPTS = 3


class Stream:
    """One per process. Its loops do the reading; `subscribe` and `resume` are called for each socket.

    `observe` hears of all events that were handed out. Who comes in, or begins anew, takes its turn at the `door`.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        kept: int = KEPT,
        monotonic: Callable[[], float] = time.monotonic,
        observe: Callable[[Sequence[Logged]], None] | None = None,
        door: Turns | None = None,
    ) -> None:
        self.hub = Hub(kept)
        self.bells = Bells()
        self.open = 0
        """Sockets, also those of which nobody knows yet who they are."""
        self.wake = asyncio.Event()
        self._database, self._clock, self._monotonic = database, clock, monotonic
        self._observe = observe
        self._snapshots = Snapshots(database, monotonic)
        self._ready = asyncio.Event()
        self._door = door or Turns(ARRIVALS, wait_s=15.0)
        self._sign_ins_at = self._trusted_at = float("-inf")
        database.after_commit(self._committed)

    def loops(self) -> list[Loop]:
        return [
            Loop("stream-follow", self.follow, POLL, wake=self.wake, rest=REST),
            Loop("stream-heartbeat", self.heartbeat, HEARTBEAT),
        ]

    async def follow(self) -> int:
        """Read what is new and hand it out; returns how many events there were."""
        try:
            await self.recheck()
            async with self._database.reading() as session:
                position = await self._position(session)
                events, position = await log.read_after(session, position, BATCH)
        except BaseException:
            self._trusted_at = float("-inf")
            raise
        self.hub.deliver([envelope.Message(event, position.epoch) for event in events], position)
        self.bells.ring(name for event in events for name in (event.subject, event.type))
        self._ready.set()
        if self._observe is not None and events:
            self._observe(events)
        if len(events) == BATCH:
            self.wake.set()
        return len(events)

    async def recheck(self) -> int:
        """End the streams of those who are no longer signed in, at most once a second; returns how many."""
        now = self._monotonic()
        if not self.hub.listeners or now - self._sign_ins_at < SIGN_INS_S:
            return 0
        asked = list(self.hub.listeners)
        sign_ins = sorted({listener.viewer.sign_in for listener in asked})
        async with self._database.reading() as session:
            found = await tickets.viewers(session, sign_ins, self._clock.now())
        self._sign_ins_at = now
        return self.hub.recheck(asked, {viewer.sign_in: viewer for viewer in found})

    async def heartbeat(self) -> None:
        self.hub.broadcast(envelope.heartbeat(self._clock.now()))

    async def enter(self, ticket: str, outlet: Outlet) -> Listener | None:
        """Somebody with a ticket; None where it opens nothing."""
        async with self._door.turn(), self._database.transaction() as session:
            viewer = await tickets.redeem(session, ticket, self._clock.now())
        if viewer is None:
            return None
        listener = Listener(viewer, outlet)
        self.hub.enter(listener)
        return listener

    async def subscribe(self, listener: Listener, topics: Topics) -> None:
        """Send a snapshot of the topics, then their events, in place of what was listened to before."""
        self.hub.mute(listener)
        await self._ready.wait()
        async with self._door.turn():
            await self._begin_with_snapshot(listener, topics)

    async def _begin_with_snapshot(self, listener: Listener, topics: Topics) -> None:
        for _ in range(ATTEMPTS):
            cursor, frame = await self._snapshots.take(topics)
            if listener not in self.hub.listeners or self.hub.tell(listener, topics, cursor, [frame]):
                return
            self._snapshots.forget(topics)
        self.hub.resync(listener)

    async def resume(self, listener: Listener, topics: Topics, text: str) -> None:
        """Send what has happened on the topics since the cursor, then what happens; or `resync`."""
        self.hub.mute(listener)
        await self._ready.wait()
        async with self._door.turn():
            await self._go_on(listener, topics, text)

    async def _go_on(self, listener: Listener, topics: Topics, text: str) -> None:
        try:
            cursor = cursors.parse(text)
            opening = [envelope.resumed(cursor, topics)]
            if not self.hub.knows(cursor):
                cursor, missed = await self._missed(listener, topics, cursor)
                opening += missed
        except (ForeignCursor, PastIsGone):
            self.hub.resync(listener)
            return
        if listener in self.hub.listeners and not self.hub.tell(listener, topics, cursor, opening):
            self.hub.resync(listener)

    async def _missed(self, listener: Listener, topics: Topics, cursor: Cursor) -> tuple[Cursor, list[Frame]]:
        """From the database what is not kept in memory, and the cursor behind it. Raises `PastIsGone`."""
        async with self._database.reading() as session:
            await log.check(session, cursor)
            events, end = await log.read_after(session, cursor, FURTHEST + 1)
        if len(events) > FURTHEST:
            raise PastIsGone
        listener.begin(frozenset(), cursor)
        messages = [envelope.Message(event, cursor.epoch) for event in events]
        frames = [listener.frame(message) for message in messages if topics & message.topics]
        return end, [frame for frame in frames if frame is not None]

    async def _position(self, session: ReadSession) -> Cursor:
        """Where to read on: at the end of the log at first, and anew where the past is gone."""
        position, now = self.hub.position, self._monotonic()
        if position is not None and now - self._trusted_at < DOUBTS_S:
            return position
        try:
            if position is not None:
                await log.check(session, position)
        except PastIsGone:
            position = None
        self._trusted_at = now
        return position or await self._begin(session)

    async def _begin(self, session: ReadSession) -> Cursor:
        last = await log.present(session)
        position = Cursor(last.epoch, last.xid, last.id)
        self.hub.begin(position)
        return position

    def _committed(self, wakes: frozenset[str]) -> None:
        if "events" in wakes:
            self.wake.set()
