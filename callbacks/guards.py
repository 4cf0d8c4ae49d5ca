"""Guards against toll fraud: how often anybody may make us dial whom.

Whoever can make a company dial makes money by it: with a stolen key, or a menu that asks for a number, they have a
number of their own called a thousand times, or a thousand numbers once. So callbacks are counted by number, by
customer and by who asked, dials by number and by customer. All is counted in the ledger itself, in the transaction
that would add to it and behind a lock per number, customer and asker, so that it is right across replicas. A limit
that is reached raises an alarm.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from callbacks import queries
from callbacks.queries import Lately
from callbacks.service import Wish
from kit.announcements import NewEvent
from kit.database import Session
from kit.errors import TooManyRequests
from markets.policy import DialPolicy

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that is reached; `free_at` is when there is room again, `by` who asked."""

    limit: str
    market_id: str
    by: str | None
    free_at: datetime

    def alarm(self, now: datetime) -> NewEvent:
        """For people who watch over cost; no number."""
        told = {"limit": self.limit, "market": self.market_id, "by": self.by, "free_at": self.free_at}
        return NewEvent(
            type="dial_limit.reached",
            at=now,
            subject=self.by or self.market_id,
            data={"dial_limit": told},
            market_id=self.market_id,
        )


class TooManyCallbacks(TooManyRequests):
    word, title = "too-many-callbacks", "That is more callbacks than we make there; try again later."

    def __init__(self, reached: Reached, now: datetime) -> None:
        wait = max(1, int((reached.free_at - now).total_seconds()) + 1)
        super().__init__(retry_after_s=wait, limit=reached.limit)
        self.alarm = reached.alarm(now)


async def check(session: Session, wish: Wish, limits: DialPolicy, now: datetime) -> None:
    """Raises `TooManyCallbacks`."""
    found = await reached(session, wish, limits, now)
    if found is not None:
        raise TooManyCallbacks(found, now)


async def reached(session: Session, wish: Wish, limits: DialPolicy, now: datetime) -> Reached | None:
    """The limit that this wish would exceed, if any. Locks number, customer and asker until the commit."""
    by = wish.asked_by if wish.new_number else None
    await queries.hold_destination(session, wish.number, wish.customer_id, by)
    for limit in _limits(session, wish, limits, now):
        first = await _over(limit.count(), limit.most)
        if first is not None:
            return Reached(limit.name, wish.market_id, wish.asked_by, first + limit.within)
    return None


@dataclass(frozen=True, slots=True)
class _Limit:
    name: str
    most: int
    within: timedelta
    count: Callable[[], Awaitable[Lately]]


def _limits(session: Session, wish: Wish, limits: DialPolicy, now: datetime) -> Iterator[_Limit]:
    to_number = partial(queries.promised_to, session, wish.number, now - DAY)
    yield _Limit("number_a_day", limits.callbacks_per_number_a_day, DAY, to_number)
    if wish.customer_id is not None:
        to_customer = partial(queries.promised_for, session, wish.customer_id, wish.market_id, now - DAY)
        yield _Limit("customer_a_day", limits.callbacks_per_customer_a_day, DAY, to_customer)
    if wish.new_number and wish.asked_by is not None:
        new_numbers = partial(queries.new_numbers_of, session, wish.asked_by, wish.number, now - HOUR)
        yield _Limit("new_numbers_an_hour", limits.new_numbers_an_hour, HOUR, new_numbers)


async def dial_reached(
    session: Session, promise: Mapping[str, Any], limits: DialPolicy, now: datetime
) -> Reached | None:
    """The limit that one more dial for this promise would exceed. One open attempt per number makes it exact."""
    to_number = queries.dialled_to(session, promise["number"], now - DAY)
    found = await _over(to_number, limits.dials_per_number_a_day)
    name = "dials_to_number_a_day"
    if found is None and promise["customer_id"] is not None:
        to_customer = queries.dialled_for(session, promise["customer_id"], promise["market_id"], now - DAY)
        found, name = await _over(to_customer, limits.dials_per_customer_a_day), "dials_to_customer_a_day"
    return None if found is None else Reached(name, promise["market_id"], promise["asked_by"], found + DAY)


async def _over(counting: Awaitable[Lately], most: int) -> datetime | None:
    """The oldest that counts, where there are as many as may be."""
    lately = await counting
    return lately.first if lately.first is not None and lately.times >= most else None
