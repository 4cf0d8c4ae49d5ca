"""The switch and the callers: what they do with what the service tells them, and when a talk is over.

One caller is the same person under every policy: when they call, how long they would wait, how long the talk takes
and whether they take a callback are drawn once (`load.Arrival`). Everything here follows from that and from the
service's answers and events.

- An advisor's phone is answered after `RING`. With the wrap-up of the market's policy this makes up the seconds
  that lie between two services of the log while callers wait.
- A caller who hears why the own advisor can't answer chooses after `LISTENS`: a callback, if they are one of the
  share that takes one; else to hold, where that is told to be no longer than the wait for a colleague; else the
  colleague. Whoever is promised a callback hangs up after `LISTENS`. Nobody chooses while waiting.
- Patience counts from the arrival, also while listening and while the advisor's phone rings.
- What a promised caller wanted to talk about is talked about in the callback, or in the call with which they get
  through first: its time is never lost.
- Talks give signs of life (`heartbeat`), a waiting call polls every `POLL_EVERY`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Literal
from uuid import UUID

from contacts import service
from contacts.answers import Answer
from kit.announcements import NewEvent
from kit.database import Session
from kit.ids import decode, encode
from simulation.agenda import Agenda
from simulation.heartbeat import Heartbeat
from simulation.load import Arrival
from simulation.told import ToldWaits
from simulation.virtual_service import VirtualService
from telephony.inbound import InboundCall, Leg, Signal, SignalType
from telephony.verbs import Gather, Wait

RING = timedelta(seconds=2)
LISTENS = timedelta(seconds=6)
POLL_EVERY = timedelta(seconds=20)

Stage = Literal["asking", "ringing", "talking", "gone"]


@dataclass
class Callers:
    """Who calls from where, what is still to be talked about, and who is on the line right now.

    A customer is known by the number in the log, somebody else by the call.
    """

    accept_callback: float
    phone: Mapping[str, str]
    """Customer → the number they call from."""
    dials: Mapping[str, str]
    """Customer → the direct dial number of their advisor."""
    general_number: str
    promised_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Caller → seconds of talk that a promise has put off."""
    on_the_line: Counter[str] = field(default_factory=Counter)
    of_promise: dict[str, str] = field(default_factory=dict)
    """Callback → caller."""

    def of(self, arrival: Arrival) -> str:
        ref = arrival.customer_ref
        return ref if ref is not None and ref in self.phone else f"log-{arrival.row}"


@dataclass
class Call:
    """One caller on the line. `turn` counts what has happened, so that what was planned before it is void."""

    arrival: Arrival
    call_id: str
    caller: str
    stage: Stage = "asking"
    turn: int = 0


