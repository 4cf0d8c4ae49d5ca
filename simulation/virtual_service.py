"""The service in virtual time: the same services on the same database, with a clock that is moved from due to due.

What a process of the service does, this does, one thing after the other: every call of a service is a transaction
of its own, committed before the next; whoever frees an advisor or makes somebody wait dispatches right after the
commit; what falls due by itself is treated at its instant, which the database is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks import queries as callback_queries
from contacts import dispatch
from contacts.deadlines import DUE_WORK, Work, next_due
from contacts.exchange import Exchange
from kit.announcements import NewEvent
from kit.clock import VirtualClock
from kit.database import Database, ReadSession, Record, Row, Session

T = TypeVar("T")

MOST_ROUNDS = 50
"""Work that is due and stays due after so many rounds at one instant never ends."""
MOST_DIALS = 50
LATER = datetime.max.replace(tzinfo=UTC)
HOT = ("contacts", "offers", "callbacks", "callback_attempts", "presences", "switch_events")


class NeverDone(RuntimeError):
    """Something stays due at one instant, whatever is done about it."""


class Overheard(Session):
    """A transaction whose announcements are heard by the one who runs it, as a subscriber to the stream would."""

    def __init__(self, connection: AsyncConnection, raw: asyncpg.Connection[Record]) -> None:
        super().__init__(connection, raw)
        self.overheard: list[NewEvent] = []

    def announce(self, event: NewEvent) -> None:
        self.overheard.append(event)
        super().announce(event)


class VirtualService:
    """One process with one connection. `events` and `dials` gather what has been committed and not been taken."""

    def __init__(
        self,
        connection: AsyncConnection,
        raw: asyncpg.Connection[Record],
        exchange: Exchange,
        clock: VirtualClock,
    ) -> None:
        self._connection, self._raw = connection, raw
        self.exchange, self.clock = exchange, clock
        self.reading = ReadSession(connection, raw)
        self.events: list[NewEvent] = []
        self.dials: list[Row] = []
        self.transactions = 0
        self._known_due: Mapping[str, datetime] | None = None
        self._dispatch_at: datetime | None = None

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, database: Database, exchange: Exchange, clock: VirtualClock
    ) -> AsyncIterator[VirtualService]:
        async with database.lane() as lane:
            yield cls(lane.connection, lane.raw, exchange, clock)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def tidy(self) -> None:
        """What autovacuum does on a live server, at instants that are the same in every run."""
        for table in HOT:
            await self._raw.execute(f"VACUUM (ANALYZE) {table}")

    async def run(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Do `work` in a transaction and what a process does after its commit."""
        result, wakes = await self._committed(work)
        if "dials" in wakes:
            await self._hand_out()
        if "dispatch" in wakes:
            await self.dispatch()
        return result

    async def dispatch(self) -> None:
        """Match whoever is free with whoever waits, until nothing more fits."""
        while True:
            done, wakes = await self._committed(partial(dispatch.dispatch, exchange=self.exchange, now=self.now))
            if "dials" in wakes:
                await self._hand_out()
            if not done:
                self._dispatch_at = done.again_at
                return

    async def _hand_out(self) -> None:
        work = partial(callback_queries.hand_out, now=self.now, limit=MOST_DIALS)
        self.dials.extend((await self._committed(work))[0])

    async def _committed(self, work: Callable[[Session], Awaitable[T]]) -> tuple[T, frozenset[str]]:
        session = Overheard(self._connection, self._raw)
        async with self._raw.transaction():
            result = await work(session)
            await session.flush()
        self.transactions += 1
        if session.overheard:
            self.events.extend(session.overheard)
            self.something_changed()
        return result, frozenset(session.wakes)

    def something_changed(self) -> None:
        """Something that is not announced may fall due earlier than what was known."""
        self._known_due = None

    async def next_due(self) -> datetime | None:
        """The next instant at which something falls due by itself."""
        due = (*(await self._due()).values(), self._dispatch_at)
        return min((instant for instant in due if instant is not None), default=None)

    async def _due(self) -> Mapping[str, datetime]:
        if self._known_due is None:
            self._known_due = await next_due(self.reading, self.now)
        return self._known_due

    async def do_what_is_due(self) -> int:
        """Treat whatever is due at this instant, until nothing is; returns how much that was."""
        treated = 0
        if self._dispatch_at is not None and self._dispatch_at <= self.now:
            await self.dispatch()
            treated += 1
        for _ in range(MOST_ROUNDS):
            due = await self._due()
            work = next((work for work in DUE_WORK if due.get(work.name, LATER) <= self.now), None)
            if work is None:
                return treated
            treated += await self._treat(work)
            self.something_changed()
        raise NeverDone(f"something is due again and again at {self.now.isoformat()}")

    async def _treat(self, work: Work) -> int:
        due = sorted(await work.find(self.reading, self.now))
        for identifier in due:
            await self.run(partial(self._treat_one, work, identifier))
        return len(due)

    async def _treat_one(self, work: Work, identifier: UUID, session: Session) -> None:
        await work.treat(session, self.exchange, identifier, self.now)
