"""Routing requests that are in flight at the same time share a transaction.

While a batch is decided, the requests that arrive meanwhile gather for the next one; so nobody waits for company,
batches grow with the load, and under load one decision for many costs a fraction of many decisions. A batch that
fails, or waits for a row that somebody holds, is taken apart beside the next ones: one bad call delays nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any

import asyncpg

from contacts import service
from contacts.answers import Answer
from contacts.exchange import Exchange
from kit import actors
from kit.actors import Actor
from kit.announcements import NewEvent
from kit.clock import Clock
from kit.database import Database
from kit.ids import encode
from telephony.inbound import InboundCall

LANES = 2
"""Batches under way at once: one is decided in Python while the database works on the other. With four the batches
are half as large and the rate is a quarter lower (348 instead of 458 calls a second on the same two cores)."""
MOST = 32
TOGETHER = timedelta(milliseconds=100)
"""How long a batch waits for a row that somebody else holds; a call alone waits as long as any transaction."""
APART = 6
"""Calls decided alone at the same time, of the pool's 16 connections."""

_PASSING = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError, asyncpg.ForeignKeyViolationError)
"""Stored first by another replica, in each other's way, a customer who was erased meanwhile: try again."""

Waiting = tuple[InboundCall, "asyncio.Future[Answer]", Actor]


class Gatherer:
    """One per process."""

    def __init__(self, database: Database, exchange: Exchange, clock: Clock) -> None:
        self._database, self._exchange, self._clock = database, exchange, clock
        self._queue: list[Waiting] = []
        self._lanes: set[asyncio.Task[None]] = set()
        self._taken_apart: set[asyncio.Task[None]] = set()
        self._alone = asyncio.Semaphore(APART)

    async def receive(self, call: InboundCall) -> Answer:
        """The answer to a call, committed. Raises what deciding it raised."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.append((call, answer, actors.current()))
        if len(self._lanes) < LANES:
            _begin(self._drain(), self._lanes)
        return await answer

    async def _drain(self) -> None:
        while self._queue:
            batch = self._take()
            try:
                await self._decide(batch)
            except Exception as error:
                for waiting in batch:
                    _begin(self._take_apart(waiting, error, len(batch)), self._taken_apart)

    def _take(self) -> list[Waiting]:
        """The next calls of one switch, each id once; a repeat waits for the next batch, and finds the first."""
        taken: dict[str, Waiting] = {}
        left: list[Waiting] = []
        who = self._queue[0][2].who
        for waiting in self._queue:
            if len(taken) < MOST and waiting[0].call_id not in taken and waiting[2].who == who:
                taken[waiting[0].call_id] = waiting
            else:
                left.append(waiting)
        self._queue = left
        return list(taken.values())

    async def _decide(self, batch: list[Waiting]) -> None:
        calls = [call for call, _, _ in batch]
        async with self._database.transaction(lock_wait=TOGETHER if len(batch) > 1 else None) as session:
            session.actor = batch[0][2]
            answers = await service.receive_calls(session, self._exchange, calls, self._clock.now())
            if len(batch) > 1:
                session.requests = _requests(session.announced, batch, answers)
        for (_, waiting, _), answer in zip(batch, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)

    async def _take_apart(self, waiting: Waiting, error: Exception, were: int) -> None:
        """What the call alone comes to, where it was one of many or the error may pass."""
        failed: Exception | None = error
        if were > 1 or isinstance(error, _PASSING):
            async with self._alone:
                failed = await self._again(waiting)
        if failed is not None and not waiting[1].done():
            waiting[1].set_exception(failed)

    async def _again(self, waiting: Waiting) -> Exception | None:
        """One call alone; another replica may have stored it first, and then it is found."""
        for _ in range(2):
            try:
                await self._decide([waiting])
            except Exception as error:
                failed = error
            else:
                return None
        return failed


def _begin(work: Coroutine[Any, Any, None], kept: set[asyncio.Task[None]]) -> None:
    """Beside whoever began it; kept, as the event loop alone holds no task."""
    task = asyncio.create_task(work, name="gathered calls")
    kept.add(task)
    task.add_done_callback(kept.discard)


def _requests(announced: Sequence[NewEvent], batch: Sequence[Waiting], answers: Sequence[Answer]) -> dict[str, str]:
    """By subject, which request an announcement is due to: the contact's, its offer's, its advisor's."""
    found = {
        encode("con", answer.contact_id): actor.request_id
        for (_, _, actor), answer in zip(batch, answers, strict=True)
    }
    for event in announced:
        if (offer := event.data.get("offer")) is not None:
            found[offer["id"]] = found[offer["advisor"]] = found.get(offer["contact"])
    return {subject: request_id for subject, request_id in found.items() if request_id is not None}
