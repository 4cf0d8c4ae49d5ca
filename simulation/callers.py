"""The demo's telephones: customers who call at a gentle pace, and callbacks that are dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from random import Random
from typing import Any

from simulation.cast import Client
from telephony.simulated import Away, Caller, Phone, SimulatedSwitch, Target
from telephony.simulated_line import Sleep

GAP_S = (4.0, 9.0)
"""Between two calls."""
RUSH_EVERY, RUSH_CALLS = 30, 8
"""After so many calls so many come within a few seconds: a queue forms, and goes."""
RUSH_GAP_S = 0.7
TALK_S = (15.0, 60.0)
SHORT_TALK_S = 12.0
"""With whoever tries the demo by hand and waits to see the promise kept."""
STRANGERS = 0.05
"""Share of callers whom nobody knows."""
CLAIM_S = 2.0
AWAY_S = 1.0


class Switchroom:
    """Who calls when, and what the phones do."""

    def __init__(
        self, clients: Sequence[Client], general_number: str, dice: Random, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._clients, self._general = clients, general_number
        self._known = {client.phone for client in clients}
        self._dice, self._sleep = dice, sleep
        self._placed = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    def phone(self, target: Target) -> Phone:
        """Advisors answer nearly always; customers mostly; whoever tries the demo by hand always does."""
        after_s = self._dice.uniform(1.5, 6)
        number = target.get("number")
        if number is None:
            return Phone("answers" if self._dice.random() < 0.96 else "no_answer", after_s)
        if number not in self._known:
            return Phone("answers", after_s)
        return Phone(self._dice.choices(("answers", "no_answer", "busy"), (9, 1, 1))[0], after_s)

    async def place_once(self, switch: SimulatedSwitch) -> None:
        """Wait a moment, then somebody calls."""
        self._placed += 1
        rush = self._placed % (RUSH_EVERY + RUSH_CALLS) >= RUSH_EVERY
        await self._sleep(RUSH_GAP_S if rush else self._dice.uniform(*GAP_S))
        caller = self._caller(switch)
        if caller is not None:
            self._start(switch.call(caller))

    async def dial_once(self, switch: SimulatedSwitch) -> int:
        """Dial the callbacks that are due; returns how many."""
        try:
            dials = await switch.claim(CLAIM_S)
        except Away:
            await asyncio.sleep(AWAY_S)
            return 0
        for dial in dials:
            known = dial["customer"]["number"] in self._known
            self._start(switch.keep(dial, self._dice.uniform(*TALK_S) if known else SHORT_TALK_S))
        return len(dials)

    async def finish(self) -> None:
        """Until all calls and dials that go on have ended."""
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, play: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(play)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _caller(self, switch: SimulatedSwitch) -> Caller | None:
        """Somebody who isn't on the phone already."""
        if self._dice.random() < STRANGERS:
            return self._script(None, self._general)
        client = self._dice.choice(self._clients)
        return None if switch.is_in_use(client.phone) else self._script(client.phone, client.direct_dial)

    def _script(self, number: str | None, dials: str) -> Caller:
        dice = self._dice
        wants = dice.choices(
            (("callback",), ("colleague",), ("hold", "colleague"), ("hold", "callback")), (35, 40, 10, 15)
        )[0]
        return Caller(
            number,
            dials,
            wants=wants,
            listens_s=dice.uniform(2, 6),
            thinks_s=dice.uniform(0.5, 3),
            patience_s=20 + dice.expovariate(1 / 90),
            gives_in_after_s=dice.uniform(15, 60) if dice.random() < 0.4 else None,
            talks_s=dice.uniform(*TALK_S),
        )
