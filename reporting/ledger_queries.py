"""Statements on the ledger of promises, read only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.database import ReadSession, Row

COUNTED = """
WITH large AS (
    SELECT desk_group_id FROM desk_group_members GROUP BY desk_group_id HAVING count(*) >= $3
)
SELECT (c.created_at AT TIME ZONE k.time_zone)::date AS day, c.market_id, l.desk_group_id, c.state, c.final_reason,
       c.owner_state, c.owner_reason, coalesce(c.moves, 0) > 0 AS moved,
       c.state = 'done' AND c.reached_at >= c.window_ends_at AS late, count(*)::int AS promises
FROM callbacks c
JOIN markets k ON k.id = c.market_id
LEFT JOIN large l ON l.desk_group_id = c.desk_group_id
WHERE c.created_at >= $1 AND c.created_at < $2
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""

LISTED = """
SELECT c.id, c.market_id, c.state, c.owner_state, c.owner_reason, c.advisor_id, c.desk_group_id, c.window_starts_at,
       c.window_ends_at, c.planned_at, c.attempts, c.moves, c.created_at, cu.external_ref
FROM callbacks c
LEFT JOIN customers cu ON cu.id = c.customer_id AND cu.market_id = c.market_id
WHERE ($1::text IS NULL OR c.state = $1) AND ($2::text IS NULL OR c.market_id = $2)
  AND ($3::uuid IS NULL OR c.desk_group_id IN (SELECT id FROM desk_groups WHERE lead_id = $3))
  AND ($4::uuid IS NULL OR c.id < $4)
ORDER BY c.id DESC LIMIT $5
"""

OF_LEAD = """
SELECT EXISTS (
    SELECT FROM callbacks c JOIN desk_groups g ON g.id = c.desk_group_id WHERE c.id = $1 AND g.lead_id = $2
)
"""

HISTORY = """
SELECT e.at, e.type, e.data -> 'callback' AS callback, e.data ->> 'because' AS because, a.actor
FROM audit a JOIN events e ON e.id = a.event_id AND e.at = a.at
WHERE a.subject = $1
ORDER BY a.at, e.id
"""


async def counted(session: ReadSession, since: datetime, until: datetime, fewest: int) -> Sequence[Row]:
    """Promises by all that tells them apart; groups of fewer people than `fewest` are none."""
    return await session.fetch(COUNTED, since, until, fewest)


async def listed(
    session: ReadSession, state: str | None, market: str | None, lead_id: UUID | None, after: UUID | None, most: int
) -> Sequence[Row]:
    """The newest first; `lead_id`: of the groups that they lead alone."""
    return await session.fetch(LISTED, state, market, lead_id, after, most)


async def is_of_lead(session: ReadSession, callback_id: UUID, lead_id: UUID | None) -> bool:
    return bool(await session.fetch_value(OF_LEAD, callback_id, lead_id))


async def history(session: ReadSession, subject: str) -> Sequence[Row]:
    """Every change that was announced, with who made it; as long as events are kept."""
    return await session.fetch(HISTORY, subject)
