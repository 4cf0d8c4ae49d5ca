"""The line from the simulated switch to our own API, with whatever may go wrong on it.

A real switch repeats itself when an answer is late, sends news in another order, loses some, falls silent, and
mixes up calls. `Noise` says how often each happens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

import httpx2

from kit.clock import Clock
from telephony.simulated_people import VerbData

Sleep = Callable[[float], Awaitable[None]]
Verbs = list[VerbData]

ATTEMPTS = 3
AGAIN_AFTER_S = 1.0
CALLS = "/v1/telephony/calls"
DIALS = "/v1/telephony/dials"


class Away(Exception):
    """The service doesn't answer, or says that it can't: a switch goes on by its fallback table."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How often things go wrong: shares between 0 (never) and 1 (always)."""

    repeat: float = 0.0
    """News that is sent twice; so are the calls themselves."""
    reorder: float = 0.0
    """News that is held back until the next has gone out."""
    lose: float = 0.0
    """News that is never sent."""
    silent: float = 0.0
    """Calls of which nothing is heard any more once two are talking: no hang-up either."""
    lie: float = 0.0
    """News of an advisor's phone that names the offer of another call."""


QUIET = Noise()


class Service:
    """Our API as the switch sees it. `http` has the base URL and the telephony key."""

    def __init__(self, http: httpx2.AsyncClient, sleep: Sleep) -> None:
        self._http, self._sleep = http, sleep

    async def ask(self, method: str, path: str, **more: Any) -> dict[str, Any] | None:
        """The answer; None for a call that is unknown or refused. Raises `Away`."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = await self._http.request(method, path, **more)
            except httpx2.TransportError:
                response = None
            if response is not None and response.status_code < 429:
                told: dict[str, Any] | None = response.json() if response.status_code == 200 else None
                return told
            if attempt < ATTEMPTS:
                await self._sleep(AGAIN_AFTER_S)
        raise Away

    async def verbs(self, method: str, path: str, **more: Any) -> Verbs:
        """The verbs of the answer; none where there is none."""
        answer = await self.ask(method, path, **more)
        return [] if answer is None else list(answer["verbs"])


class Line:
    """What the switch says of one call or dial."""

    def __init__(
        self, service: Service, path: str, clock: Clock, dice: Random, noise: Noise, offers: list[str]
    ) -> None:
        self._service, self._path = service, path
        self._clock, self._dice, self._noise = clock, dice, noise
        self._offers = offers
        self._ordinals = count(1)
        self._held: dict[str, Any] | None = None

    async def tell(self, kind: str, leg: str, **more: Any) -> Verbs | None:
        """Say what has happened; what to do now, or None where the news didn't get through for now."""
        news = {"event_id": f"e{next(self._ordinals)}", "type": kind, "leg": leg, "at": self._now(), **more}
        if self._happens(self._noise.lose):
            return None
        if "offer_id" in news and self._happens(self._noise.lie):
            news["offer_id"] = self._dice.choice(self._offers)
        if self._held is None and self._happens(self._noise.reorder):
            self._held = news
            return None
        verbs = await self._send(news)
        await self.flush()
        if self._happens(self._noise.repeat):
            await self._send(news)
        return verbs

    async def flush(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, None
        if held is not None:
            await self._send(held)

    def falls_silent(self) -> bool:
        return self._happens(self._noise.silent)

    def repeats(self) -> bool:
        return self._happens(self._noise.repeat)

    async def _send(self, news: dict[str, Any]) -> Verbs:
        return await self._service.verbs("POST", f"{self._path}/events", json=news)

    def _now(self) -> str:
        return self._clock.now().isoformat()

    def _happens(self, share: float) -> bool:
        return share > 0 and self._dice.random() < share
