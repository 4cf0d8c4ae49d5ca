"""A simulated switch: an HTTP client of our own API that plays whole calls by following the verbs.

    switch = SimulatedSwitch(http, clock=clock, sleep=asyncio.sleep, dice=Random(7), phones=lambda target: Phone())
    played = await switch.call(Caller("+493023125017", dials="+493023125900", wants=("callback",)))
    for dial in await switch.claim():
        played = await switch.keep(dial)

- Clock, dice and sleep are handed in: with a `sleep` that moves a `VirtualClock` a call of minutes takes no time.
- A call never ends in an exception: `Played.ended` says how it did.
- Whoever talks is busy to everybody else, whatever their script says.
- What was told last holds. While a phone rings the switch looks every 2 s whether it still should.
- `Noise` makes it repeat itself, change the order, lose news, fall silent, and lie.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import count
from random import Random

import httpx2

from kit.clock import Clock
from telephony.simulated_board import Played, Switchboard
from telephony.simulated_call import InboundPlay
from telephony.simulated_dial import DialPlay
from telephony.simulated_line import DIALS, QUIET, Away, Noise, Service, Sleep
from telephony.simulated_people import Caller, Phone, Phones, Target, VerbData

__all__ = ["QUIET", "Away", "Caller", "Noise", "Phone", "Played", "SimulatedSwitch", "Target"]

REGISTRATIONS = "/v1/telephony/registrations"


class SimulatedSwitch:
    """Any number of calls at once, each a coroutine."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        clock: Clock,
        dice: Random,
        phones: Phones,
        sleep: Sleep = asyncio.sleep,
        noise: Noise = QUIET,
        poll_s: float = 0.0,
        prefix: str = "sim",
    ) -> None:
        """`http` has the base URL and the telephony key in its headers. `phones` says what each phone does.

        `poll_s`: how long to wait for news at the service in one request, at most 10, as live switches do; 0: look,
        sleep, look. `prefix` begins the ids of all calls and must differ from every other switch's, and from
        earlier runs'.
        """
        self._service = Service(http, sleep)
        self._board = Switchboard(self._service, clock, sleep, dice, phones, noise, poll_s)
        self._prefix, self._ids = prefix, count(1)

    async def call(self, caller: Caller, call_id: str | None = None) -> Played:
        """Play a call from the first ring to the end."""
        return await InboundPlay(self._board, caller, call_id or f"{self._prefix}-{next(self._ids)}").play()

    async def claim(self, for_s: float = 0.0) -> list[VerbData]:
        """Callbacks to dial now, waiting up to `for_s` for one; each is handed out once. Raises `Away`."""
        answer = await self._service.ask("POST", f"{DIALS}/claim", params={"for_s": for_s})
        return [] if answer is None else list(answer["dials"])

    async def keep(self, dial: VerbData, talks_s: float = 60.0) -> Played:
        """Play a callback that was claimed."""
        return await DialPlay(self._board, dial, talks_s).play()

    async def register(self, phones: Iterable[Target], expires_s: int = 60) -> None:
        """Say of advisors' phones that they are there, by `uri` or `endpoint`. Raises `Away`."""
        for phone in phones:
            named = {key: phone[key] for key in ("uri", "endpoint") if phone.get(key)}
            await self._service.ask("POST", REGISTRATIONS, json={**named, "expires_s": expires_s})

    def is_in_use(self, phone: str) -> bool:
        """Whether somebody calls from, or talks on, the phone of that number, endpoint or URI."""
        return phone in self._board.in_use
