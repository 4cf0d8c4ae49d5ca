"""A real log through the real services, twice: the policy, and longest-idle-anyone, on the same calls.

Both sides have the same company, callers, shifts, rules and dice, and a database each; they run side by side in
processes of their own. `run` is the whole of it: from the file to the report that `durchwahl replay --json` prints.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from kit import ids
from kit.database import Database
from kit.settings import Settings
from markets.policy import CallbackPolicy, Policy
from migrations import runner
from routing.policy import RoutingPolicy
from simulation import databases, figures, loading, side
from simulation.scenario import Scenario, Span, Told, prepare
from simulation.side import Side, Task
from simulation.switch_script import RING

POLICY, BASELINE = "policy", "baseline"
CHECKS_MAY_TAKE = timedelta(seconds=60)
"""For one statement: all invariants over all days at once are one."""


class SideFailed(RuntimeError):
    """A process has died; what it had to say is on standard error."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a replay. Shares are between 0 and 1."""

    log: Path
    span: Span = field(default_factory=Span)
    seed: int = 1
    accept_callback: float = 0.6
    reached: float = 0.95
    sides: tuple[str, ...] = (POLICY, BASELINE)
    database_url: str | None = None
    progress: bool = False


@dataclass(frozen=True)
class Report:
    """The object that `--json` prints, and the sentences that go with the table."""

    figures: Mapping[str, Any]
    notes: Sequence[str]


def rules(scenario: Scenario) -> Policy:
    """The market's policy, in force for both sides.

    Wrap-up lasts as long as the log shows. Neighbours help at once: three groups of eight are too small to let a
    caller wait while somebody at the next table is free. Nobody is asked for a customer number, since the log's
    voice response has done that. Patience, not a limit, ends a wait. Callbacks are promised for whole hours, in the
    quieter third of them if the next day has one: a short window of a busy hour would only be kept at the cost of
    those who call then.
    """
    wrap_up_s = max(0, round(scenario.turnaround_s - RING.total_seconds()))
    return Policy(
        routing=RoutingPolicy(neighbours_after_s=0, brief_hold_s=wrap_up_s, max_wait_s=7200),
        callback=CallbackPolicy(slot_minutes=60, quiet_hours=scenario.quiet_hours),
        ask_customer_number=False,
        wrap_up_limit_s=wrap_up_s,
    )


async def run(wanted: Wanted, settings: Settings) -> Report:
    """Raises `UnusableLog`."""
    scenario, told = prepare(wanted.log, wanted.span, wanted.seed)
    started = time.perf_counter()
    sides = await _sides(wanted, scenario, settings.model_copy(update={"statement_timeout": CHECKS_MAY_TAKE}))
    seconds = time.perf_counter() - started
    return _report(wanted, scenario, told, sides, seconds)


async def _sides(wanted: Wanted, scenario: Scenario, settings: Settings) -> dict[str, Side]:
    """Load the company once, copy the database for each side, and let them run at the same time."""
    name = f"durchwahl_replay_{uuid4().hex[:8]}"
    names = {which: f"{name}_{which}" for which in wanted.sides}
    async with databases.server(wanted.database_url) as server:
        try:
            loaded = await _load(await databases.create(server, name), scenario, settings)
            tasks = [
                Task(
                    scenario=scenario,
                    loaded=loaded,
                    url=await databases.create(server, names[which], template=name),
                    personal=which == POLICY,
                    accept_callback=wanted.accept_callback if which == POLICY else 0.0,
                    reached=wanted.reached,
                    progress=wanted.progress,
                    settings=settings,
                )
                for which in wanted.sides
            ]
            return dict(zip(wanted.sides, await _in_processes(tasks), strict=True))
        finally:
            await databases.drop(server, [*names.values(), name])


async def _load(url: str, scenario: Scenario, settings: Settings) -> loading.Loaded:
    await runner.upgrade(url)
    database = Database(url, settings, application="replay loading")
    try:
        new_id = partial(ids.new_id, dice=Random(scenario.seed))
        return await loading.load(database, scenario.company, rules(scenario), scenario.starts_at, new_id)
    finally:
        await database.close()


async def _in_processes(tasks: Sequence[Task]) -> list[Side]:
    """A fresh process for each, since neither connections nor event loops survive a fork; none outlives this."""
    context = get_context("spawn")
    workers = []
    for task in tasks:
        here, there = context.Pipe(duplex=False)
        worker = context.Process(target=side.work, args=(task, there), name=task.name, daemon=True)
        worker.start()
        there.close()
        workers.append((worker, here))
    try:
        return list(await asyncio.gather(*(asyncio.to_thread(_result, worker, here) for worker, here in workers)))
    finally:
        for worker, _ in workers:
            worker.terminate()


def _result(worker: BaseProcess, here: Connection) -> Side:
    try:
        found: Side = here.recv()
    except EOFError:
        raise SideFailed(f"the {worker.name} came to no end; its own words are above") from None
    return found


def _report(wanted: Wanted, scenario: Scenario, told: Told, sides: Mapping[str, Side], seconds: float) -> Report:
    virtual_s = (scenario.ends_at - scenario.starts_at).total_seconds()
    facts = {
        "violations_by_invariant": {which: one.violations for which, one in sides.items()},
        "seconds": round(seconds, 1),
        "transactions": {which: one.transactions for which, one in sides.items()},
        "log": figures.of_log(told.load.logged, told.staffing.staffed_s),
        "inputs": _inputs(wanted, scenario),
        "oddities": dict(told.log.oddities.counts),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
    }
    violations = sum(sum(one.violations.values()) for one in sides.values())
    speedup = virtual_s / seconds
    if len(sides) == 2:
        policy, baseline = sides[POLICY].figures, sides[BASELINE].figures
        report = figures.report(policy, baseline, violations, speedup, **facts)
    else:
        only = {which: one.figures for which, one in sides.items()}
        report = {**only, "violations": violations, "speedup": round(speedup, 1), **facts}
    return Report(report, (*told.notes, *told.log.oddities.sentences()))


def _inputs(wanted: Wanted, scenario: Scenario) -> dict[str, Any]:
    return {
        "log": wanted.log.name,
        "from": scenario.starts_at.isoformat(),
        "until": scenario.ends_at.isoformat(),
        "seed": wanted.seed,
        "accept_callback": wanted.accept_callback,
        "reached": wanted.reached,
        "calls": len(scenario.arrivals),
        "customers": len(scenario.company.customers),
        "advisors": len({shift.agent for shift in scenario.shifts}),
        "turnaround_s": scenario.turnaround_s,
        "rules": rules(scenario).model_dump(mode="json"),
    }
