"""Sends what is due: of each subscription so many at a time, of each of its subjects one after the other.

States and promises
- An attempt is committed, with its number and a lease, before anything leaves; the note afterwards is a transaction
  of its own and counts for its own attempt alone. Who dies in between has sent something that nobody knows of: when
  the lease is over it is sent again under the same `webhook-id`.
- A turn begins what is due and waits for nobody. A receiver that hangs fills the places of its own subscription,
  for as long as one attempt may take; the others do not notice.
- The next event of a subject is due when the one before it was delivered or is dead, and not earlier.
- Nobody holds a connection to the database while a receiver is waited for.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from pydantic_core import to_json

from kit import failpoints
from kit.clock import Clock
from kit.database import Database, Row, Session
from kit.errors import Unavailable
from kit.ids import encode
from kit.logs import facts, logger
from kit.loops import GRACE, Loop
from realtime import envelope
from realtime import log as event_log
from webhooks import events, queries, secrets
from webhooks.queries import Noted
from webhooks.receiver import Receivers, Unreached
from webhooks.schedule import LEASE, Answer, next_attempt, reason, verdict
from webhooks.secrets import Unreadable

PLACES = 4
"""Attempts under way for one subscription in one process."""

STRANDED_EVERY = timedelta(minutes=1)
STRANDED_AT_ONCE = 500
TYPE = "application/cloudevents+json; charset=utf-8"

log = logger("webhooks")


@dataclass(frozen=True, slots=True)
class Letter:
    """One attempt: the delivery as it was taken, its subscription, and the body, None where the event is gone."""

    delivery: Row
    webhook: Row
    body: bytes | None


class Sender:
    """One per process; `installation` is the key that opens the secrets."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        receivers: Receivers,
        installation: Callable[[], bytes],
        *,
        places: int = PLACES,
        dice: random.Random | None = None,
    ) -> None:
        self.wake = asyncio.Event()
        self._database, self._clock, self._receivers = database, clock, receivers
        self._installation, self._places, self._dice = installation, places, dice or random.Random()
        self._under_way: defaultdict[object, set[asyncio.Task[None]]] = defaultdict(set)
        self._stranded_at: datetime | None = None

    async def run_once(self) -> int:
        """Begin what is due and has a place; returns how many attempts were begun."""
        now = self._clock.now()
        await self._end_stranded(now)
        async with self._database.reading() as session:
            due = await queries.due(session, now)
        return sum([await self._begin(webhook, now) for webhook in due])

    async def settled(self) -> None:
        """Returns when nothing is under way."""
        while tasks := [task for these in self._under_way.values() for task in these]:
            await asyncio.wait(tasks)

    async def leave(self, grace: timedelta) -> None:
        """Give what is under way a moment; what is cut off comes again when its lease is over."""
        tasks = [task for these in self._under_way.values() for task in these]
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=grace.total_seconds())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _begin(self, webhook: Row, now: datetime) -> int:
        free = self._places - len(self._under_way[webhook["id"]])
        if free <= 0:
            return 0
        async with self._database.transaction() as session:
            taken = await queries.take(session, webhook["id"], now, free, now + LEASE)
            bodies = await _bodies(session, taken)
        for row in taken:
            letter = Letter(row, webhook, bodies.get(row["id"]))
            task = asyncio.create_task(self._deliver(letter), name="webhook")
            self._under_way[webhook["id"]].add(task)
            task.add_done_callback(partial(self._ended, webhook["id"]))
        return len(taken)

    def _ended(self, webhook_id: object, task: asyncio.Task[None]) -> None:
        self._under_way[webhook_id].discard(task)
        if not self._under_way[webhook_id]:
            del self._under_way[webhook_id]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("webhooks.unnoted", **facts(error))
        self.wake.set()

    async def _deliver(self, letter: Letter) -> None:
        """One attempt and its note; what can't be noted now comes again when the lease is over."""
        noted, gone = await self._attempted(letter)
        failpoints.reach("after_send")
        await self._database.run(partial(self._note, letter, noted, gone))

    async def _attempted(self, letter: Letter) -> tuple[Noted, bool]:
        """What became of it, and whether the receiver wants nothing any more."""
        if letter.body is None:
            return Noted("dead", reason="event_gone", ended_at=self._clock.now()), False
        try:
            answer = await self._receivers.post(letter.webhook["url"], self._headers(letter), letter.body)
        except Unreached as error:
            return self._failed(letter, error.code), False
        except Unreadable:
            return self._failed(letter, "secret_unreadable"), False
        except Unavailable:
            raise
        except Exception as error:
            log.error("webhooks.defect", id=encode("whd", letter.delivery["id"]), **facts(error))
            return self._failed(letter, "defect"), False
        return self._judged(letter, answer), verdict(answer.status) == "gone"

    def _judged(self, letter: Letter, answer: Answer) -> Noted:
        now, found = self._clock.now(), verdict(answer.status)
        if found == "delivered":
            return Noted("delivered", status=answer.status, ended_at=now)
        if found == "gone":
            return Noted("dead", reason="gone", status=answer.status, ended_at=now)
        return self._failed(letter, reason(answer.status), answer)

    def _failed(self, letter: Letter, code: str, answer: Answer | None = None) -> Noted:
        now, row = self._clock.now(), letter.delivery
        status, wish_s = (answer.status, answer.retry_after_s) if answer is not None else (None, None)
        at = next_attempt(row["tries"], now, row["give_up_at"], self._dice.random(), wish_s)
        if at is None:
            return Noted("dead", reason=code, status=status, ended_at=now)
        return Noted("pending", at, code, status)

    def _headers(self, letter: Letter) -> Mapping[str, str]:
        """Raises `Unreadable`."""
        now, webhook = self._clock.now(), letter.webhook
        kept = [webhook["secret"]]
        if webhook["old_secret"] is not None and now < webhook["old_secret_until"]:
            kept.append(webhook["old_secret"])
        opened = [secrets.opened(self._installation(), webhook["id"], one) for one in kept]
        identifier, body = encode("whd", letter.delivery["id"]), (letter.body or b"").decode()
        return {
            "content-type": TYPE,
            "user-agent": "Durchwahl",
            "webhook-id": identifier,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": secrets.signatures(opened, identifier, now, body),
        }

    async def _note(self, letter: Letter, noted: Noted, gone: bool, session: Session) -> None:
        now, row, webhook_id = self._clock.now(), letter.delivery, letter.webhook["id"]
        if gone:
            await queries.hold(session, [webhook_id])
        elif noted.ended_at is not None:
            await queries.hold_shared(session, webhook_id)
        ended = await queries.note(session, row["id"], row["attempts"], noted)
        if ended is None or noted.ended_at is None:
            return
        await queries.promote(session, webhook_id, [row["subject"]], now)
        if noted.state == "dead":
            log.warning("webhooks.dead", id=encode("whd", row["id"]), code=noted.reason)
            session.announce(events.died(ended, now))
        paused = await queries.pause(session, webhook_id, now, "gone") if gone else None
        if paused is not None:
            session.announce(events.webhook("webhook.paused", paused, now))

    async def _end_stranded(self, now: datetime) -> None:
        """What waits for a subscription that was removed, or has been paused for days, is dead."""
        if self._stranded_at is not None and now - self._stranded_at < STRANDED_EVERY:
            return
        self._stranded_at = now
        async with self._database.reading() as session:
            found = await queries.stranded(session)
        for webhook in found:
            await self._database.run(partial(_end, webhook, now))


