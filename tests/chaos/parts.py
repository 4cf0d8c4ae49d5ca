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
from tests.faults.failover import failover_cycle
from tests.faults.far import far_away
from tests.faults.herd import stampede
from tests.faults.killing import POINTS, killing
from tests.faults.own_server import OwnServer
from tests.faults.small_disk import NoSmallDisk, SmallServer, small_disk
from tests.faults.storm import Storm
from tests.faults.town import NOISY, a_town
from tests.races.desks import found as found_desks
from tests.races.desks import offered_to, two_calls
from tests.races.replicas import two_replicas
from tests.realtime.readers import beside_writers
from tests.routing.days import Day
from tests.routing.test_days import HOURS_OF_A_DAY
from tests.support.cluster import Cluster
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


async def storm(place: Place, cycles: int, seed: int) -> Found:
    """A living town with two replicas, a noisy switch and a fault after the other."""
    async with OwnServer() as server, a_town(server, place.empty_folder(), seed, noise=NOISY) as town:
        stormy = Storm(town, freeze_s=15)
        async with town.living():
            for _ in range(cycles):
                await stormy.cycle()
        await stormy.end(within_s=110)
        ended = Counter({f"ended_{how}": number for how, number in town.played.items()})
        told = {"told_calls": len(town.ledger.calls), "told_events": len(town.ledger.events)}
        promised = {"told_promises": len(town.ledger.promises), "told_dials": len(town.ledger.dials)}
        return stormy.tally + ended + Counter({"storms": cycles, **told, **promised}), stormy.wrong


async def disk(place: Place, cycles: int, seed: int) -> Found:
    """The database's disk is full for some seconds, again and again."""
    try:
        async with (
            small_disk() as small,
            SmallServer(small) as server,
            a_town(server, place.empty_folder(), seed, noise=NOISY) as town,
        ):
            stormy = Storm(town, weather_s=5)
            async with town.living():
                for _ in range(cycles):
                    await stormy.cycle("fill_the_disk")
            await stormy.end(within_s=110)
    except NoSmallDisk as reason:
        return Counter(), [str(reason)]
    never = [] if stormy.tally["refused_without_room"] else ["it was never full"]
    return stormy.tally + Counter({"full_disks": cycles}), [*stormy.wrong, *never]


async def herd(place: Place, number: int, seed: int) -> Found:
    """So many dashboards come back at once; routing p99 below 500 ms meanwhile, all back within 15 s."""
    async with OwnServer() as server, a_town(server, place.empty_folder(), seed) as town:
        found = await stampede(town, place.settings, number)
    counts = {"dashboards": number, "herd_back_ms": round(1000 * found.back_s), "herd_p99_ms": round(found.p99_ms)}
    slow = found.back_s > 15 or found.p99_ms > 500
    return Counter(counts), [f"{counts}"] if slow or found.refused or found.resynced else []


async def failover(place: Place, cycles: int, seed: int) -> Found:
    """The primary is killed under load, and its synchronous standby promoted."""
    tally, wrong = Counter[str](), list[str]()
    for n in range(cycles):
        async with Cluster() as cluster:
            found = await failover_cycle(cluster, place.settings, seed=seed + n)
        tally += found.counts
        tally["slowest_gap_ms"] = max(tally["slowest_gap_ms"], round(1000 * found.gap_s))
        wrong += [*found.wrong, *([f"gap {found.gap_s}"] if found.gap_s > 10 else [])]
    return tally, wrong


async def hours(_: Place, number: int, seed: int) -> Found:
    """Simulated hours of a company on the pure core."""
    tally, wrong = Counter({"simulated_hours": number}), list[str]()
    for day in (Day(seed + n) for n in range(number // HOURS_OF_A_DAY)):
        await asyncio.to_thread(day.play, HOURS_OF_A_DAY)
        tally["simulated_calls"] += day.tally["received"]
        tally["violations"] += len(day.wrong)
        wrong += day.wrong
    return tally, wrong


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
    "storm": Part(storm, "storms", 5, 500, 20),
    "disk": Part(disk, "full_disks", 2, 100, 20),
    "cuts": Part(cuts, "commit_cuts", 100, 5_000, 250),
    "readers": Part(readers, "seconds_of_reading", 20, 1_800, 100),
    "orders": Part(by_pytest(ORDERS, "DURCHWAHL_ORDERS", "orders"), "orders", 500, 50_000, 5_000),
    "steps": Part(by_pytest(LIFE, "DURCHWAHL_STEPS", "steps"), "steps", 1_000, 500_000, 10_000),
    "hours": Part(hours, "simulated_hours", 500, 20_000, 1_000),
    "failover": Part(failover, "failovers", 1, 100, 5),
    "herd": Part(herd, "dashboards", 100, 1_500, 1_500),
    "nasty": Part(by_pytest(CORPUS, "NASTY_TIMES", "corpus_runs"), "corpus_runs", 0, 5, 5),
    "generated": Part(by_pytest(GENERATED, "NASTY_CASES", "cases", "NASTY_SEED"), "cases", 0, 100_000, 10_000),
}
UNITS = {name: part.unit for name, part in PARTS.items()}
