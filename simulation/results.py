"""How a replay went, read from the database: calls and callbacks as they are stored, counted by `figures`."""

from __future__ import annotations

from typing import Any

from kit.database import ReadSession, Row
from simulation.figures import CallbackOutcome, CallOutcome, FinishedCall, FinishedCallback, Tally

CALLS = """
SELECT state, ended_reason, own_by = 'relationship' AS known, advisor_id = own_advisor_id AS by_own,
       extract(epoch FROM coalesce(answered_at, hung_up_at, ended_at) - received_at)::float8 AS waited_s,
       answered_at IS NOT NULL AS answered,
       extract(epoch FROM hung_up_at - answered_at)::float8 AS talked_s
FROM contacts WHERE direction = 'in' ORDER BY id
"""

CALLBACKS = """
WITH RECURSIVE chain AS (
    SELECT id, id AS last FROM callbacks WHERE state <> 'merged'
    UNION ALL
    SELECT c.id, chain.last FROM callbacks c JOIN chain ON c.merged_into = chain.id
)
SELECT cb.state, cb.customer_id IS NOT NULL AND cb.reached_by = cb.advisor_id AS by_own,
       cb.reached_at >= cb.window_starts_at AND cb.reached_at <= cb.window_ends_at AS in_time,
       (SELECT count(*) FROM chain WHERE chain.last = cb.id) AS calls,
       (SELECT sum(extract(epoch FROM k.hung_up_at - k.answered_at))::float8 FROM contacts k
        WHERE k.callback_id = cb.id AND k.direction = 'out' AND k.answered_at IS NOT NULL) AS talked_s
FROM callbacks cb ORDER BY cb.id
"""

ENDS: dict[str, CallbackOutcome] = {
    "settled": "settled",
    "merged": "merged",
    "cancelled": "cancelled",
    "failed": "failed",
}


async def tally(session: ReadSession, worked_s: float) -> Tally:
    """Every call and every promise of this database. `worked_s`: time at work of all advisors together."""
    found = Tally(staffed_s=worked_s)
    for row in await session.fetch(CALLS):
        found.call(_call(row))
    for row in await session.fetch(CALLBACKS):
        found.callback(_callback(row))
    return found


def _call(row: Row) -> FinishedCall:
    return FinishedCall(
        outcome=_outcome(row),
        waited_s=row["waited_s"] or 0.0,
        talked_s=row["talked_s"] or 0.0,
        known=bool(row["known"]),
        by_own=bool(row["by_own"]),
    )


def _outcome(row: Row) -> CallOutcome:
    """Whoever was turned away although the company was open is lost like one who hung up."""
    if row["answered"]:
        return "answered"
    if row["state"] == "promised":
        return "promised"
    if row["state"] == "closed_hours" and row["ended_reason"] != "full":
        return "closed"
    return "abandoned"


def _callback(row: Row) -> FinishedCallback:
    return FinishedCallback(
        outcome=_callback_outcome(row),
        talked_s=row["talked_s"] or 0.0,
        by_own=bool(row["by_own"]),
        calls=row["calls"],
    )


def _callback_outcome(row: Row) -> CallbackOutcome:
    if row["state"] == "done":
        return "kept" if row["in_time"] else "late"
    return ENDS.get(row["state"], "open")


OPEN_AFTERWARDS = """
SELECT count(*) FROM contacts
WHERE state NOT IN ('completed', 'abandoned', 'promised', 'closed_hours', 'lost_signal')
"""


async def left_open(session: ReadSession) -> int:
    """Contacts that have not come to an end."""
    found: Any = await session.fetch_value(OPEN_AFTERWARDS)
    return int(found)
