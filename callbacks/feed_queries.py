"""Every statement on calendars that follow an advisor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.database import ReadSession, Row, Session

PUT = """
INSERT INTO calendar_feeds (advisor_id, token_hash, made_at) VALUES ($1, $2, $3)
ON CONFLICT (advisor_id) DO UPDATE SET token_hash = $2, made_at = $3
"""

PROMISES = """
SELECT c.id, c.state, c.owner_state, c.window_starts_at, c.window_ends_at, c.planned_at, c.attempts, c.moves,
       coalesce(c.expected_minutes, 10) AS expected_minutes, c.since, cu.external_ref
FROM callbacks c LEFT JOIN customers cu ON cu.id = c.customer_id AND cu.market_id = c.market_id
WHERE c.advisor_id = $1 AND c.window_starts_at >= $2 AND c.window_starts_at < $3
ORDER BY c.window_starts_at, c.id LIMIT 1000
"""

ABSENCES = """
SELECT id, starts_at, ends_at, state, entered_at FROM absences
WHERE advisor_id = $1 AND state IN ('approved', 'cancelled') AND ends_at > $2 AND starts_at < $3
ORDER BY starts_at, id
"""


async def put(session: Session, advisor_id: UUID, token_hash: bytes, now: datetime) -> None:
    await session.execute(PUT, advisor_id, token_hash, now)


async def drop(session: Session, advisor_id: UUID) -> None:
    await session.execute("DELETE FROM calendar_feeds WHERE advisor_id = $1", advisor_id)


async def token_hash(session: ReadSession, advisor_id: UUID) -> bytes | None:
    found: bytes | None = await session.fetch_value(
        "SELECT token_hash FROM calendar_feeds WHERE advisor_id = $1", advisor_id
    )
    return found


async def promises(session: ReadSession, advisor_id: UUID, since: datetime, until: datetime) -> Sequence[Row]:
    """Everything that is or was this advisor's to keep, with the customer's `external_ref`."""
    return await session.fetch(PROMISES, advisor_id, since, until)


async def absences(session: ReadSession, advisor_id: UUID, since: datetime, until: datetime) -> Sequence[Row]:
    """Without their kinds."""
    return await session.fetch(ABSENCES, advisor_id, since, until)
