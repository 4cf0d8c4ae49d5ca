"""A small company through whose days anything may happen: the verbs that a property test draws from.

Each verb is a transaction of its own, as in the service: a savepoint of one great transaction that is rolled back
at the end, so that the next life begins with the same company. After each verb what was freed is dispatched.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from advisors import absences
from callbacks import queries as callback_queries
from contacts import arrivals, desk, dispatch, keeping, service, wishes
from contacts.answers import Answer
from contacts.deadlines import DUE_WORK
from contacts.desk import WrapUp
from contacts.exchange import Exchange
from kit import ids, invariants
from kit.catalogue import Catalogue
from kit.database import Row, Session
from kit.errors import Fault
from kit.intervals import Interval
from kit.pool import Lane
from realtime.fold import Data
from realtime.log import logged
from telephony.inbound import InboundCall, Signal
from tests.properties.company import Company
from tests.support.builders import MONDAY_MORNING, a_closure
from tests.support.replay import TOLD_HERE, all_topics, folded, read

T = TypeVar("T")

AT_EVERY_STEP = ("I1", "I2", "I3", "I5", "I7", "I8", "I9", "I20", "I21", "I22", "I23", "I24")
MOST_PASSES = 50
"""A dispatch that finds something to do this often in a row will never rest."""


@dataclass
class KnownCall:
    """What the switch remembers of a call. `alive`: it goes on saying so."""

    call_id: str
    alive: bool = True
    digits: int = 0
    told: list[Signal] = field(default_factory=list)


class Life:
    """One life of the company, on one connection, at one instant after the other."""

    def __init__(self, lane: Lane, company: Company, catalogue: Catalogue, seed: int = 0) -> None:
        self._lane = lane
        dice = random.Random(seed)
        self.exchange = Exchange(catalogue=catalogue, new_id=lambda now: ids.new_id(now, dice))
        self.company = company
        self.now: datetime = MONDAY_MORNING
        self.calls: list[KnownCall] = []
        self.dials: list[UUID] = []
        self.open_desks: set[UUID] = {advisor.id for advisor in company.advisors}
        self.identities: Iterator[str] = iter(f"e-{n}" for n in range(10**9))
        self._seen: dict[str, Any] = {}
        self._last_event = 0

    async def begin(self) -> None:
        await self.do(self._remember_views)

    # --- transactions

    async def do(self, verb: Callable[[Session], Awaitable[T]]) -> T:
        """One verb in a transaction of its own, then dispatch."""
        done = await self._alone(verb)
        await self.dispatch()
        return done

    async def ask(self, verb: Callable[[Session], Awaitable[T]]) -> T | Fault:
        """A verb that may be refused; then nothing of it stands."""
        try:
            return await self.do(verb)
        except Fault as refused:
            return refused

    async def _alone(self, verb: Callable[[Session], Awaitable[T]]) -> T:
        session = self._session()
        try:
            async with self._lane.raw.transaction():
                done = await verb(session)
                await session.flush()
        finally:
            await session.close()
        return done

    def _session(self) -> Session:
        return Session(self._lane.connection, self._lane.raw)

    async def dispatch(self) -> None:
        async def once(session: Session) -> dispatch.Dispatched:
            return await dispatch.dispatch(session, self.exchange, self.now)

        for _ in range(MOST_PASSES):
            if not await self._alone(once):
                return
        raise AssertionError("the dispatch never comes to rest")

    async def look(self, sql: str, *arguments: Any) -> list[Row]:
        return await self._session().fetch(sql, *arguments)

    # --- the switch

    async def call(self, caller: str | None, dialled: str | None) -> KnownCall:
        known = KnownCall(f"pbx-{len(self.calls)}")
        self.calls.append(known)
        await self.receive(known, caller, dialled)
        return known

    async def receive(self, known: KnownCall, caller: str | None, dialled: str | None) -> Answer:
        call = InboundCall(known.call_id, caller, dialled)
        return await self.do(lambda s: service.receive_call(s, self.exchange, call, self.now))

    async def hear(self, known: KnownCall, signal: Signal) -> None:
        known.told.append(signal)
        await self.do(lambda s: service.hear(s, self.exchange, known.call_id, signal, self.now))

    def signal(self, type: str, leg: str, **more: Any) -> Signal:  # noqa: A002 - it is called so
        return Signal(identity=next(self.identities), type=type, leg=leg, **more)  # type: ignore[arg-type]

    async def poll(self, known: KnownCall) -> None:
        await self.do(lambda s: service.standing(s, self.exchange, known.call_id, self.now))

    async def take_dials(self, most: int) -> None:
        taken = await self.do(lambda s: callback_queries.hand_out(s, self.now, most))
        self.dials += [attempt["token"] for attempt in taken]

    async def hear_dial(self, token: UUID, signal: Signal) -> None:
        await self.do(lambda s: keeping.hear(s, self.exchange, token, signal, self.now))

    # --- people

    async def choose(self, advisor_id: UUID, state: str) -> Any:
        return await self.ask(lambda s: desk.choose(s, self.exchange, advisor_id, state, self.now))

    async def reject(self, advisor_id: UUID, offer_id: UUID, reason: str | None) -> Any:
        return await self.ask(lambda s: desk.reject(s, self.exchange, advisor_id, offer_id, reason, self.now))

    async def wrap_up(self, advisor_id: UUID, contact_id: UUID) -> Any:
        done = WrapUp("asked", True, None)
        return await self.ask(lambda s: desk.wrap_up(s, self.exchange, advisor_id, contact_id, done, self.now))

    async def fall_ill(self, advisor_id: UUID, length: timedelta) -> Any:
        period = Interval(self.now, self.now + length)
        new_id = self.exchange.new_id
        return await self.ask(lambda s: absences.enter(s, advisor_id, period, "sick", "approved", self.now, new_id))

    async def close(self, length: timedelta, kind: str) -> None:
        await self.do(lambda s: a_closure(s, starts_at=self.now, ends_at=self.now + length, kind=kind))

    async def wish(self, customer_ref: str, nth: int) -> Any:
        """A callback by the portal, into one of the windows that are offered."""

        async def promise(session: Session) -> Row | None:
            scene = await arrivals.scene_for(session, self.exchange, self.now)
            found = await wishes.slots(scene, customer_ref)
            if not found:
                return None
            starts_at = found[nth % len(found)].slot.starts_at
            return await wishes.promise(scene, customer_ref, starts_at, None, None)

        return await self.ask(promise)

    async def move(self, customer_ref: str, callback_id: UUID, nth: int) -> Any:
        async def move(session: Session) -> Row | None:
            scene = await arrivals.scene_for(session, self.exchange, self.now)
            found = await wishes.slots(scene, customer_ref)
            if not found:
                return None
            starts_at = found[nth % len(found)].slot.starts_at
            return await wishes.move(scene, customer_ref, callback_id, starts_at)

        return await self.ask(move)

    async def cancel(self, customer_ref: str, callback_id: UUID) -> Any:
        async def cancel(session: Session) -> Row:
            scene = await arrivals.scene_for(session, self.exchange, self.now)
            return await wishes.cancel(scene, customer_ref, callback_id, "asked_to")

        return await self.ask(cancel)

    # --- time

    async def pass_time(self, seconds: float, *, silently: bool = False) -> None:
        """Desks that are open and switches that live have said so meanwhile, unless `silently`."""
        self.now += timedelta(seconds=seconds)
        if not silently:
            await self._signs_of_life()
        await self.do_what_is_due()

    async def _signs_of_life(self) -> None:
        await self._alone(self._heartbeats)
        open_calls = await self.look("SELECT switch_call_id FROM contacts WHERE ended_at IS NULL")
        still_open = {row["switch_call_id"] for row in open_calls}
        for known in self.calls:
            if known.alive and known.call_id in still_open:
                await self._alone(lambda s, c=known.call_id: service.standing(s, self.exchange, c, self.now))  # type: ignore[misc]
        for row in await self.look(
            "SELECT token FROM callback_attempts WHERE ended_at IS NULL AND handed_at IS NOT NULL"
        ):
            signal = self.signal("alive", "caller")
            await self._alone(lambda s, t=row["token"], h=signal: keeping.hear(s, self.exchange, t, h, self.now))  # type: ignore[misc]

    async def _heartbeats(self, session: Session) -> None:
        for advisor_id in sorted(self.open_desks):
            await desk.heartbeat(session, advisor_id, self.now)

    async def do_what_is_due(self) -> None:
        for work in DUE_WORK:
            for identifier in await work.find(self._session(), self.now):
                await self._alone(lambda s, w=work, i=identifier: w.treat(s, self.exchange, i, self.now))  # type: ignore[misc]
        await self.dispatch()

    async def until_next_promise(self) -> None:
        """To the next instant at which a promise asks for something, if that is within two days."""
        (row,) = await self.look(
            "SELECT min(next_action_at) AS at FROM callbacks WHERE state IN ('scheduled', 'due')"
        )
        if row["at"] is not None and row["at"] < self.now + timedelta(days=2):
            await self.pass_time(max(0.0, (row["at"] - self.now).total_seconds()))

    # --- what must hold

    async def check(self, *only: str) -> None:
        session = self._session()
        found = await invariants.violations(session, self.now, since=MONDAY_MORNING, only=only or None)
        assert found == {}, f"{found} at {self.now}"

    async def check_views(self) -> None:
        """Old snapshot and the events since make the new snapshot, on every topic."""
        session = self._session()
        rows = [logged(row) for row in await session.fetch(TOLD_HERE, self._last_event)]
        for topic in await all_topics(session):
            expected, told = await read(session, topic), folded(topic, self._seen.get(topic, {}), rows)
            assert told == expected, f"{topic} was told {_difference(told, expected)}"
        await self._remember_views(session)

    async def _remember_views(self, session: Session) -> None:
        self._seen = {topic: await read(session, topic) for topic in await all_topics(session)}
        self._last_event = await session.fetch_value("SELECT coalesce(max(id), 0) FROM events")

    async def run_out(self) -> None:
        """Nobody says anything any more; what was begun comes to its end."""
        self.open_desks.clear()
        for seconds in (2, 31, 31, 31, 31, 31, 31):
            await self.pass_time(seconds, silently=True)
            await self.check(*AT_EVERY_STEP)
        assert await self.look("SELECT id, state FROM contacts WHERE ended_at IS NULL") == []
        assert await self.look("SELECT id FROM offers WHERE state = 'open'") == []
        assert await self.look("SELECT token FROM callback_attempts WHERE ended_at IS NULL") == []
        busy = "SELECT advisor_id, state FROM presences WHERE state IN ('offered', 'in_contact', 'wrap_up')"
        assert await self.look(busy) == []
        unfinished = (
            "SELECT id, state, next_action_at FROM callbacks WHERE final_at IS NULL AND NOT next_action_at > $1"
        )
        assert await self.look(unfinished, self.now) == []


def _difference(told: Data, expected: Data) -> dict[str, tuple[Any, Any]]:
    """Of each thing that is not as it was told: what was told, and what is."""
    shelves = sorted(told.keys() | expected.keys())
    names = [(shelf, name) for shelf in shelves for name in sorted({**told[shelf], **expected[shelf]})]
    pairs = {name: (told[shelf].get(name), expected[shelf].get(name)) for shelf, name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
