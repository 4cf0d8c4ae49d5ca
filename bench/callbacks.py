"""Promises: whether every one that can be kept is taken, and how long it takes to say so.

    python bench/callbacks.py [--advisors N] [--wishes N] [--seed N]

The last line is one JSON object. Customers wish for windows of half an hour to half a day in the two weeks
of one advisor, more than there is room for. `accepted_share_of_feasible` is how many were taken of those that an
independent matching (scipy) says could be, one after the other; `of_optimum` compares with who knows all wishes
beforehand, and `first_come_of_optimum` with giving away the first free slot for good. `check_p99_ms` is from the
calendar and the promises made so far to yes or no, `refusal_p99_ms` a no that names the next window; `path_p99_us`
the augmenting path alone. Times are those of the processor, as others use this machine too.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":  # as a script this file would hide the room of its name
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import argparse
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from time import thread_time
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from callbacks.rooms import Calendar, Ledger, Slot, SlotPolicy
from callbacks.slots import SlotAlreadyTaken, check
from kit.intervals import Interval
from routing.slots import Agenda

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
POLICY = SlotPolicy(slot_minutes=30, expected_minutes=10, share=0.5, horizon_days=14)
HALVES = (1, 1, 1, 2, 4, 8)
"""How long a window is, in half hours."""


def measure(advisors: int, wishes: int, seed: int) -> dict[str, Any]:
    dice = Random(seed)
    told = [_one(dice, wishes) for _ in range(advisors)]
    taken, feasible, optimum, first_come = map(sum, zip(*(one.counted for one in told), strict=True))
    paths = [took for one in told for took in one.took]
    checks, refusals = _checks(dice, max(10, advisors))
    return {
        "advisors": advisors,
        "wishes": wishes,
        "seed": seed,
        "accepted_share_of_feasible": round(taken / feasible, 4),
        "of_optimum": round(taken / optimum, 4),
        "first_come_of_optimum": round(first_come / optimum, 4),
        "check_p50_ms": round(float(np.percentile(checks, 50)) * 1e3, 3),
        "check_p99_ms": round(float(np.percentile(checks, 99)) * 1e3, 3),
        "refusal_p99_ms": round(float(np.percentile(refusals, 99)) * 1e3, 3),
        "path_p99_us": round(float(np.percentile(paths, 99)) * 1e6, 1),
    }


def _calendar(promises: Sequence[Slot] = ()) -> Calendar:
    days = [NOW + timedelta(days=day) for day in range(14) if day % 7 < 5]
    spans = [Interval(day, day + timedelta(hours=8)) for day in days]
    return Calendar(spans, spans, promises)


def _wish(dice: Random) -> Slot:
    length = timedelta(minutes=30 * dice.choice(HALVES))
    day = NOW + timedelta(days=dice.choice([n for n in range(14) if n % 7 < 5]))
    begins = day + timedelta(minutes=30 * dice.randrange(16))
    return Slot(begins, min(begins + length, day + timedelta(hours=8)))


@dataclass(frozen=True)
class Fortnight:
    """Of one advisor: taken, feasible, optimum and taken by who comes first; and the seconds of each path."""

    counted: tuple[int, int, int, int]
    took: list[float]


def _one(dice: Random, wishes: int) -> Fortnight:
    ledger = Ledger.of(NOW, _calendar(), POLICY)
    wanted = [ledger.within(_wish(dice)) for _ in range(wishes)]
    agenda: Agenda[int] = Agenda(len(ledger.rooms))
    kept: list[range] = []
    taken = feasible = 0
    took: list[float] = []
    for number, rooms in enumerate(wanted):
        possible = _matched([*kept, rooms], len(ledger.rooms)) > len(kept)
        begun = thread_time()
        accepted = agenda.take(number, rooms)
        took.append(thread_time() - begun)
        feasible, taken = feasible + possible, taken + accepted
        if accepted:
            kept.append(rooms)
    optimum = _matched(wanted, len(ledger.rooms))
    return Fortnight((taken, feasible, optimum, _first_come(wanted)), took)


def _matched(wanted: Sequence[range], rooms: int) -> int:
    """The most that can be kept, by another hand."""
    rows = np.repeat(np.arange(len(wanted)), [len(one) for one in wanted])
    columns = np.concatenate([np.asarray(one, dtype=np.int64) for one in wanted])
    graph = csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(wanted), rooms))
    return int(np.count_nonzero(maximum_bipartite_matching(graph, perm_type="column") >= 0))


def _first_come(wanted: Sequence[range]) -> int:
    free = {room for one in wanted for room in one}
    taken = 0
    for one in wanted:
        room = next((room for room in one if room in free), None)
        if room is not None:
            free.discard(room)
            taken += 1
    return taken


def _checks(dice: Random, times: int) -> tuple[list[float], list[float]]:
    """Seconds for checking windows of the usual length on a calendar that fills, and for refusals among them."""
    checks: list[float] = []
    refusals: list[float] = []
    for _ in range(times):
        calendar = _calendar()
        for _ in range(190):
            slot, begun = _usual(dice), thread_time()
            has_room = Ledger.of(NOW, calendar, POLICY).has_room(slot)
            checks.append(thread_time() - begun)
            if has_room:
                calendar = replace(calendar, promises=[*calendar.promises, slot])
            else:
                refusals.append(_refused(slot, calendar))
    return checks, refusals


def _refused(slot: Slot, calendar: Calendar) -> float:
    begun = thread_time()
    with contextlib.suppress(SlotAlreadyTaken):
        check(slot, NOW, calendar, POLICY)
    return thread_time() - begun


def _usual(dice: Random) -> Slot:
    begins = NOW + timedelta(days=dice.choice([1, 2, 3, 4, 7, 8, 9, 10, 11]), minutes=30 * dice.randrange(16))
    return Slot(begins, begins + POLICY.slot)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("advisors", 20), ("wishes", 400), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
