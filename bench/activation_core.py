"""The activation decision alone: speed, legality, balance, and the misfit against the offline optimum.

A made-up company of a thousand advisors or more and its customers, who arrive one by one in random order
and each get their advisor at once. The offline optimum sees all of them beforehand and must fill every
book exactly as full as the arrivals did ("at equal balance"): a transport of expected seconds from kinds
of customers to advisors, solved as a min-cost flow, which HiGHS confirms on a smaller company.

    python -m bench.activation_core [--customers N] [--advisors N] [--seed N]

The last line is one JSON object. `misfit` counts by expected seconds and contains what nobody could avoid;
`spread` is the standard deviation of load ÷ target; `decision_*` is `choose` with its whole record while
the books fill, `cold_*` the same with no misfit remembered from a customer who asked alike, `*_cpu_*` the
thread's own time, which neighbours on a busy machine don't lengthen.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.made_up_company import arrivals, company
from routing.activation import Book, Choice, choose, pick
from routing.misfit import Costs, Profiles
from routing.problem import ActivationNeed
from routing.rules import book_veto

CUSTOMERS, ADVISORS, SEED = 1_000_000, 3_000, 1
TIMED_EVERY = 50
COLD = 5_000
UNIT = 1_000_000  # costs of the flow are whole numbers of millionths
Given = Counter[tuple[ActivationNeed, int]]
"""How many customers who ask alike went to the advisor at this place."""
Times = list[tuple[int, int]]
"""Nanoseconds of each decision, by the wall's clock and by the thread's own."""
WALL, CPU = 0, 1
Kind = tuple[int, NDArray[np.intp], Costs]


def measure(customers: int = CUSTOMERS, advisors: int = ADVISORS, seed: int = SEED) -> dict[str, Any]:
    """Run it and return what the last line prints."""
    needs = arrivals(random.Random(seed), customers)
    book = Book(company(random.Random(seed + 1), advisors, sum(need.expected_s for need in needs)))
    given, times_ns = fill(book, needs)
    misfit, best = misfit_of(book.profiles, given), optimum(book.profiles, given, book.load_s)
    cold_ns = cold_times(book, needs[:COLD])
    filled = book.load_s / book.target_s
    return {
        "decision_p99_ms": _ms(times_ns, 99),
        "decision_p50_ms": _ms(times_ns, 50),
        "decision_cpu_p99_ms": _ms(times_ns, 99, CPU),
        "cold_p99_ms": _ms(cold_ns, 99),
        "cold_cpu_p99_ms": _ms(cold_ns, 99, CPU),
        "misfit_ratio": round(misfit / best, 4),
        "misfit": round(misfit, 4),
        "optimum": round(best, 4),
        "flow_equals_lp_within": check_the_optimum(seed),
        "spread": round(float(filled.std()), 4),
        "max_over_target": round(float(filled.max()), 4),
        "min_over_target": round(float(filled.min()), 4),
        "illegal": illegal(book, given),
        "nobody": len(needs) - sum(given.values()),
        "customers": customers,
        "advisors": advisors,
        "kinds": len({kind_of(need) for need, _ in given}),
        "seed": seed,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def fill(book: Book, needs: Sequence[ActivationNeed]) -> tuple[Given, Times]:
    """Give every customer an advisor in the order of arrival; nanoseconds of the decisions timed."""
    given: Given = Counter()
    times_ns: Times = []
    for number, need in enumerate(needs):
        index = _timed(book, need, times_ns) if number % TIMED_EVERY == 0 else pick(book, need)
        if index is not None:
            book.give(index, need.expected_s)
            given[need, index] += 1
    return given, times_ns


def _timed(book: Book, need: ActivationNeed, times_ns: Times) -> int | None:
    begin, begin_cpu = perf_counter_ns(), thread_time_ns()
    choice = choose(book, need)
    times_ns.append((perf_counter_ns() - begin, thread_time_ns() - begin_cpu))
    return choice.index if isinstance(choice, Choice) else None


def cold_times(book: Book, needs: Sequence[ActivationNeed]) -> Times:
    times_ns: Times = []
    for need in needs:
        book.profiles.forget()
        _timed(book, need, times_ns)
    return times_ns


def illegal(book: Book, given: Given) -> int:
    """Customers whom a rule keeps from their advisor, by the rules for persons; and overfull books."""
    free = [replace(book.advisor(place), load_s=0) for place in range(len(book))]
    wrong = sum(count for (need, place), count in given.items() if book_veto(free[place], need))
    return wrong + int(np.count_nonzero(book.load_s > book.cap_s))


def misfit_of(profiles: Profiles, given: Given) -> float:
    seconds = sum(need.expected_s * count for (need, _), count in given.items())
    costs = (profiles.fit(need).misfit[place] * need.expected_s * count for (need, place), count in given.items())
    return float(sum(costs)) / seconds


def optimum(profiles: Profiles, given: Given, loads_s: NDArray[np.int64]) -> float:
    """The least misfit per second with which the books could be exactly this full."""
    from ortools.graph.python import min_cost_flow  # not where HiGHS is: the two can't share a process

    flow, kinds = min_cost_flow.SimpleMinCostFlow(), transport(profiles, given)
    for kind, (seconds, places, costs) in enumerate(kinds):
        whole = np.round(costs * UNIT).astype(np.int64)
        tails, most = np.full(len(places), kind), np.full(len(places), seconds)
        flow.add_arcs_with_capacity_and_unit_cost(tails, len(kinds) + places, most, whole)
    supplies = np.array([seconds for seconds, _, _ in kinds])
    flow.set_nodes_supplies(np.arange(len(kinds)), supplies)
    flow.set_nodes_supplies(len(kinds) + np.arange(len(loads_s)), -loads_s)
    if flow.solve() != flow.OPTIMAL:
        raise RuntimeError("the arrivals' own assignment is a solution, so there must be a best one")
    return float(flow.optimal_cost()) / UNIT / int(supplies.sum())


def transport(profiles: Profiles, given: Given) -> list[Kind]:
    """Per kind of customer: its seconds, the places of those who may serve it, and their misfits."""
    seconds: Counter[ActivationNeed] = Counter()
    for (need, _), count in given.items():
        seconds[kind_of(need)] += need.expected_s * count
    rows = ((total, profiles.fit(kind).misfit) for kind, total in seconds.items())
    return [(total, np.flatnonzero(row < np.inf), row[row < np.inf]) for total, row in rows]


def kind_of(need: ActivationNeed) -> ActivationNeed:
    return replace(need, expected_s=0)


def check_the_optimum(seed: int) -> float:
    """By how much the flow and HiGHS's linear program differ, relatively, for a small company."""
    needs = arrivals(random.Random(seed), 10_000)
    book = Book(company(random.Random(seed + 1), 300, sum(need.expected_s for need in needs)))
    given, _ = fill(book, needs)
    kinds = transport(book.profiles, given)
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        exact = alone.submit(solve_as_lp, kinds, book.load_s).result()
    return abs(optimum(book.profiles, given, book.load_s) / exact - 1)


def solve_as_lp(kinds: list[Kind], loads_s: NDArray[np.int64]) -> float:
    """The same transport as a linear program: one row for each kind, one for each advisor."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    sizes = [len(places) for _, places, _ in kinds]
    rows = np.concatenate((np.repeat(np.arange(len(kinds)), sizes), len(kinds) + _all(kinds, 1)))
    columns = np.tile(np.arange(sum(sizes)), 2)
    supplies = np.array([seconds for seconds, _, _ in kinds])
    equal = np.concatenate((supplies, loads_s)) / supplies.sum()
    shape = (len(equal), sum(sizes))
    matrix = csr_matrix((np.ones(2 * sum(sizes)), (rows, columns)), shape)
    return float(linprog(_all(kinds, 2), A_eq=matrix, b_eq=equal, method="highs").fun)


def _all(kinds: list[Kind], part: int) -> NDArray[Any]:
    return np.concatenate([kind[part] for kind in kinds])


def _ms(times_ns: Times, percentile: float, clock: int = WALL) -> float:
    return round(float(np.percentile([times[clock] for times in times_ns], percentile)) / 1e6, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("customers", CUSTOMERS), ("advisors", ADVISORS), ("seed", SEED)):
        parser.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
