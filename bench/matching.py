"""A burst: many who wait and many who are free at once, from the frozen problem to the plan.

As after an outage of two minutes: everybody is free. Wait, product, language and own advisor are drawn, one in
twenty was already offered to theirs in vain. The policy is the default, so demands relax and neighbours are let in.
Times are those of the quickest round, since others share the machine; the middle ones stand beside them. The stall
is the longest gap of an event loop while the larger burst is solved in the process that `durchwahl serve` has for
that.

    python bench/matching.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent.parent))

from contacts.bursts import Solver
from routing.matching import match
from routing.policy import Need, RoutingPolicy
from routing.problem import Person, Waiting

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GROUP_SIZE, NEIGHBOURS = 10, 3
SUBJECTS = ("hosting", "dns", "mail", "shop", "billing")
PRODUCTS = [
    (Need(skill, level),) for skill, level in zip(SUBJECTS * 2, (2, 3, 1, 3, 1, 4, 4, 2, 4, 2), strict=True)
]
POLICY = RoutingPolicy()


def burst(contacts: int, advisors: int, seed: int = 1) -> tuple[list[Waiting], list[Person]]:
    """So many who wait and so many who are free, in groups of ten."""
    dice, groups = random.Random(seed), -(-advisors // GROUP_SIZE)
    around = [tuple(UUID(int=1_000_000 + (g + n) % groups) for n in range(NEIGHBOURS + 1)) for g in range(groups)]
    return [_contact(dice, n, advisors, around) for n in range(contacts)], [
        _person(dice, n) for n in range(advisors)
    ]


def _contact(dice: random.Random, n: int, advisors: int, around: Sequence[tuple[UUID, ...]]) -> Waiting:
    own, waited_s = dice.randrange(advisors), dice.uniform(0, 120)
    return Waiting(
        id=UUID(int=10_000_000 + n),
        market="DE",
        age=NOW - timedelta(seconds=waited_s),
        rings=around[own // GROUP_SIZE],
        own_id=UUID(int=own),
        policy=POLICY,
        languages=("de",) if dice.random() < 0.8 else ("en",),
        needs=dice.choice(PRODUCTS),
        waited_s=waited_s,
        tried=frozenset({UUID(int=own)}) if dice.random() < 0.05 else frozenset(),
    )


def _person(dice: random.Random, n: int) -> Person:
    return Person(
        id=UUID(int=n),
        group_id=UUID(int=1_000_000 + n // GROUP_SIZE),
        languages=frozenset({"de"} if dice.random() < 0.6 else {"de", "en"}),
        skills={skill: dice.randint(1, 5) for skill in SUBJECTS if dice.random() < 0.7},
        markets=frozenset({"DE"}),
        state="available",
        since=NOW - timedelta(seconds=dice.uniform(0, 900)),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """As in the service: what lives long is not gone through by the collector again and again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def timed(contacts: int, advisors: int, rounds: int) -> dict[str, float]:
    """Milliseconds, the least, the middle and the least of the processor's, and how many were served."""
    waiting, free = burst(contacts, advisors)
    took, worked, served = [], [], 0
    with _quiet():
        for _ in range(rounds + 1):
            began, cpu = time.perf_counter(), time.process_time()
            served = len(match(waiting, free, NOW))
            took.append(time.perf_counter() - began)
            worked.append(time.process_time() - cpu)
    figures = {"ms": min(took[1:]), "median_ms": statistics.median(took[1:]), "cpu_ms": min(worked[1:])}
    return {**{name: round(seconds * 1000, 2) for name, seconds in figures.items()}, "served": served}


async def stall(contacts: int, advisors: int, rounds: int) -> dict[str, float]:
    """The longest gap of this loop beside the solves, beside nothing, and how long one took to come back."""
    waiting, free = burst(contacts, advisors)
    async with Solver(timedelta(seconds=10)) as solver:
        await solver.warmed()
        with _quiet():
            idle = await _longest_gap(asyncio.sleep(0.3))
            gaps, took = [], []
            for _ in range(rounds):
                began = time.perf_counter()
                gaps.append(await _longest_gap(solver.solve(waiting, free, NOW)))
                took.append(time.perf_counter() - began)
    return {
        "loop_stall_ms": round(statistics.median(gaps) * 1000, 1),
        "loop_stall_max_ms": round(max(gaps) * 1000, 1),
        "loop_stall_idle_ms": round(idle * 1000, 1),
        "apart_ms": round(statistics.median(took) * 1000, 1),
    }


async def _longest_gap(work: Any) -> float:
    """The longest time between two turns of this loop while the work goes on, less what was asked for."""
    task, longest, last = asyncio.ensure_future(work), 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last - 0.001), now
    await task
    return longest


def small(rounds: int) -> dict[str, float]:
    """What bursts take that are solved in the process that found them."""
    return {f"{n}x{n}": timed(n, n, rounds)["ms"] for n in (2, 5, 10, 20, 50)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="three rounds")
    options = parser.parse_args()
    rounds = 3 if options.quick else options.rounds
    middle, large = timed(1000, 300, rounds), timed(5000, 2000, rounds)
    figures = {
        "ms_1000x300": middle["ms"],
        "ms_5000x2000": large["ms"],
        **asyncio.run(stall(5000, 2000, rounds)),
        "small_ms": small(rounds),
        "1000x300": middle,
        "5000x2000": large,
        "python": platform.python_version(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