class SwitchScript:
    """All calls that come in."""

    def __init__(self, virtual: VirtualService, agenda: Agenda, callers: Callers, heartbeat: Heartbeat) -> None:
        self._virtual, self._agenda, self._callers, self._heartbeat = virtual, agenda, callers, heartbeat
        self._calls: dict[str, Call] = {}
        self._identities = count(1)
        self.arrived = 0
        self.told = ToldWaits()

    async def arrive(self, arrival: Arrival) -> None:
        """A call comes in; the caller's patience begins."""
        virtual, callers = self._virtual, self._callers
        call = Call(arrival, f"log-{arrival.row}", callers.of(arrival))
        dialled = callers.dials.get(call.caller, callers.general_number)
        inbound = InboundCall(call.call_id, callers.phone.get(call.caller), dialled)

        async def receive(session: Session) -> Answer:
            return await service.receive_call(session, virtual.exchange, inbound, virtual.now)

        answer = await virtual.run(receive)
        self.arrived += 1
        self._calls[encode("con", answer.contact_id)] = call
        callers.on_the_line[call.caller] += 1
        self._agenda.at(arrival.at + timedelta(seconds=arrival.patience_s), partial(self._loses_patience, call))
        self._follow(call, answer)

    def _follow(self, call: Call, answer: Answer | None) -> None:
        """Plan what the caller, or the switch, does after hearing this."""
        last = answer.verbs[-1] if answer is not None and answer.verbs else None
        if isinstance(last, Gather):
            self._later(LISTENS, call, partial(self._choose, call, last))
        elif isinstance(last, Wait):
            self.told.tell(call.call_id, self._virtual.now, last.expected_wait_s)
            self._later(POLL_EVERY, call, partial(self._look, call))

    def _later(self, after: timedelta, call: Call, action: Callable[[], Awaitable[None]]) -> None:
        """Plan an action that is void once something else is planned for the call."""
        call.turn += 1
        turn = call.turn

        async def act() -> None:
            if call.turn == turn and call.stage != "gone":
                await action()

        self._agenda.at(self._virtual.now + after, act)

    async def _choose(self, call: Call, gather: Gather) -> None:
        if gather.asks_for == "slot":
            await self._hang_up(call)
            return
        self._follow(call, await self._hear(call, "digits", "caller", digits=self._digits(call, gather)))

    def _digits(self, call: Call, gather: Gather) -> str:
        keys = {choice: key for key, choice in gather.choices.items()}
        if "callback" in keys and call.arrival.leaning < self._callers.accept_callback:
            return keys["callback"]
        hold_s, colleague_s = (gather.expected_wait_s.get(choice) for choice in ("hold", "colleague"))
        if "hold" in keys and hold_s is not None and colleague_s is not None and hold_s <= colleague_s:
            return keys["hold"]
        return keys.get("colleague", "")

    async def _look(self, call: Call) -> None:
        """Ask what to do; that is a sign of life as well."""
        virtual = self._virtual

        async def look(session: Session) -> Answer | None:
            return await service.standing(session, virtual.exchange, call.call_id, virtual.now)

        self._follow(call, await virtual.run(look))

    async def _loses_patience(self, call: Call) -> None:
        if call.stage in ("asking", "ringing"):
            await self._hang_up(call)

    async def _hang_up(self, call: Call) -> None:
        call.stage = "gone"
        self._heartbeat.end(call.call_id)
        self._callers.on_the_line[call.caller] -= 1
        await self._hear(call, "hangup", "caller")
        self._virtual.something_changed()

    async def _hear(self, call: Call, kind: SignalType, leg: Leg, **more: object) -> Answer | None:
        signal = Signal(f"e{next(self._identities)}", kind, leg, **more)  # type: ignore[arg-type]
        virtual = self._virtual

        async def hear(session: Session) -> Answer | None:
            return await service.hear(session, virtual.exchange, call.call_id, signal, virtual.now)

        return await virtual.run(hear)

    def hear(self, event: NewEvent) -> None:
        """Follow the events: a phone is to be rung, two are connected, a promise was made."""
        if event.type == "offer.made":
            self._ring(event)
        elif event.type == "contact.connected":
            self._connected(event)
        elif event.type == "callback.scheduled":
            self._promised(event)

    def _ring(self, event: NewEvent) -> None:
        offer = event.data["offer"]
        call = self._calls.get(offer["contact"] or "")
        if call is not None and call.stage != "gone":
            call.stage = "ringing"
            self._later(RING, call, partial(self._advisor_answers, call, decode("off", offer["id"])))

    async def _advisor_answers(self, call: Call, offer_id: UUID) -> None:
        self._follow(call, await self._hear(call, "answered", "advisor", offer_id=offer_id))

    def _connected(self, event: NewEvent) -> None:
        call = self._calls.get(event.data["contact"]["id"])
        if call is None or call.stage == "gone":
            return
        call.stage = "talking"
        self.told.answered(call.call_id, self._virtual.now)
        talk_s = call.arrival.service_s + self._callers.promised_s.pop(call.caller, 0.0)
        self._heartbeat.begin(call.call_id)
        self._later(timedelta(seconds=talk_s), call, partial(self._hang_up, call))

    def _promised(self, event: NewEvent) -> None:
        promise = event.data["callback"]
        call = self._calls.get(promise["contact"] or "")
        if call is not None and promise["attempts"] == 0:
            self._callers.of_promise[promise["id"]] = call.caller
            self._callers.promised_s[call.caller] += call.arrival.service_s
