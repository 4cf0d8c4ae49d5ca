"""A small world for stories: a session, a clock that the story moves, a switch that says what it is told to say."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from advisors.models import Advisor
from contacts import desk, dispatch, keeping, service
from contacts.answers import Answer
from contacts.deadlines import DUE_WORK
from contacts.exchange import Exchange
from kit.catalogue import Catalogue
from kit.clock import VirtualClock
from kit.database import Row, Session
from telephony import verbs
from telephony.inbound import InboundCall, Signal
from tests.support.builders import new_id


def an_exchange(**more: Any) -> Exchange:
    return Exchange(catalogue=Catalogue.load(strict=True), new_id=new_id, **more)


@dataclass
class Call:
    """One call as its switch sees it."""

    world: World
    call_id: str
    answer: Answer
    _events: Any = field(default_factory=lambda: itertools.count(1))

    async def hear(self, type: str, leg: str = "advisor", **more: Any) -> Answer:  # noqa: A002
        signal = Signal(identity=f"e-{next(self._events)}", type=type, leg=leg, **more)  # type: ignore[arg-type]
        return await self.repeat(signal)

    async def repeat(self, signal: Signal) -> Answer:
        world = self.world
        answer = await service.hear(world.session, world.exchange, self.call_id, signal, world.now)
        assert answer is not None
        self.answer = answer
        await world.after_commit()
        return answer

    async def digits(self, digits: str) -> Answer:
        return await self.hear("digits", "caller", digits=digits)

    async def answered(self) -> Answer:
        return await self.hear("answered")

    async def hangs_up(self) -> Answer:
        return await self.hear("hangup", "caller")

    async def poll(self) -> Answer:
        world = self.world
        await service.standing(world.session, world.exchange, self.call_id, world.now)
        await world.after_commit()
        answer = await service.standing(world.session, world.exchange, self.call_id, world.now)
        assert answer is not None
        self.answer = answer
        return answer

    @property
    def verb(self) -> Any:
        """The last verb: what the switch is left doing."""
        return self.answer.verbs[-1] if self.answer.verbs else None

    def left_with(self, kind: type[verbs.Verb]) -> None:
        assert isinstance(self.verb, kind), self.verb

    @property
    def said(self) -> str:
        return " ".join(verb.text for verb in self.answer.verbs if isinstance(verb, verbs.Say))

    async def row(self) -> Row:
        row = await self.world.session.fetch_row("SELECT * FROM contacts WHERE id = $1", self.answer.contact_id)
        assert row is not None
        return row

    async def state(self) -> str:
        return str((await self.row())["state"])


@dataclass
class World:
    """Who lives in the story's database, and the verbs that move it."""

    session: Session
    clock: VirtualClock
    exchange: Exchange = field(default_factory=an_exchange)
    _calls: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def call(self, caller: str | None, dialled: str | None, call_id: str | None = None) -> Call:
        call_id = call_id or f"pbx-{next(self._calls)}"
        call = InboundCall(call_id, caller, dialled)
        answer = await service.receive_call(self.session, self.exchange, call, self.now)
        await self.after_commit()
        return Call(self, call_id, answer)

    async def after_commit(self) -> None:
        """What the process does after a commit: dispatch where somebody is free or waits."""
        await self.session.flush()
        while "dispatch" in self.session.wakes:
            self.session.wakes.discard("dispatch")
            await dispatch.dispatch(self.session, self.exchange, self.now)
            await self.session.flush()

    async def pass_time(self, seconds: float) -> None:
        """Move the clock and do whatever has fallen due."""
        self.clock.advance(seconds)
        await self.do_what_is_due()

    async def do_what_is_due(self) -> None:
        for work in DUE_WORK:
            for identifier in await work.find(self.session, self.now):
                await work.treat(self.session, self.exchange, identifier, self.now)
        self.session.wakes.add("dispatch")
        await self.after_commit()

    async def choose(self, advisor: Advisor, state: str, reason: str | None = None) -> None:
        await desk.choose(self.session, self.exchange, advisor.id, state, self.now, reason)
        await self.after_commit()

    async def presence(self, advisor: Advisor) -> str:
        row = await self.session.fetch_row("SELECT state FROM presences WHERE advisor_id = $1", advisor.id)
        return str(row["state"]) if row is not None else "none"

    async def hear_dial(self, token: UUID, type: str, leg: str = "advisor", **more: Any) -> None:  # noqa: A002
        signal = Signal(identity=f"d-{next(self._calls)}", type=type, leg=leg, **more)  # type: ignore[arg-type]
        await keeping.hear(self.session, self.exchange, token, signal, self.now)
        await self.after_commit()

    async def promises(self) -> list[Row]:
        return await self.session.fetch("SELECT * FROM callbacks ORDER BY created_at, id")