async def _end(webhook: Row, now: datetime, session: Session) -> None:
    await queries.hold(session, [webhook["id"]])
    why = "paused" if webhook["removed_at"] is None else "removed"
    subjects = await queries.end_stranded(session, webhook["id"], now, why, STRANDED_AT_ONCE)
    await queries.promote(session, webhook["id"], subjects, now)
    if subjects:
        session.announce(events.webhook("webhook.stranded", webhook, now, deliveries=len(subjects), reason=why))


async def _bodies(session: Session, taken: list[Row]) -> dict[object, bytes]:
    """By delivery: what is sent, byte for byte the same at every attempt."""
    found = {(row["id"], row["at"]): event_log.logged(row) for row in await queries.events(session, taken)}
    bodies: dict[object, bytes] = {}
    for row in taken:
        if row["event_id"] is None:
            bodies[row["id"]] = _of_no_event(row)
        elif (event := found.get((row["event_id"], row["event_at"]))) is not None:
            bodies[row["id"]] = envelope.written(event, row["epoch"])
    return bodies


def _of_no_event(row: Row) -> bytes:
    subject = encode("whk", row["webhook_id"])
    return to_json(
        {
            "specversion": "1.0",
            "id": encode("whd", row["id"]),
            "source": envelope.SOURCE,
            "type": row["type"],
            "subject": subject,
            "time": row["created_at"],
            "datacontenttype": "application/json",
            "data": {"webhook": {"id": subject}},
        }
    )


class Sending(Loop):
    """The loop around a sender; it takes leave of what is under way, too."""

    def __init__(self, name: str, sender: Sender, pause: timedelta) -> None:
        super().__init__(name, sender.run_once, pause, wake=sender.wake)
        self._sender = sender

    async def stop(self, grace: timedelta = GRACE) -> None:
        await super().stop(grace)
        await self._sender.leave(grace)
