"""The whole book: a million customers and their advisors, solved, rebalanced and handed over.

    whole      nobody has an advisor yet: everybody gets one, in a process of its own whose memory is measured
    turnover   one advisor in a hundred leaves: their customers move, and as few others as can be
    leaver     one advisor with some 400 customers leaves: no solve, the last one's prices, the own desk group first
    stall      an event loop beside a solve that runs apart, and beside nothing
    waves      arrivals sorted by kind: decided by prices alone, and with the book solved again meanwhile

    python bench/book.py [--customers 1000000] [--advisors 3000] [--seed 1]

The last line is one JSON object. `seconds` is by the wall's clock, `cpu_seconds` the process's own time, which
neighbours on a busy machine lengthen less. The linear program is for 10,000 customers and 300 advisors.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.book_lp import exact
from bench.book_waves import waves
from bench.made_up_book import held, left_by, made_up_book
from kit.apart import Apart
from routing.activation import Book, Choice, choose, pick
from routing.book import solve
from routing.book_check import faults
from routing.book_greedy import greedy
from routing.book_plan import BookPlan
from routing.book_problem import BookProblem
from routing.book_reasons import ETA, book_after
from routing.problem import ActivationNeed

CUSTOMERS, ADVISORS, SEED = 1_000_000, 3_000, 1
LEAVERS = 100  # one in so many
LEAVERS_CUSTOMERS = 400
SMALL = (10_000, 300)
TICK = 0.001  # seconds
TIMES = 5  # that the leaver's book is handed over; the median counts


def measure(customers: int = CUSTOMERS, advisors: int = ADVISORS, seed: int = SEED) -> dict[str, Any]:
    """Run it and return what the last line prints."""
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        whole, plan = alone.submit(_whole, customers, advisors, seed).result()
    book = held(made_up_book(customers, advisors, seed), plan.advisor, seed)
    gone = left_by(book, np.random.default_rng(seed).choice(advisors, max(1, advisors // LEAVERS), replace=False))
    return {
        "whole": {**whole, **_against_the_lp(seed)},
        "unchanged": _solved(solve, book),
        "turnover": _solved(solve, gone),
        "greedy": {
            "whole": _solved(greedy, made_up_book(customers, advisors, seed)),
            "turnover": _solved(greedy, gone),
        },
        "leaver": _leaver(book, plan),
        **asyncio.run(_stall(gone)),
        "waves": waves(seed),
        "customers": customers,
        "advisors": advisors,
        "seed": seed,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }


def _whole(customers: int, advisors: int, seed: int) -> tuple[dict[str, Any], BookPlan]:
    import ortools.graph.python.min_cost_flow  # noqa: F401 - as in the process where solves run

    problem = made_up_book(customers, advisors, seed)
    plan, told = _timed(solve, problem)
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kinds = {"kinds": len(problem.kinds), "first": plan.first, "objective": plan.objective}
    return {**told, "rss_mb": round(rss_mb), **kinds, "faults": len(faults(problem, plan))}, plan


def _timed(way: Callable[[BookProblem], BookPlan], problem: BookProblem) -> tuple[BookPlan, dict[str, Any]]:
    begin, begin_cpu = perf_counter(), process_time()
    plan = way(problem)
    seconds, cpu_seconds = perf_counter() - begin, process_time() - begin_cpu
    told = {"seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3)}
    return plan, {**told, "rounding_gap": round(plan.rounding_gap, 5), "spread": _spread(problem, plan)}


def _solved(way: Callable[[BookProblem], BookPlan], problem: BookProblem) -> dict[str, Any]:
    plan, told = _timed(way, problem)
    moves = {"voluntary": plan.voluntary, "forced": plan.forced, "first": plan.first}
    share = round(plan.voluntary / len(problem.kind), 6)
    return {**told, **moves, "voluntary_share": share, "faults": len(faults(problem, plan))}


def _spread(problem: BookProblem, plan: BookPlan) -> float:
    """Standard deviation of load ÷ target, in shares of its mean, over those who stay."""
    there = plan.advisor >= 0
    load_s = np.bincount(plan.advisor[there], problem.expected_s[there], len(problem.advisors))
    target_s = np.array([advisor.target_s for advisor in problem.advisors])
    staying = np.array([not advisor.leaving for advisor in problem.advisors])
    filled = load_s[staying] / target_s[staying] * target_s[staying].sum() / load_s[staying].sum()
    return round(float(filled.std()), 4)


def _against_the_lp(seed: int) -> dict[str, Any]:
    problem = made_up_book(*SMALL, seed)
    plan = solve(problem)
    within = abs(plan.objective / (1 + plan.rounding_gap) / exact(problem) - 1)
    return {
        "equals_lp": bool(within < 1e-5),
        "equals_lp_within": float(f"{within:.1e}"),
        "rounding_gap_small": round(plan.rounding_gap, 5),
    }


def _leaver(problem: BookProblem, plan: BookPlan) -> dict[str, Any]:
    """Whose book is nearest to 400 customers leaves; the book in memory has the prices of the last solve."""
    sizes = np.bincount(plan.advisor[plan.advisor >= 0], minlength=len(problem.advisors))
    leaver = int(np.argmin(np.abs(sizes - LEAVERS_CUSTOMERS)))
    needs = [
        replace(
            problem.kinds[problem.kind[customer]].need,
            expected_s=int(problem.expected_s[customer]),
            tried=frozenset([problem.advisors[leaver].id]),
        )
        for customer in np.flatnonzero(plan.advisor == leaver).tolist()
    ]
    told = {}
    for name, way in (("ms", _decided), ("ms_with_records", _recorded)):
        runs = [_hand_over(problem, plan, leaver, needs, way) for _ in range(TIMES)]
        told[name] = round(float(np.median([run[0] for run in runs])), 2)
    moved, in_group = runs[0][1:]
    return {**told, "voluntary": 0, "customers": len(needs), "moved": moved, "group": in_group}


def _decided(book: Book, need: ActivationNeed) -> int | None:
    return pick(book, need)


def _recorded(book: Book, need: ActivationNeed) -> int | None:
    choice = choose(book, need)
    return choice.index if isinstance(choice, Choice) else None


def _hand_over(
    problem: BookProblem,
    plan: BookPlan,
    leaver: int,
    needs: list[ActivationNeed],
    way: Callable[[Book, ActivationNeed], int | None],
) -> tuple[float, int, int]:
    """Milliseconds, how many moved, how many of them within the desk group. Nobody else's seat is touched."""
    book, left = book_after(problem, plan), problem.advisors[leaver]
    seats = [i for i, a in enumerate(problem.advisors) if a.group_id == left.group_id and i != leaver]
    begin = perf_counter()
    group, moved, in_group = Book([book.advisor(seat) for seat in seats], ETA), 0, 0
    for need in needs:
        near = way(group, need)
        place = way(book, need) if near is None else seats[near]
        if near is not None:
            group.give(near, need.expected_s)
            in_group += 1
        if place is not None:
            book.give(place, need.expected_s)
            moved += 1
    return (perf_counter() - begin) * 1e3, moved, in_group


async def _stall(problem: BookProblem) -> dict[str, Any]:
    gc.collect()
    gc.freeze()  # as a service does after its start: a full collection while problems are pickled takes 60 ms
    async with Apart(imports=("routing.book", "ortools.graph.python.min_cost_flow")) as apart:
        await apart.run(os.getpid, limit_s=60)
        begin = perf_counter()
        beside = await _longest_gap_ms(asyncio.create_task(apart.run(solve, problem, limit_s=120)))
        seconds = perf_counter() - begin
    idle = await _longest_gap_ms(asyncio.create_task(asyncio.sleep(seconds)))
    return {"stall_ms": round(beside, 1), "stall_idle_ms": round(idle, 1), "apart_seconds": round(seconds, 3)}


async def _longest_gap_ms(work: asyncio.Task[Any]) -> float:
    longest, last = 0.0, perf_counter()
    while not work.done():
        await asyncio.sleep(TICK)
        longest, last = max(longest, perf_counter() - last - TICK), perf_counter()
    await work
    return longest * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("customers", CUSTOMERS), ("advisors", ADVISORS), ("seed", SEED)):
        parser.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
