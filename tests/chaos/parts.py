"""The parts of a campaign: each plays a piece with a seed and returns what it counted and what was wrong.

A part calls what the tests call, so that nothing is checked here that is not checked in every run, only more often.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.chaos.place import Place
from tests.faults.commits import CommitCuts
from tests.faults.far import far_away
from tests.faults.killing import POINTS, killing
from tests.races.desks import found as found_desks
from tests.races.desks import offered_to, two_calls
from tests.races.replicas import two_replicas
from tests.realtime.readers import beside_writers
from tests.support.postgres import ROOT

Found = tuple[Counter[str], list[str]]
Play = Callable[[Place, int, int], Awaitable[Found]]


@dataclass(frozen=True)
class Part:
    """`play(place, number, seed)`; `unit` is what it counts. `quick` and `long` say how many, `piece` how many are
    played until the next note is made."""

    play: Play
    unit: str
    quick: int
    long: int
    piece: int


async def kill(place: Place, cycles: int, seed: int) -> Found:
    """Processes that are killed at a failpoint or anywhere."""
    async with place.fresh() as (database, uri):
        killed = await killing(database, uri, seed)
        for n in range(cycles):
            await killed.cycle(POINTS[n % len(POINTS)])
        await killed.end()
        return killed.tally, killed.wrong


async def races(place: Place, number: int, seed: int) -> Found:
    """Two replicas want the same advisor at the same instant: the other one is taken by who came too late."""
    tally: Counter[str] = Counter()
    async with place.fresh_uri() as uri, two_replicas(uri, place.settings, seed) as replicas:
        company = await found_desks(replicas)
        both = sorted((company.anna.id, company.ben.id))
        for _ in range(number):
            await replicas.everybody_is_free()
            await two_calls(replicas, (None, None))
            tally["races"] += 1
            tally["double_booked"] += await offered_to(replicas) != both
            await replicas.check()
        tally["races_decided_late"] = replicas.came_too_late
        undone = [f"undone by the database: {replicas.seen}"] if replicas.seen else []
        return tally, undone


async def cuts(place: Place, number: int, seed: int) -> Found:
    """The database's connection is cut somewhere around a commit."""
    async with place.fresh_uri() as uri, far_away(uri, place.settings) as far:
        cutting = CommitCuts(far, random.Random(seed))
        while cutting.tally["commit_cuts"] < number:
            await cutting.cut_anywhere()
        return cutting.tally, cutting.wrong


async def readers(place: Place, seconds: int, seed: int) -> Found:
    """Readers of the event log beside eight writers."""
    async with place.fresh() as (database, _):
        found = await beside_writers(database, seconds, seed)
    found["seconds_of_reading"] = seconds
    wrong = [f"{found['events_out_of_order']} readers out of order"] if found["events_out_of_order"] else []
    return found, wrong


def by_pytest(path: str, number: str, unit: str, seed_name: str = "DURCHWAHL_SEED") -> Play:
    """A test that takes its number and its seed from the environment; it counts as many as it was told."""

    async def play(_: Place, count: int, seed: int) -> Found:
        environment = {**os.environ, number: str(count), seed_name: str(seed)}
        command = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", path)
        pipe = asyncio.subprocess.PIPE
        running = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdout=pipe, stderr=asyncio.subprocess.STDOUT
        )
        said, _nothing = await running.communicate()
        if running.returncode == 0:
            return Counter({unit: count}), []
        return Counter(violations=1), [said.decode()[-3000:]]

    return play


STEPS_OF_A_LIFE = 250
LIFE, ORDERS = "tests/properties/test_life_of_calls.py", "tests/properties/test_orders.py"
CORPUS, GENERATED = "tests/nasty/test_nasty.py", "tests/nasty/test_generated.py"

PARTS: dict[str, Part] = {
    "kill": Part(kill, "kill_cycles", 20, 1_000, 50),
    "races": Part(races, "races", 500, 10_000, 1_000),
    "cuts": Part(cuts, "commit_cuts", 100, 5_000, 250),
    "readers": Part(readers, "seconds_of_reading", 20, 1_800, 100),
    "orders": Part(by_pytest(ORDERS, "DURCHWAHL_ORDERS", "orders"), "orders", 500, 50_000, 5_000),
    "steps": Part(by_pytest(LIFE, "DURCHWAHL_STEPS", "steps"), "steps", 1_000, 500_000, 10_000),
    "nasty": Part(by_pytest(CORPUS, "NASTY_TIMES", "corpus_runs"), "corpus_runs", 0, 5, 5),
    "generated": Part(by_pytest(GENERATED, "NASTY_CASES", "cases", "NASTY_SEED"), "cases", 0, 100_000, 10_000),
}
UNITS = {name: part.unit for name, part in PARTS.items()}
