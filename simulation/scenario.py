"""What is replayed: a company, its callers and its shifts, read from a log once and the same for every policy."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import ceil
from pathlib import Path
from random import Random
from statistics import fmean, median
from zoneinfo import ZoneInfo

from simulation import call_log, company, load, patience, staffing
from simulation.call_log import Log, Split, UnusableLog
from simulation.company import Company, Wishes
from simulation.figures import PROMPT_S
from simulation.hours import WrittenWeek, is_open
from simulation.load import Arrival, Load
from simulation.logged_call import LoggedCall
from simulation.staffing import Shift, Staffing

TURNAROUND_S = 5.0
"""Between two services while callers wait, where a log is too short to tell."""
LONGEST_TURNAROUND = timedelta(seconds=60)
FEWEST_TURNAROUNDS = 100

Service = tuple[datetime, datetime]


@dataclass(frozen=True)
class Span:
    """The days to replay, both included; None: all that `learn_days` leave, as far as the log reaches."""

    first: date | None = None
    last: date | None = None
    learn_days: int = 21


@dataclass(frozen=True)
class Scenario:
    """Everything a replay needs, ready to be handed to another process."""

    company: Company
    arrivals: tuple[Arrival, ...]
    shifts: tuple[Shift, ...]
    duties: tuple[Shift, ...]
    starts_at: datetime
    ends_at: datetime
    turnaround_s: float
    quiet_hours: tuple[tuple[str, str], ...]
    seed: int

    @property
    def zone(self) -> ZoneInfo:
        return self.company.market.zone


@dataclass(frozen=True)
class Told:
    """What is said about the inputs, beside the scenario itself."""

    log: Log
    load: Load
    staffing: Staffing
    notes: tuple[str, ...]


def prepare(path: Path, span: Span, seed: int) -> tuple[Scenario, Told]:
    """Read and learn. The same log, span and seed give the same scenario. Raises `UnusableLog`."""
    whole = call_log.read(path)
    log, parts = _cut(whole, span)
    made = company.build(log, parts, Random(seed), Wishes())
    curve, times = patience.learn_patience(whole.calls), patience.learn_service_times(whole.calls)
    opening = made.market.opening_hours
    loaded = load.replayable(parts.replayed, opening, log.zone, curve, times, Random(seed))
    staffed = staffing.staffing(parts.replayed)
    if not loaded.arrivals or not staffed.shifts:
        raise UnusableLog("nobody called or nobody worked on the days to replay")
    scenario = Scenario(
        company=made,
        arrivals=loaded.arrivals,
        shifts=staffed.shifts,
        duties=staffed.duties,
        starts_at=parts.boundary,
        ends_at=max(loaded.arrivals[-1].at, staffed.shifts[-1].ends_at),
        turnaround_s=turnaround_s(parts.before),
        quiet_hours=quiet_hours(parts.before, opening, log.zone),
        seed=seed,
    )
    notes = (
        *made.sentences(),
        *loaded.sentences(),
        *curve.sentences(),
        *times.sentences(),
        *staffed.sentences(),
        f"Between two services while callers wait lie {scenario.turnaround_s:.0f} s: ringing and wrap-up.",
    )
    return scenario, Told(whole, loaded, staffed, notes)


def _cut(log: Log, span: Span) -> tuple[Log, Split]:
    """The log up to the last day to replay, split at the first."""
    first = _midnight(span.first, log.zone) if span.first else call_log.split(log, span.learn_days).boundary
    end = _midnight(span.last + timedelta(days=1), log.zone) if span.last else None
    calls = tuple(call for call in log.calls if end is None or call.arrived_at < end)
    before = tuple(call for call in calls if call.arrived_at < first)
    if not before or len(before) == len(calls):
        raise UnusableLog("there must be days with calls to learn from, and later ones to replay")
    return replace(log, calls=calls), Split(before, calls[len(before) :], first)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def turnaround_s(calls: Sequence[LoggedCall]) -> float:
    """Median seconds between two services of an agent, from those pauses in which a caller waited."""
    waits = sorted((call.arrived_at, call.waited_s) for call in calls if call.waited_s)
    starts = [start for start, _ in waits]
    found = [
        (begins - ended).total_seconds()
        for (_, ended), (begins, _) in _pauses(calls)
        if timedelta(0) <= begins - ended <= LONGEST_TURNAROUND and _somebody_waits(ended, waits, starts)
    ]
    return median(found) if len(found) >= FEWEST_TURNAROUNDS else TURNAROUND_S


def _pauses(calls: Sequence[LoggedCall]) -> Iterator[tuple[Service, Service]]:
    """Services that follow each other, of each agent."""
    by_agent: defaultdict[str, list[Service]] = defaultdict(list)
    for call in calls:
        if call.agent and call.served_at and call.served_until:
            by_agent[call.agent].append((call.served_at, call.served_until))
    for services in by_agent.values():
        yield from pairwise(sorted(services))


def _somebody_waits(at: datetime, waits: Sequence[tuple[datetime, int]], starts: Sequence[datetime]) -> bool:
    """Whether a caller who came within the last ten minutes waits at that instant and longer."""
    begin = bisect_right(starts, at - timedelta(minutes=10))
    return any(at < start + timedelta(seconds=s) for start, s in waits[begin : bisect_right(starts, at)])


def quiet_hours(calls: Sequence[LoggedCall], opening: WrittenWeek, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    """The quieter third of the clock's opening hours: where the fewest callers had to wait beyond the norm."""
    waited: defaultdict[int, list[bool]] = defaultdict(list)
    for call in calls:
        if is_open(opening, call.arrived_at, zone):
            waited[call.arrived_at.astimezone(zone).hour].append(call.waited_s > PROMPT_S)
    busy = {hour: fmean(late) for hour, late in waited.items()}
    quiet = sorted(sorted(busy, key=lambda hour: (busy[hour], hour))[: ceil(len(busy) / 3)])
    return tuple((f"{hour:02}:00", f"{hour + 1:02}:00") for hour in quiet)
