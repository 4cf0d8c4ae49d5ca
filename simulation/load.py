"""The calls to replay: when they come, how patient each caller is, how long they take. The same for every policy.

Who hung up inside the voice response never asked for a person (147 calls of January's last ten days while the bank
was open) and who called while it was closed could not have one (138): no policy can do anything about either, so
both are counted and said, and left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from simulation.hours import WrittenWeek, is_open
from simulation.logged_call import LoggedCall
from simulation.patience import Patience, ServiceTimes


@dataclass(frozen=True, slots=True)
class Arrival:
    """One caller. `customer_ref` as in `Customer.external_ref`, None for someone unknown; durations in seconds.

    `leaning` is a uniform from [0, 1): the caller takes a callback where it is below the share that does.
    """

    row: int
    at: datetime
    customer_ref: str | None
    priority: int
    skill: str
    patience_s: float
    service_s: int
    leaning: float


@dataclass(frozen=True)
class Load:
    """Arrivals by time, and the logged calls behind them, for the log's own figures on the same calls."""

    arrivals: tuple[Arrival, ...]
    logged: tuple[LoggedCall, ...]
    closed: int
    hung_up_at_once: int

    def sentences(self) -> list[str]:
        return [
            f"{len(self.arrivals):,} calls are replayed. Left out: {self.closed:,} that came while the company was "
            f"closed and {self.hung_up_at_once:,} that hung up in the voice response, before asking for anybody."
        ]


def replayable(
    calls: Iterable[LoggedCall],
    opening: WrittenWeek,
    zone: ZoneInfo,
    patience: Patience,
    times: ServiceTimes,
    dice: Random,
) -> Load:
    """Every call takes three throws, whatever becomes of it, so that other opening hours change no other call."""
    arrivals, logged = list[Arrival](), list[LoggedCall]()
    closed = hung_up = 0
    for call in calls:
        throws = dice.random(), dice.random(), dice.random()
        if not is_open(opening, call.arrived_at, zone):
            closed += 1
        elif call.hung_up_at_once:
            hung_up += 1
        else:
            arrivals.append(_arrival(call, patience, times, throws))
            logged.append(call)
    return Load(tuple(arrivals), tuple(logged), closed, hung_up)


def _arrival(
    call: LoggedCall, patience: Patience, times: ServiceTimes, throws: tuple[float, float, float]
) -> Arrival:
    return Arrival(
        row=call.row,
        at=call.arrived_at,
        customer_ref=None if call.customer_id is None else str(call.customer_id),
        priority=call.priority,
        skill=call.skill,
        patience_s=patience.of(call, throws[0]),
        service_s=times.of(call, throws[1]),
        leaning=throws[2],
    )
