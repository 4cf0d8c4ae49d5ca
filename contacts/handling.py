"""What customers' contacts teach about their expected time, week by week, a short transaction for each batch.

A customer is looked at when the last look is a week old. The estimate goes to the customer; where it is well away
from what their advisor's book counts, relationship and book are corrected with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from contacts import handling_queries as queries
from customers import learning
from customers.learning import Learned
from customers.workload import WINDOW, expected_seconds, months_between
from kit.database import Database, Row, Session

EVERY = timedelta(days=7)
BATCH = 200


async def run_once(database: Database, now: datetime, *, limit: int = 50) -> int:
    """Look at up to so many batches of customers; returns how many customers were looked at."""
    seen = 0
    for _ in range(limit):

        async def batch(session: Session) -> int:
            return await look(session, now)

        looked = await database.run(batch)
        seen += looked
        if looked < BATCH:
            break
    return seen


async def look(session: Session, now: datetime) -> int:
    """One batch: the customers whom nobody has looked at for the longest time."""
    rows = await queries.due(session, now - EVERY, now - WINDOW, BATCH)
    await learning.learn(session, [_learned(row, now) for row in rows], now)
    return len(rows)


def _learned(row: Row, now: datetime) -> Learned:
    months = months_between(row["created_at"], now)
    estimate = expected_seconds(row["expected_seconds"], months, row["handled"])
    return Learned(row["id"], row["market_id"], estimate)
