"""What is learnt of a customer's expected time, put where activation and the solver read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from customers import book_queries, events, queries
from customers.book_queries import Booking
from customers.workload import differs
from kit.database import Session


@dataclass(frozen=True, slots=True)
class Learned:
    """An estimate in seconds a month for a customer whose row is locked."""

    customer_id: UUID
    market_id: str
    expected_s: int


async def learn(session: Session, learned: Sequence[Learned], now: datetime) -> None:
    """Keep the estimates; correct what is booked where it is well away from them. A book that is fuller than its
    cap by that is flagged, as its customers are who they are."""
    if not learned:
        return
    held = await queries.keep_estimates(session, [(one.customer_id, one.expected_s) for one in learned], now)
    estimates = {one.customer_id: one.expected_s for one in learned}
    telling = [row for row in held if differs(row["booked_s"], estimates[row["customer_id"]])]
    if not telling:
        return
    await book_queries.lock_books(session, {row["advisor_id"] for row in telling})
    await queries.rebook(session, [(row["id"], estimates[row["customer_id"]]) for row in telling])
    seconds: defaultdict[UUID, int] = defaultdict(int)
    for row in telling:
        seconds[row["advisor_id"]] += estimates[row["customer_id"]] - row["booked_s"]
    bookings = [Booking(advisor, total, True) for advisor, total in sorted(seconds.items())]
    for book in await book_queries.book(session, bookings, 0.0):
        session.announce(events.book_changed(book, now))
