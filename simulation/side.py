"""One side of the comparison: a policy on a database of its own, from the first call to the last."""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from random import Random
from typing import Any

from contacts.exchange import Exchange
from kit import ids, invariants
from kit.catalogue import Catalogue
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from routing.direct import decide, longest_idle_anyone
from simulation import results
from simulation.agenda import Agenda
from simulation.desks import Desks
from simulation.dial_script import DialScript
from simulation.heartbeat import Heartbeat
from simulation.loading import Loaded
from simulation.scenario import Scenario
from simulation.switch_script import Callers, SwitchScript
from simulation.virtual_service import VirtualService

LINGER = timedelta(hours=6)
"""After the last call and the last shift nothing goes on for longer than this."""
HOUR = timedelta(hours=1)
OF_THE_PRESENT = ("I1", "I2", "I3", "I5", "I7", "I8", "I9", "I14", "I21", "I24")
"""Invariants that look at a few rows are checked every hour; all of them every day and at the end."""
TIDY_AT_FIRST = (1, 2, 4, 8)
TIDY_EVERY_H = 12
TELL_EVERY_H = 6


@dataclass(frozen=True)
class Task:
    """What one process is to do. `personal`: the policy; else longest-idle-anyone, without callbacks."""

    scenario: Scenario
    loaded: Loaded
    url: str
    personal: bool
    accept_callback: float
    reached: float
    progress: bool
    settings: Settings

    @property
    def name(self) -> str:
        return "policy" if self.personal else "baseline"


@dataclass
class Side:
    """How it went: figures, violations by invariant, and what it took."""

    figures: dict[str, Any]
    violations: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    transactions: int = 0


def work(task: Task, there: Connection) -> None:
    """Replay one side in a process that has nothing else to do, and send how it went. The parent ends it early."""
    import uvloop

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    there.send(uvloop.run(run(task)))


async def run(task: Task) -> Side:
    started = time.perf_counter()
    database = Database(task.url, task.settings, application=f"replay {task.name}")
    try:
        clock = VirtualClock(task.scenario.starts_at)
        async with VirtualService.opened(database, _exchange(task), clock) as virtual:
            side = await _Replay(task, virtual).play()
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
    def __init__(self, task: Task, virtual: VirtualService) -> None:
        self._task, self._virtual = task, virtual
        scenario, loaded = task.scenario, task.loaded
        self._agenda = Agenda()
        callers = Callers(task.accept_callback, loaded.phone, loaded.own_number, loaded.general_number)
        beat = Heartbeat(virtual, self._agenda)
        self._switch = SwitchScript(virtual, self._agenda, callers, beat)
        self._dials = DialScript(virtual, self._agenda, callers, beat, reached=task.reached, seed=scenario.seed)
        self._desks = Desks(virtual, self._agenda, loaded.advisors)
        self._broken: set[tuple[str, str, str]] = set()
        self._hours = 0

    async def play(self) -> Side:
        scenario, virtual = self._task.scenario, self._virtual
        self._desks.plan(scenario.shifts, scenario.duties)
        for arrival in scenario.arrivals:
            self._agenda.at(arrival.at, partial(self._switch.arrive, arrival))
        while (instant := await self._next()) is not None:
            await self._step(instant)
        await self._check(since=scenario.starts_at - HOUR)
        tally = await results.tally(virtual.reading, self._desks.worked_s())
        violations = Counter(invariant for invariant, _, _ in self._broken)
        figures = {**tally.figures(), "told": self._switch.told.figures()}
        return Side(figures, dict(sorted(violations.items())), transactions=virtual.transactions)

    async def _next(self) -> datetime | None:
        """The next instant at which anything happens; None when nothing does any more."""
        planned, due = self._agenda.next_at, await self._virtual.next_due()
        if planned is None and (due is None or due > self._task.scenario.ends_at + LINGER):
            return None
        return min(instant for instant in (planned, due) if instant is not None)

    async def _step(self, instant: datetime) -> None:
        """One instant: first what is due by itself, then what people do, each heard before the next."""
        virtual, agenda = self._virtual, self._agenda
        virtual.clock.move_to(max(instant, virtual.now))
        if await virtual.do_what_is_due():
            self._hear()
        while agenda.next_at is not None and agenda.next_at <= virtual.now:
            await agenda.pop()()
            self._hear()
        if virtual.now >= self._task.scenario.starts_at + (self._hours + 1) * HOUR:
            await self._hourly()

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

    async def _hourly(self) -> None:
        before, self._hours = self._hours, (self._virtual.now - self._task.scenario.starts_at) // HOUR
        if self._hours in TIDY_AT_FIRST or self._hours // TIDY_EVERY_H > before // TIDY_EVERY_H:
            await self._virtual.tidy()
        if self._hours // 24 > before // 24:
            await self._check()
        else:
            await self._check(OF_THE_PRESENT)
        if self._task.progress and self._hours // TELL_EVERY_H > before // TELL_EVERY_H:
            self._tell()

    async def _check(self, only: tuple[str, ...] | None = None, since: datetime | None = None) -> None:
        found = await invariants.violations(self._virtual.reading, self._virtual.now, since=since, only=only)
        self._broken |= {(name, one.id, one.why) for name, broken in found.items() for one in broken}

    def _tell(self) -> None:
        scenario = self._task.scenario
        when = self._virtual.now.astimezone(scenario.zone)
        calls = f"{self._switch.arrived:,} of {len(scenario.arrivals):,} calls"
        sys.stderr.write(f"{self._task.name:8} {when:%a %d %b %H:%M}  {calls}\n")
        sys.stderr.flush()
