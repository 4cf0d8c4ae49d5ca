"""Follows the event log and writes down what each subscription is to be told, together with how far it has read.

States and promises
- One process follows at a time, under a lease. The statement that moves the cursor names the lease's token and
  where the cursor stood: whoever was frozen meanwhile moves nothing, and with it writes nothing.
- The log is read by (epoch, transaction, id) below the oldest running transaction, so nothing is missed; deliveries
  and the cursor's move are one transaction, so nothing is written down twice.
- Of one thing, the order of its events is that of their ids, though the log's may be another (`realtime/fold.py`).
  Where a batch ends between two of them the earlier one is looked for, so that it is never behind the later.
- Where the past is gone (a restore, a month that was dropped) every subscription is told `resync` once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from kit.clock import Clock
from kit.database import Database, ReadSession, Row, Session
from kit.ids import IdMaker, encode
from kit.leases import Held, Leadership
from kit.logs import logger
from realtime import cursor as cursors
from realtime import log as event_log
from realtime.cursor import Cursor, ForeignCursor
from realtime.envelope import Message
from realtime.log import Logged, PastIsGone
from webhooks import queries
from webhooks.queries import Queued
from webhooks.rights import places, wants
from webhooks.schedule import GIVE_UP_AFTER

LEASE = "webhooks"
LENGTH = timedelta(seconds=10)
BATCH = 500
REACH_BACK = 20_000
"""How many ids others may draw while a transaction runs: 5 s of 4,000 events a second."""

RESYNC = "webhook.resync"

log = logger("webhooks")


class Overtaken(Exception):
    """Somebody else follows the log: nothing was written."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one reading found: from where to where, what for whom, and whether there is more."""

    before: str | None
    after: Cursor
    events: Sequence[Logged]
    webhooks: Sequence[Row]
    resync: bool = False
    more: bool = False


class Fanout:
    """One per process; `holder` names the process."""

    def __init__(self, database: Database, clock: Clock, new_id: IdMaker, holder: str) -> None:
        self._database, self._clock, self._new_id = database, clock, new_id
        self._leadership = Leadership(database, LEASE, holder, LENGTH)

    async def run_once(self) -> int:
        """Read on to the end of the log; returns how many deliveries were written down."""
        written = 0
        while (step := await self.read()) is not None:
            held = await self._leadership.held(self._clock.now())
            if held is None:
                return written
            try:
                written += await self._database.run(partial(self.write, step, held))
            except Overtaken:
                self._leadership.lost()
                log.warning("webhooks.overtaken")
                return written
            if not step.more:
                return written
        return written

    async def read(self) -> Step | None:
        """What comes next; None where nobody listens or nothing has happened."""
        async with self._database.reading() as session:
            webhooks = await queries.active(session)
            before = await queries.cursor(session) if webhooks else None
            if not webhooks:
                return None
            try:
                return await self._on_from(session, before, webhooks)
            except (ForeignCursor, PastIsGone):
                return Step(before, await event_log.present(session), (), webhooks, resync=True)

    async def _on_from(self, session: ReadSession, before: str | None, webhooks: Sequence[Row]) -> Step | None:
        """Raises `ForeignCursor`, `PastIsGone`."""
        position = cursors.parse(before or "")
        await event_log.check(session, position)
        events, after = await event_log.read_after(session, position, BATCH)
        if after == position:
            return None
        if len(events) == BATCH:
            events += await _late(session, events, after)
        return Step(before, after, events, webhooks, more=len(events) >= BATCH)

    async def write(self, step: Step, held: Held, session: Session) -> int:
        """Deliveries and cursor in one transaction. Raises `Overtaken` where the lease or the cursor is not as it
        was."""
        now = self._clock.now()
        wanted = list(self._resyncs(step, now) if step.resync else self._wanted(step, now))
        await queries.hold(session, sorted({webhook for _, webhook, *_ in wanted}))
        if step.before is None:
            await queries.begin_cursor(session, "", now)
        before = step.before or ""
        if not await queries.move_cursor(session, before, str(step.after), now, held.name, held.token):
            raise Overtaken
        queued = await queries.queue(session, wanted, now, now + GIVE_UP_AFTER)
        if queued:
            session.wakes.add("webhooks")
        return len(queued)

    def _wanted(self, step: Step, now: datetime) -> Iterable[Queued]:
        asked = [(row, places(row["markets"], row["desk_groups"])) for row in step.webhooks]
        for event in step.events:
            message = Message(event, step.after.epoch)
            for row, topics in asked:
                if wants(row["types"], row["reach"], event.type) and topics & message.topics:
                    yield (
                        self._new_id(now),
                        row["id"],
                        step.after.epoch,
                        event.id,
                        event.at,
                        event.type,
                        event.subject,
                    )

    def _resyncs(self, step: Step, now: datetime) -> Iterable[Queued]:
        log.warning("webhooks.resync", webhooks=len(step.webhooks))
        for row in step.webhooks:
            identifier = self._new_id(now)
            yield identifier, row["id"], step.after.epoch, None, None, RESYNC, encode("whd", identifier)


async def _late(session: ReadSession, events: Sequence[Logged], after: Cursor) -> list[Logged]:
    """Earlier events of the same things that stand behind the end of this batch; they come again with the next one,
    and are written down once."""
    ids = [event.id for event in events]
    subjects = sorted({event.subject for event in events})
    rows = await queries.late_before(session, min(ids) - REACH_BACK, max(ids), after.position, subjects)
    last = {event.subject: event.id for event in sorted(events, key=lambda event: event.id)}
    return [
        event_log.logged(row) for row in rows if row["id"] < last[row["subject"]] and row["xid"] not in after.seen
    ]
