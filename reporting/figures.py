"""The headline of a wallboard: calls, the own advisor's share, promises kept; since a given instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kit.database import ReadSession
from kit.errors import Error, Unprocessable
from reporting import queries

FURTHEST = timedelta(days=7)


class TooFarBack(Unprocessable):
    word, title = "too-far-back", "Live figures reach back seven days."


@dataclass(frozen=True, slots=True)
class Calls:
    """`known`: answered calls of customers who have an advisor; `own`: those of them whom that advisor answered."""

    calls: int
    answered: int
    known: int
    own: int
    abandoned: int
    promised: int


@dataclass(frozen=True, slots=True)
class Promises:
    """Callbacks that ended: `kept` within their window, `late` after it, `settled` as the customer got through
    first, `failed`. Callbacks that are `open`, and of them those whose window is over."""

    kept: int
    late: int
    settled: int
    failed: int
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Figures:
    since: datetime
    calls: Calls
    callbacks: Promises


async def since(session: ReadSession, instant: datetime, now: datetime) -> Figures:
    """Everything that has come in, or ended, since then. Raises `TooFarBack`."""
    if instant < now - FURTHEST:
        raise TooFarBack(Error("/query/since", "too_far_back"))
    calls = Calls(**await queries.calls(session, instant))
    return Figures(instant, calls, Promises(**await queries.callbacks(session, instant, now)))
