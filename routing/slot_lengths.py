"""Exact times for promises of different lengths, for the calendars of a desk group together. Pure.

Which of them can be kept, when, and in whose time is solved with CP-SAT from a greedy plan, which stands where the
solver finds nothing better in its time. All times are whole minutes from an origin of the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias
from uuid import UUID

from routing.slots import earliest

LIMIT_S = 2.0
KEPT = 100_000
"""What keeping one more promise is worth in minutes of beginning earlier: more than a horizon of 60 days has."""

Span: TypeAlias = tuple[int, int]
"""From a minute to a minute, the latter excluded."""


@dataclass(frozen=True, slots=True)
class LongPromise:
    """A call that begins within one of `windows`, takes `minutes` of the calendar, and is made by one of `by`."""

    id: UUID
    minutes: int
    windows: tuple[Span, ...]
    by: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """When a promise is kept and in whose time."""

    starts: int
    advisor: UUID


Free: TypeAlias = Mapping[UUID, Sequence[Span]]
"""Advisor → stretches of free time, ascending and apart."""

Places: TypeAlias = dict[UUID, Place]


def solve(promises: Sequence[LongPromise], free: Free, limit_s: float = LIMIT_S) -> Places:
    """As many promises as possible, then as early as possible; never fewer than by greed."""
    greedy = place_greedily(promises, free)
    solved = _solved(promises, free, greedy, limit_s)
    if is_sound(solved, promises, free) and worth(solved) > worth(greedy):
        return solved
    return greedy


def worth(places: Places) -> int:
    return sum(KEPT - place.starts for place in places.values())


def starts_of(promise: LongPromise, stretches: Sequence[Span]) -> Iterator[Span]:
    """When the call may begin within these stretches of free time, first and last minute included, ascending."""
    for begin, end in stretches:
        for since, until in promise.windows:
            first, last = max(begin, since), min(end - promise.minutes, until - 1)
            if first <= last:
                yield first, last


def place_greedily(promises: Sequence[LongPromise], free: Free) -> Places:
    """Whose window ends first is placed first, at the earliest minute that anybody has left."""
    busy: dict[UUID, list[Span]] = {}
    places: Places = {}
    for promise in sorted(promises, key=lambda one: (max(end for _, end in one.windows), one.id)):
        found = min(
            (
                (first, advisor)
                for advisor in promise.by
                for first, _ in starts_of(promise, without(free.get(advisor, ()), busy.get(advisor, ())))
            ),
            default=None,
        )
        if found is not None:
            places[promise.id] = Place(*found)
            busy.setdefault(found[1], []).append((found[0], found[0] + promise.minutes))
    return places


def without(stretches: Sequence[Span], busy: Sequence[Span]) -> list[Span]:
    """What is left of the stretches."""
    left = list(stretches)
    for since, until in busy:
        left = [part for begin, end in left for part in ((begin, min(end, since)), (max(begin, until), end))]
        left = [(begin, end) for begin, end in left if begin < end]
    return sorted(left)


def is_sound(places: Places, promises: Sequence[LongPromise], free: Free) -> bool:
    """Whether every call lies in its window and in free time, by somebody who may, and none beside another."""
    promised = {promise.id: promise for promise in promises}
    booked: dict[UUID, list[Span]] = {}
    for name, place in places.items():
        promise = promised[name]
        may = starts_of(promise, free.get(place.advisor, ())) if place.advisor in promise.by else ()
        if not any(first <= place.starts <= last for first, last in may):
            return False
        booked.setdefault(place.advisor, []).append((place.starts, place.starts + promise.minutes))
    return not any(_overlap(sorted(spans)) for spans in booked.values())


def _overlap(spans: Sequence[Span]) -> bool:
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def _solved(promises: Sequence[LongPromise], free: Free, hint: Places, limit_s: float) -> Places:
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    choices = list(_choices(model, promises, free, hint))
    for promise in promises:
        model.add_at_most_one(kept for name, _, _, kept, _ in choices if name == promise.id)
    for advisor in free:
        model.add_no_overlap(call for _, whose, _, _, call in choices if whose == advisor)
    costs = [_early(model, start, kept) for _, _, start, kept, _ in choices]
    model.maximize(sum(KEPT * kept for _, _, _, kept, _ in choices) - sum(costs))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit_s
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return {}
    return {
        name: Place(solver.value(start), whose) for name, whose, start, kept, _ in choices if solver.value(kept)
    }


def _choices(
    model: Any, promises: Sequence[LongPromise], free: Free, hint: Places
) -> Iterator[tuple[UUID, UUID, Any, Any, Any]]:
    """For each promise and each who may keep it: its start, whether it is kept so, and the call as an interval."""
    from ortools.sat.python import cp_model

    for promise in promises:
        for advisor in promise.by:
            starts = list(starts_of(promise, free.get(advisor, ())))
            if not starts:
                continue
            start = model.new_int_var_from_domain(cp_model.Domain.from_intervals(starts), "")
            kept = model.new_bool_var("")
            hinted = hint.get(promise.id)
            model.add_hint(kept, hinted is not None and hinted.advisor == advisor)
            if hinted is not None and hinted.advisor == advisor:
                model.add_hint(start, hinted.starts)
            call = model.new_optional_fixed_size_interval_var(start, promise.minutes, kept, "")
            yield promise.id, advisor, start, kept, call


def _early(model: Any, start: Any, kept: Any) -> Any:
    """When it begins, where it is kept; nothing else."""
    cost = model.new_int_var(0, KEPT, "")
    model.add(cost >= start).only_enforce_if(kept)
    return cost


def place_units(promises: Sequence[LongPromise], free: Free, minutes: int) -> Places:
    """Calls of one length: free time is cut into slots side by side and the earliest assigned, without a solver."""
    slots = sorted(
        (begin, advisor)
        for advisor, stretches in free.items()
        for since, until in stretches
        for begin in range(since, until - minutes + 1, minutes)
    )
    may = {
        promise.id: [number for number, slot in enumerate(slots) if _may(promise, *slot)] for promise in promises
    }
    found = earliest({name: numbers for name, numbers in may.items() if numbers}, len(slots))
    return {name: Place(*slots[number]) for name, number in found.items()}


def _may(promise: LongPromise, begin: int, advisor: UUID) -> bool:
    return advisor in promise.by and any(since <= begin < until for since, until in promise.windows)
