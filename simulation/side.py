"""One side of the comparison: a policy on a database of its own, from the first call to the last."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from contacts.exchange import Exchange
from kit import ids
from kit.catalogue import Catalogue
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from routing.direct import decide, longest_idle_anyone
from simulation import results
from simulation.agenda import Agenda
from simulation.desks import Desks
from simulation.dial_script import DialScript
from simulation.loading import Loaded
from simulation.scenario import Scenario
from simulation.switch_script import Callers, SwitchScript
from simulation.virtual_service import VirtualService

LINGER = timedelta(hours=6)
"""After the last call and the last shift nothing goes on for longer than this."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Task:
    """What one process is to do. `personal`: the policy; else longest-idle-anyone, without callbacks."""

    scenario: Scenario
    loaded: Loaded
    url: str
    personal: bool
    accept_callback: float
    reached: float
    settings: Settings

    @property
    def name(self) -> str:
        return "policy" if self.personal else "baseline"


@dataclass
class Side:
    """How it went."""

    figures: dict[str, Any]
    violations: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    transactions: int = 0


async def run(task: Task, tell: Callable[[str], None]) -> Side:
    """Replay one side; `tell` hears of the progress."""
    database = Database(task.url, task.settings, application=f"replay {task.name}")
    started = time.perf_counter()
    try:
        clock = VirtualClock(task.scenario.starts_at)
        async with VirtualService.opened(database, _exchange(task), clock) as virtual:
            side = await _Replay(task, virtual, tell).play()
            side.seconds = time.perf_counter() - started
            return side
    finally:
        await database.close()


def _exchange(task: Task) -> Exchange:
    dice = Random(f"{task.scenario.seed}/{task.name}")
    return Exchange(
        catalogue=Catalogue.load(),
        new_id=partial(ids.new_id, dice=dice),
        decide=decide if task.personal else longest_idle_anyone,
        personal=task.personal,
    )


class _Replay:
    def __init__(self, task: Task, virtual: VirtualService, tell: Callable[[str], None]) -> None:
        self._task, self._virtual, self._tell = task, virtual, tell
        scenario, loaded = task.scenario, task.loaded
        self._agenda = Agenda()
        callers = Callers(task.accept_callback, loaded.phone, loaded.own_number, loaded.general_number)
        self._switch = SwitchScript(virtual, self._agenda, callers)
        self._dials = DialScript(virtual, self._agenda, callers, reached=task.reached, seed=scenario.seed)
        self._desks = Desks(virtual, self._agenda, loaded.advisors)
        self._hour, self._hours = scenario.starts_at, 0

    async def play(self) -> Side:
        scenario = self._task.scenario
        self._desks.plan(scenario.shifts, scenario.duties)
        for arrival in scenario.arrivals:
            self._agenda.at(arrival.at, partial(self._switch.arrive, arrival))
        while (instant := await self._next()) is not None:
            await self._step(instant)
        return Side(
            figures=(await results.tally(self._virtual.reading, self._desks.worked_s())).figures(),
            transactions=self._virtual.transactions,
        )

    async def _next(self) -> datetime | None:
        planned, due = self._agenda.next_at, await self._virtual.next_due()
        if planned is None and (due is None or due > self._task.scenario.ends_at + LINGER):
            return None
        return min(instant for instant in (planned, due) if instant is not None)

    async def _step(self, instant: datetime) -> None:
        """One instant: first what is due by itself, then what people do, each heard before the next."""
        virtual, agenda = self._virtual, self._agenda
        virtual.clock.move_to(max(instant, virtual.now))
        if instant >= self._hour + HOUR:
            self._hour = instant
            await self._hourly(instant)
            self._tell(f"{self._task.name:8} {instant.astimezone(self._task.scenario.zone):%a %d %b %H:%M} {self._switch.arrived:6,} calls")
        if await virtual.do_what_is_due():
            self._hear()
        while agenda.next_at is not None and agenda.next_at <= virtual.now:
            await agenda.pop()()
            self._hear()

    async def _hourly(self, instant: datetime) -> None:
        self._hours += 1
        if self._hours in (1, 2, 4, 8) or self._hours % 12 == 0:
            await self._virtual.tidy()

    def _hear(self) -> None:
        virtual = self._virtual
        events, virtual.events = virtual.events, []
        for event in events:
            self._desks.hear(event)
            self._switch.hear(event)
            self._dials.hear(event)
        dials, virtual.dials = virtual.dials, []
        for attempt in dials:
            self._dials.dial(attempt)
