"""Statements for the exact times of promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.database import ReadSession, Row, Session

TO_PLAN = """
SELECT DISTINCT desk_group_id FROM callbacks
WHERE state = 'scheduled' AND planned_at IS NULL AND desk_group_id IS NOT NULL
  AND window_starts_at > $1 AND window_starts_at <= $2
ORDER BY desk_group_id LIMIT $3
"""

OF_DAY = """
SELECT id, market_id, advisor_id, desk_group_id, owner_state, language, expected_minutes, window_starts_at,
       window_ends_at, planned_at
FROM callbacks
WHERE state = 'scheduled' AND desk_group_id = $1 AND window_starts_at > $2 AND window_starts_at <= $3
ORDER BY window_starts_at, id LIMIT 500
"""

PUT_TIME = """
UPDATE callbacks SET planned_at = $5
WHERE id = $1 AND market_id = $2 AND state = 'scheduled' AND window_starts_at = $3 AND window_ends_at = $4
  AND $5 >= window_starts_at AND $5 < window_ends_at AND planned_at IS DISTINCT FROM $5
"""

TAKE_GROUP = "SELECT pg_try_advisory_xact_lock(22, hashtext($1))"


async def to_plan(session: ReadSession, now: datetime, until: datetime, most: int) -> list[UUID]:
    """Desk groups with a promise until then that has no time yet."""
    return [row["desk_group_id"] for row in await session.fetch(TO_PLAN, now, until, most)]


async def take_group(session: Session, group_id: UUID) -> bool:
    """Whether the group is ours to plan until the end of the transaction."""
    return bool(await session.fetch_value(TAKE_GROUP, str(group_id)))


async def of_day(session: ReadSession, group_id: UUID, now: datetime, until: datetime) -> Sequence[Row]:
    return await session.fetch(OF_DAY, group_id, now, until)


async def put_time(session: Session, row: Row, at: datetime) -> bool:
    """Within the window as it was read; whether anything has changed."""
    tag = await session.execute(
        PUT_TIME, row["id"], row["market_id"], row["window_starts_at"], row["window_ends_at"], at
    )
    return not tag.endswith(" 0")
