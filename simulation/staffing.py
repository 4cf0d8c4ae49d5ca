"""Who was at work when, read off the services in a log: the real staffing, the same for every policy replayed.

A log says when an agent talked, not when one sat there free. Between two services of an agent lies either time
free for a call or time away, and nothing else in the log tells them apart but the callers: while somebody waits,
an agent who is there takes the call. In January's log the next call was taken within 7 s in three of four cases
in which a caller waited already, within 48 s in 99 of 100. So a pause counts as away

- when callers waited, in it, for more than `PASSED_OVER` altogether and the agent took none of them, or
- when it is longer than `AWAY_AFTER`, with whatever load.

What is left is at work. The day's first service begins it and the last one ends it, so nothing is added in front
or behind, and an agent in two services at once counts once. A `duty` is what a published roster would say: a
stretch of work with its pauses, breaks not known beforehand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from simulation.logged_call import LoggedCall

AWAY_AFTER = timedelta(minutes=30)
PASSED_OVER = timedelta(seconds=60)
DUTY_APART = timedelta(hours=2)
"""Two stretches of work this far apart are two duties, not one with a long break."""


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """An agent at work without a break, on the phone or free for it; aware UTC, the end excluded."""

    starts_at: datetime
    ends_at: datetime
    agent: str

    @property
    def seconds(self) -> float:
        return (self.ends_at - self.starts_at).total_seconds()


@dataclass(frozen=True)
class Staffing:
    """Shifts and duties by start, and how the hours add up (all in seconds)."""

    shifts: tuple[Shift, ...]
    duties: tuple[Shift, ...]
    talked_s: float
    talked_twice_s: float
    talked_by_nobody_named_s: float

    @property
    def staffed_s(self) -> float:
        return sum(shift.seconds for shift in self.shifts)

    @property
    def occupancy(self) -> float:
        """Time with a caller ÷ time at work, as it was in the log."""
        return (self.talked_s - self.talked_twice_s) / self.staffed_s if self.staffed_s else 0.0

    def sentences(self) -> list[str]:
        agents = len({shift.agent for shift in self.shifts})
        on_duty, at_work = _total_h(self.duties), self.staffed_s / 3600
        talked, twice, unnamed = (
            seconds / 3600 for seconds in (self.talked_s, self.talked_twice_s, self.talked_by_nobody_named_s)
        )
        return [
            f"Agents on duty: {agents}, for {on_duty:,.0f} h, at work for {at_work:,.0f} h of them; pauses "
            f"over {AWAY_AFTER.total_seconds() / 60:.0f} min, or in which callers waited for over "
            f"{PASSED_OVER.total_seconds():.0f} s, are breaks.",
            f"They talked for {talked:,.0f} h ({twice:.0f} h of it in two calls at once): occupancy "
            f"{self.occupancy:.0%}. Agents without a name talked for another {unnamed:.1f} h; no hours are made up "
            f"for them.",
        ]


def staffing(calls: Sequence[LoggedCall]) -> Staffing:
    """The staffing of these calls, in any order."""
    waiting = _Waiting(calls)
    shifts, duties = list[Shift](), list[Shift]()
    talked = once = 0.0
    for agent, services in _services(calls).items():
        busy = list(_joined(services, apart=_not_touching))
        talked, once = talked + _total_s(services), once + _total_s(busy)
        shifts += [
            Shift(start, end, agent) for start, end in _joined(busy, apart=waiting.shows_away) if end > start
        ]
        duties += [Shift(start, end, agent) for start, end in _joined(busy, apart=_another_duty) if end > start]
    unnamed = sum(call.service_s or 0 for call in calls if call.agent is None)
    return Staffing(tuple(sorted(shifts)), tuple(sorted(duties)), talked, talked - once, unnamed)


Span = tuple[datetime, datetime]
Apart = Callable[[datetime, datetime], bool]
"""(end of one span, start of the next) → are they to stay two?"""


def _shifts(agent: str, busy: Iterable[Span], apart: Apart) -> Iterator[Shift]:
    return (Shift(start, end, agent) for start, end in _joined(busy, apart) if end > start)


def _total_h(shifts: Iterable[Shift]) -> float:
    return sum(shift.seconds for shift in shifts) / 3600


def _services(calls: Iterable[LoggedCall]) -> dict[str, list[Span]]:
    """Agent → spans of service by start, as far as agent and times are known."""
    services: defaultdict[str, list[Span]] = defaultdict(list)
    for call in calls:
        if call.agent and call.served_at and call.served_until:
            services[call.agent].append((call.served_at, call.served_until))
    return {agent: sorted(services[agent]) for agent in sorted(services)}


def _joined(spans: Iterable[Span], apart: Apart) -> Iterator[Span]:
    """Spans by start; neighbours become one unless they are `apart`."""
    start: datetime | None = None
    end = datetime.min.replace(tzinfo=UTC)
    for next_start, next_end in spans:
        if start is None:
            start = next_start
        elif apart(end, next_start):
            yield start, end
            start = next_start
        end = max(end, next_end)
    if start is not None:
        yield start, end


def _not_touching(end: datetime, start: datetime) -> bool:
    return start > end


def _another_duty(end: datetime, start: datetime) -> bool:
    return start - end > DUTY_APART


def _total_s(spans: Iterable[Span]) -> float:
    return sum((end - start).total_seconds() for start, end in spans)


class _Waiting:
    """For how many seconds anybody waited, up to any instant."""

    def __init__(self, calls: Iterable[LoggedCall]) -> None:
        waits = sorted(
            (call.arrived_at, call.arrived_at + timedelta(seconds=call.waited_s)) for call in calls if call.waited_s
        )
        self._spans = list(_joined(waits, apart=_not_touching))
        self._starts = [start for start, _ in self._spans]
        self._until = [0.0, *accumulate((end - start).total_seconds() for start, end in self._spans)]

    def shows_away(self, end: datetime, start: datetime) -> bool:
        """Was an agent away between the end of one service and the start of the next?"""
        waited = self._seconds_until(start) - self._seconds_until(end)
        return start - end > AWAY_AFTER or waited > PASSED_OVER.total_seconds()

    def _seconds_until(self, instant: datetime) -> float:
        index = bisect_right(self._starts, instant) - 1
        if index < 0:
            return 0.0
        start, end = self._spans[index]
        return self._until[index] + (min(instant, end) - start).total_seconds()
