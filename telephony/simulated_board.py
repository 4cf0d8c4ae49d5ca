"""What all calls of a simulated switch share: the way to the service, time, dice, and which phones are in use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from kit.clock import Clock
from telephony.simulated_line import Line, Noise, Service, Sleep
from telephony.simulated_people import Phone, Phones, Target

ALIVE_EVERY_S = 45.0
BUSY = Phone("busy", after_s=0.5)


class Over(Exception):
    """The call has ended; the word says how."""


@dataclass
class Played:
    """How a call or a dial went.

    `ended`: `talked`, `gave_up`, `promised` (a callback), `sent_off` (the service hung up), `redirected`,
    `fallback` (no answer from the service), `untouched` (a call for help), `silent`, `refused`; of a dial
    `not_taken` (the advisor's phone rang in vain) and `missed` (the customer's).
    """

    call_id: str
    ended: str = ""
    heard: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    rang: list[str] = field(default_factory=list)
    """Phones, in the order in which they rang."""
    talked_with: str | None = None
    talked_s: float = 0.0


@dataclass
class Switchboard:
    """One switch. A phone that is in use is busy to everybody else."""

    service: Service
    clock: Clock
    sleep: Sleep
    dice: Random
    phones: Phones
    noise: Noise
    poll_s: float
    offers: list[str] = field(default_factory=list)
    """All that were made, for lies."""
    in_use: set[str] = field(default_factory=set)

    def line(self, path: str) -> Line:
        return Line(self.service, path, self.clock, self.dice, self.noise, self.offers)

    def phone(self, played: Played, target: Target) -> Phone:
        """What the phone that rings now will do."""
        played.rang.append(name_of(target))
        return BUSY if name_of(target) in self.in_use else self.phones(target)

    @contextlib.contextmanager
    def using(self, phone: str | None) -> Iterator[None]:
        if phone is not None:
            self.in_use.add(phone)
        try:
            yield
        finally:
            self.in_use.discard(phone or "")

    async def talk(self, line: Line, played: Played, talks_s: float, alive_every_s: float = ALIVE_EVERY_S) -> None:
        """Talk, with a sign of life now and then, and hang up; or never be heard of again. Ends by `Over`."""
        silent, left_s = line.falls_silent(), talks_s
        while left_s > 0:
            stretch = min(alive_every_s, left_s)
            await self.sleep(stretch)
            left_s -= stretch
            played.talked_s += stretch
            if left_s > 0 and not silent:
                await line.tell("alive", "caller")
        if silent:
            raise Over("silent")
        await line.tell("hangup", "caller")
        raise Over("talked")


def name_of(target: Target) -> str:
    """What the switch calls a phone."""
    return str(target.get("endpoint") or target.get("uri") or target.get("number"))
