"""Callbacks as they go: the advisor's phone is answered, then the customer's, and they talk.

A callback reaches the customer with the probability `reached`, drawn per promise and attempt, unless they are on
the line with us in that moment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from random import Random
from uuid import UUID

from contacts import keeping
from kit.announcements import NewEvent
from kit.database import Row, Session
from kit.ids import encode
from simulation.agenda import Agenda
from simulation.heartbeat import Heartbeat
from simulation.switch_script import RING, Callers
from simulation.virtual_service import VirtualService
from telephony.inbound import Leg, Signal, SignalType

CUSTOMER_RINGS = timedelta(seconds=10)
CUSTOMER_RINGS_IN_VAIN = timedelta(seconds=30)
ENDS = frozenset({"callback.settled", "callback.cancelled", "callback.merged", "callback.failed"})


@dataclass
class Dial:
    """One attempt to keep a promise."""

    token: UUID
    promise: str
    ordinal: int
    caller: str
    over: bool = False


class DialScript:
    """All dials of a replay; at most one goes on for a promise."""

    def __init__(
        self,
        virtual: VirtualService,
        agenda: Agenda,
        callers: Callers,
        heartbeat: Heartbeat,
        *,
        reached: float,
        seed: int,
    ) -> None:
        self._virtual, self._agenda, self._callers, self._heartbeat = virtual, agenda, callers, heartbeat
        self._reached, self._seed = reached, seed
        self._dials: dict[str, Dial] = {}
        self._identities = count(1)

    def dial(self, attempt: Row) -> None:
        """An attempt was handed out: the advisor's phone rings."""
        promise = encode("cb", attempt["callback_id"])
        caller = self._callers.of_promise[promise]
        dial = self._dials[promise] = Dial(attempt["token"], promise, attempt["ordinal"], caller)
        self._later(RING, dial, partial(self._advisor_answers, dial))

    def hear(self, event: NewEvent) -> None:
        """Follow the events: the customer has answered, or the promise has ended another way."""
        if event.type in ENDS:
            dial = self._dials.get(event.data["callback"]["id"])
            if dial is not None:
                dial.over = True
        elif event.type == "contact.connected" and event.data["contact"]["direction"] == "out":
            dial = self._dials[event.data["contact"]["callback"]]
            talk_s = self._callers.promised_s.pop(dial.caller, 1.0)
            self._heartbeat.begin(dial.token)
            self._later(timedelta(seconds=talk_s), dial, partial(self._hang_up, dial))

    def _later(self, after: timedelta, dial: Dial, action: Callable[[], Awaitable[None]]) -> None:
        async def act() -> None:
            if not dial.over:
                await action()

        self._agenda.at(self._virtual.now + after, act)

    async def _advisor_answers(self, dial: Dial) -> None:
        await self._hear(dial, "answered", "advisor")
        if self._callers.on_the_line[dial.caller]:
            self._later(timedelta(0), dial, partial(self._not_reached, dial, "busy"))
        elif self._draw(dial) < self._reached:
            self._later(CUSTOMER_RINGS, dial, partial(self._hear, dial, "answered", "caller"))
        else:
            self._later(CUSTOMER_RINGS_IN_VAIN, dial, partial(self._not_reached, dial, "no_answer"))

    def _draw(self, dial: Dial) -> float:
        """The same for the same caller and attempt under every policy."""
        return Random(f"{self._seed}/{dial.caller}/{dial.ordinal}").random()

    async def _not_reached(self, dial: Dial, kind: SignalType) -> None:
        dial.over = True
        await self._hear(dial, kind, "caller")

    async def _hang_up(self, dial: Dial) -> None:
        dial.over = True
        self._heartbeat.end(dial.token)
        await self._hear(dial, "hangup", "caller")

    async def _hear(self, dial: Dial, kind: SignalType, leg: Leg) -> None:
        signal = Signal(f"d{next(self._identities)}", kind, leg)
        virtual = self._virtual

        async def hear(session: Session) -> None:
            await keeping.hear(session, virtual.exchange, dial.token, signal, virtual.now)

        await virtual.run(hear)
