"""Two replicas on one database, each with a pool and a memory of its own, let loose at the same instant."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from contacts import arrivals, dispatch, service
from contacts.deadlines import DUE_WORK
from contacts.exchange import Exchange
from contacts.gathering import Gatherer
from kit import invariants
from kit.clock import VirtualClock
from kit.database import RETRY, Database, Session
from kit.errors import Fault
from kit.settings import Settings
from routing.direct import decide
from routing.plan import Plan
from routing.problem import ContactProblem
from telephony.inbound import InboundCall, Signal
from tests.support import postgres
from tests.support.builders import MONDAY_MORNING
from tests.support.world import an_exchange

AT_EVERY_RACE = ("I1", "I2", "I3", "I5", "I7", "I8", "I20", "I21", "I22", "I23", "I24")
ATTEMPTS = 5

Work = Callable[["Replica", Session], Awaitable[Any]]


@dataclass
class Replica:
    """`decided` counts how often each contact was decided: more than once for one that came too late."""

    database: Database
    clock: VirtualClock
    decided: Counter[UUID] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.exchange: Exchange = an_exchange(decide=self._decide)
        self.gatherer = Gatherer(self.database, self.exchange, self.clock)

    def _decide(self, contact: ContactProblem) -> Plan:
        self.decided[contact.id] += 1
        return decide(contact)


@dataclass
class Replicas:
    """`race` sets works off together; `seen` counts what the database undid, by SQLSTATE."""

    first: Replica
    second: Replica
    clock: VirtualClock
    dice: random.Random
    seen: Counter[str] = field(default_factory=Counter)
    _calls: int = 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def race(self, *works: Work) -> list[Any]:
        """Each work in a transaction on a replica of its own; a refusal is a result, all else is raised."""
        barrier = asyncio.Barrier(len(works))
        replicas = (self.first, self.second) * len(works)
        racing = [self._run(replica, work, barrier) for replica, work in zip(replicas, works, strict=False)]
        return list(await asyncio.gather(*racing))

    async def _run(self, replica: Replica, work: Work, barrier: asyncio.Barrier) -> Any:
        handicap = self.dice.randrange(4)
        for attempt in range(ATTEMPTS):
            try:
                async with replica.database.transaction() as session:
                    if attempt == 0:
                        await barrier.wait()
                    for _ in range(handicap):
                        await session.fetch_value("SELECT 1")
                    return await work(replica, session)
            except asyncpg.PostgresError as error:
                self.seen[str(error.sqlstate)] += 1
                if error.sqlstate not in RETRY:
                    raise
            except Fault as refused:
                return refused
        raise AssertionError("undone every time")

    async def do(self, work: Work) -> Any:
        async with self.first.database.transaction() as session:
            return await work(self.first, session)

    async def look(self, sql: str, *arguments: Any) -> list[dict[str, Any]]:
        async with self.first.database.reading() as session:
            return await session.fetch(sql, *arguments)

    async def check(self) -> None:
        async with self.first.database.reading() as session:
            found = await invariants.violations(
                session, self.now, since=self.now - timedelta(seconds=1), only=AT_EVERY_RACE
            )
        assert found == {}, found

    @property
    def came_too_late(self) -> int:
        """Contacts that lost a race and were decided again."""
        decided = self.first.decided + self.second.decided
        return sum(times > 1 for times in decided.values())

    # --- what is done alone, before and after a race

    async def call(self, caller: str | None, dialled: str) -> str:
        self._calls += 1
        call_id = f"pbx-{self._calls}"
        await self.do(receives(call_id, caller, dialled))
        return call_id

    def new_call_id(self) -> str:
        self._calls += 1
        return f"pbx-{self._calls}"

    async def settle(self, seconds: float = 0) -> None:
        """Let time pass and do what is due, then dispatch until it rests."""
        self.clock.advance(seconds)
        for work in DUE_WORK:
            async with self.first.database.reading() as session:
                due = await work.find(session, self.now)
            for identifier in due:
                await self.do(lambda r, s, w=work, i=identifier: w.treat(s, r.exchange, i, self.now))  # type: ignore[misc]
        while await self.do(dispatches):
            pass

    async def everybody_is_free(self) -> None:
        """As if all calls had been over for a while; promises are settled."""
        self.clock.advance(1)
        async with self.first.database.transaction() as session:
            for sql in FORGET:
                await session.execute(sql, self.now)


FORGET = (
    "UPDATE offers SET state = 'rescinded', decided_at = $1 WHERE state = 'open'",
    "UPDATE callback_attempts SET ended_at = $1, result = 'rescinded' WHERE ended_at IS NULL",
    "UPDATE callbacks SET state = 'missed', since = $1 WHERE state = 'dialling'",
    "UPDATE callbacks SET state = 'settled', final_at = $1, final_reason = 'got_through', next_action_at = NULL "
    "WHERE final_at IS NULL",
    "UPDATE contacts SET state = 'lost_signal', ended_at = $1, ended_reason = 'forgotten', deadline_at = NULL "
    "WHERE ended_at IS NULL",
    "DELETE FROM channel_slots WHERE taken_at < $1",
    "UPDATE presences SET state = 'available', since = $1, idle_since = $1, deadline_at = NULL, next_state = NULL, "
    "lease_until = $1::timestamptz + interval '1 day'",
)


def receives(call_id: str, caller: str | None, dialled: str) -> Work:
    async def work(replica: Replica, session: Session) -> Any:
        call = InboundCall(call_id, caller, dialled)
        return await service.receive_call(session, replica.exchange, call, replica.clock.now())

    return work


def hears(call_id: str, type: str, leg: str = "advisor", identity: str | None = None, **more: Any) -> Work:  # noqa: A002
    signal = Signal(identity=identity or f"{leg}-{type}", type=type, leg=leg, **more)  # type: ignore[arg-type]

    async def work(replica: Replica, session: Session) -> Any:
        return await service.hear(session, replica.exchange, call_id, signal, replica.clock.now())

    return work


async def dispatches(replica: Replica, session: Session) -> Any:
    return await dispatch.dispatch(session, replica.exchange, replica.clock.now())


def treats(name: str, identifier: UUID) -> Work:
    """One piece of the work that falls due by itself."""
    (kind,) = [kind for kind in DUE_WORK if kind.name == name]

    async def work(replica: Replica, session: Session) -> Any:
        return await kind.treat(session, replica.exchange, identifier, replica.clock.now())

    return work


def in_scene(act: Callable[[Any], Awaitable[Any]]) -> Work:
    async def work(replica: Replica, session: Session) -> Any:
        return await act(await arrivals.scene_for(session, replica.exchange, replica.clock.now()))

    return work


@contextlib.asynccontextmanager
async def two_replicas(uri: str, settings: Settings, seed: int = 7) -> AsyncIterator[Replicas]:
    """On a fresh database, which notices a deadlock at once: a race that has one doesn't wait a second for it."""
    connection = await asyncpg.connect(postgres.as_owner(uri))
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '50ms'")
    await connection.close()
    clock = VirtualClock(MONDAY_MORNING)
    databases = [Database(uri, settings, application=f"replica {n}") for n in (1, 2)]
    first, second = (Replica(database, clock) for database in databases)
    try:
        yield Replicas(first, second, clock, random.Random(seed))
    finally:
        for database in databases:
            await database.close()
