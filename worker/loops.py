"""The loops of a replica: any number of replicas may run them, each piece of work is done once.

- `dispatch` is woken by every commit that frees an advisor or makes somebody wait, and looks every 200 ms anyway.
- `inboxes` offers chats and mails to whoever has room for one, woken by the same commits.
- `deadlines` does whatever falls due by itself, each item in a transaction of its own.
- `clock` measures this machine's offset to the database's clock, by which all deadlines are judged.
- `months` makes next month's partitions ahead of time; `numbers` puts numbers to rest and lets rested ones back.
- `books` computes, carries out and takes back the run of the book that is under way.
- `handling` learns from contacts how much time customers take.
- `leavers` hands the books of those who leave to others.
- `slots` gives the next day's callbacks exact times within their windows.
- `messages` sends what is due in the outbox; it is woken by every commit that puts something there.
- `webhooks-follow` reads the event log for subscribers, in one process at a time; `webhooks-send` sends to them.
- `notes` lets unread notes follow their customer to another advisor.
- `measure` measures the invariants and what operators look at, each kind by one replica at a time.
- `answers` forgets answers kept for repeats.
- `seals` chains what has been written to the audit.
- `retention` lets go, once a day, of what has been kept long enough.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any
from uuid import UUID, uuid4

from audit import sealing
from books import work as book_work
from books.computing import WARM, Workshop
from contacts import handing_out, handling, notes, planning
from contacts.deadlines import DUE_WORK, Work
from contacts.exchange import Exchange
from correspondence import service as correspondence
from customers import handover
from customers.books import Books
from direct_dial import service as direct_dial
from kit import months, secret
from kit.apart import Apart
from kit.clock import Clock, LiveClock
from kit.database import Database, Session
from kit.logs import facts, logger
from kit.loops import Loop
from kit.offset import measure
from kit.settings import Settings
from notifications import delivery
from notifications.couriers import Courier
from notifications.letters import Writers
from notifications.post_office import courier_of
from privacy import retention
from reporting.measuring import Measuring
from webhooks import addresses
from webhooks.fanout import Fanout
from webhooks.receiver import OverHttp, Receivers
from webhooks.sending import Sender, Sending
from worker.dispatching import Dispatching
from worker.post import writers_of

POLL = timedelta(milliseconds=200)
INBOXES_EVERY = timedelta(seconds=2)
"""Nobody holds a line for a chat or a mail; whoever gets room wakes the loop besides."""
CLOCK_EVERY = timedelta(seconds=5)
WORST_OFFSET = timedelta(seconds=2)
MESSAGES_EVERY = timedelta(seconds=5)
FOLLOW_REST = timedelta(milliseconds=50)
"""Events that come together are read together."""

WEBHOOKS_EVERY = timedelta(seconds=1)
MEASURE_EVERY = timedelta(seconds=5)
SLOTS_EVERY = timedelta(minutes=1)
BOOKS_EVERY = timedelta(seconds=2)
MONTHS_AHEAD = 2

log = logger("worker")


class Worker:
    """What the loops of one process share."""

    def __init__(
        self,
        database: Database,
        exchange: Exchange,
        clock: Clock,
        settings: Settings | None = None,
        courier: Courier | None = None,
        receivers: Receivers | None = None,
    ) -> None:
        self.database, self.exchange, self.clock, self.settings = database, exchange, clock, settings
        self.books = Books()
        self.measuring = Measuring(database, clock.now)
        self.workshop = Workshop(database, Apart(WARM), clock, exchange.new_id)
        self.dispatching = Dispatching(database, exchange, clock)
        self.slot_solver = Apart(("ortools.sat.python.cp_model",))
        self.courier = courier or courier_of(settings or Settings())
        self.fanout = Fanout(database, clock, exchange.new_id, holder=uuid4().hex)
        self.sender = Sender(database, clock, receivers or receivers_of(self._set), lambda: secret.load(self._set))
        self.told = asyncio.Event()
        self.queued, self.asked, self.roomy = asyncio.Event(), asyncio.Event(), asyncio.Event()
        database.after_commit(self._committed)

    def _committed(self, wakes: frozenset[str]) -> None:
        if "dispatch" in wakes:
            self.dispatching.wake()
            self.roomy.set()
        if "books" in wakes:
            self.asked.set()
        if "messages" in wakes:
            self.queued.set()
        if "events" in wakes:
            self.told.set()
        if "webhooks" in wakes:
            self.sender.wake.set()

    @property
    def _set(self) -> Settings:
        return self.settings or self.database.settings

    @cached_property
    def writers(self) -> Writers:
        """Who writes which letter."""
        return writers_of(self.exchange.catalogue, self.settings)

    def loops(self) -> list[Loop]:
        return [
            Loop("dispatch", self.dispatching.run_once, POLL, wake=self.dispatching.freed),
            Loop("inboxes", self.inboxes_once, INBOXES_EVERY, wake=self.roomy),
            Loop("deadlines", self.deadlines_once, POLL),
            Loop("clock", self.clock_once, CLOCK_EVERY),
            Loop("months", self.months_once, timedelta(hours=1)),
            Loop("numbers", self.numbers_once, timedelta(hours=1)),
            Loop("books", self.books_once, BOOKS_EVERY, wake=self.asked, limit=timedelta(hours=6)),
            Loop("handling", self.handling_once, timedelta(minutes=10), limit=timedelta(minutes=30)),
            Loop("leavers", self.leavers_once, timedelta(minutes=1)),
            Loop("slots", self.slots_once, SLOTS_EVERY),
            Loop("messages", self.messages_once, MESSAGES_EVERY, wake=self.queued),
            Loop("notes", self.notes_once, timedelta(seconds=30)),
            Loop("webhooks-follow", self.fanout.run_once, WEBHOOKS_EVERY, wake=self.told, rest=FOLLOW_REST),
            Sending("webhooks-send", self.sender, WEBHOOKS_EVERY),
            Loop("measure", self.measuring.run_once, MEASURE_EVERY),
            Loop("answers", self.answers_once, timedelta(minutes=10)),
            Loop("seals", self.seals_once, timedelta(seconds=10)),
            Loop("retention", self.retention_once, timedelta(hours=1), limit=timedelta(hours=1)),
        ]

    async def inboxes_once(self) -> int:
        """Chats and mails that were offered to whoever has room."""
        now = self.clock.now()
        async with self.database.reading() as session:
            waiting = await handing_out.waiting(session, now)
        await self.database.run(partial(correspondence.note_deliveries, now=now))
        return sum([await self.database.run(partial(self._hand_out, one, now)) for one in waiting])

    async def _hand_out(self, contact_id: UUID, now: datetime, session: Session) -> bool:
        return await handing_out.hand_out(session, self.exchange, contact_id, now)

    async def deadlines_once(self) -> dict[str, int]:
        """Treat everything that is due; returns how much of which kind. What fails delays none of the others."""
        return {work.name: await self._treat(work) for work in DUE_WORK}

    async def _treat(self, work: Work) -> int:
        now = self.clock.now()
        async with self.database.reading() as session:
            due = await work.find(session, now)
        for identifier in due:
            try:
                await self.database.run(partial(self._treat_one, work, identifier, now))
            except Exception as error:
                log.error("due.failed", work=work.name, id=str(identifier), **facts(error))
                if isinstance(error, OSError):
                    raise
        return len(due)

    async def _treat_one(self, work: Work, identifier: UUID, now: datetime, session: Session) -> None:
        await work.treat(session, self.exchange, identifier, now)

    async def clock_once(self) -> timedelta | None:
        """The offset to the database's clock, where the clock is a live one."""
        if not isinstance(self.clock, LiveClock):
            return None
        async with self.database.reading() as session:
            offset = await measure(session, self.clock)
        if abs(offset) > WORST_OFFSET:
            log.error("clock.off", offset_s=offset.total_seconds())
        return offset

    async def months_once(self) -> None:
        """Partitions for this month and the next."""
        await ensure_months(self.database, self.clock.now())

    async def numbers_once(self) -> tuple[int, int]:
        """Numbers whose owners have long left are put to rest; those that have rested are free again."""
        async with self.database.transaction() as session:
            rested = await direct_dial.quarantine_redirected(session, self.clock.now())
        async with self.database.transaction() as session:
            return rested, await direct_dial.release_rested(session, self.clock.now())

    async def books_once(self) -> int:
        """Steps of the run of the book that is under way."""
        return await book_work.run_once(self.workshop, self.books)

    async def handling_once(self) -> int:
        """Customers whose expected time was estimated anew."""
        return await handling.run_once(self.database, self.clock.now())

    async def notes_once(self) -> int:
        """Notes that have gone on to another advisor."""
        moved = 0
        while count := await self.database.run(self._notes):
            moved += count
        return moved

    async def _notes(self, session: Session) -> int:
        return await notes.follow(session, self.clock.now())

    async def leavers_once(self) -> Any:
        """Customers of advisors who leave get somebody else, one transaction each."""
        return await handover.run_once(self.database, self.books, self.clock.now(), self.exchange.new_id)

    async def slots_once(self) -> int:
        """Promises of the next day that have got an exact time within their window."""
        return await planning.run_once(self.database, self.exchange, self.slot_solver, self.clock.now())

    async def messages_once(self) -> Counter[str]:
        """What became of the messages that were due; after a full turn it goes on at once."""
        done = await delivery.run_once(self.database, self.courier, self.writers, self.clock.now)
        if done["sent"] >= delivery.LANES:
            self.queued.set()
        return done

    async def answers_once(self) -> str:
        """Answers to idempotency keys are kept for their time and no longer."""
        async with self.database.transaction() as session:
            return await session.execute("DELETE FROM stored_answers WHERE kept_until <= $1", self.clock.now())

    async def seals_once(self) -> int:
        """Rows of the audit that were sealed; another replica's turn counts as none."""
        async with self.database.transaction() as session:
            return await sealing.run_once(session, self.clock.now())

    async def retention_once(self) -> list[retention.Treated]:
        """What went; the rules that have run today, or run elsewhere, are left out."""
        return await retention.run_once(self.database, self.settings or Settings(), self.clock.now())


def receivers_of(settings: Settings) -> OverHttp:
    """How webhooks are reached."""
    return OverHttp(
        addresses.networks(settings.webhook_networks),
        settings.webhook_timeout,
        encrypted_only=settings.environment == "production",
    )


async def ensure_months(database: Database, now: datetime) -> None:
    """Partitions of the logs for this month and those ahead, each made in a transaction of its own."""
    async with database.reading() as session:
        parents = await months.kept(session)
    month = now.date().replace(day=1)
    for _ in range(MONTHS_AHEAD + 1):
        for parent in parents:
            async with database.transaction() as session:
                await months.ensure(session, parent, month)
        month = (month + timedelta(days=32)).replace(day=1)
