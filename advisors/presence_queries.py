"""Every statement on presences. Only the primary key is indexed, so each of these is a HOT update or a look-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from advisors.presence import Presence
from kit.database import ReadSession, Session

LOCK = """
SELECT p.*, m.desk_group_id
FROM presences p LEFT JOIN desk_group_members m USING (advisor_id)
WHERE p.advisor_id = $1
FOR UPDATE OF p
"""

SAVE = """
UPDATE presences
SET state = $2, since = $3, reason = $4, next_state = $5, next_reason = $6, lease_until = $7,
    deadline_at = $8, idle_since = $9
WHERE advisor_id = $1
RETURNING *
"""

CLAIM = """
WITH free AS MATERIALIZED (
    SELECT advisor_id FROM presences
    WHERE advisor_id = ANY($1::uuid[]) AND state = 'available' AND lease_until > $2
    ORDER BY advisor_id
    FOR UPDATE
)
UPDATE presences p
SET state = 'offered', since = $2, reason = NULL, next_state = NULL, next_reason = NULL, deadline_at = NULL
FROM free
WHERE p.advisor_id = free.advisor_id
RETURNING p.*
"""

HOLD_FREE = """
SELECT advisor_id FROM presences
WHERE advisor_id = ANY($1::uuid[]) AND state = 'available' AND lease_until > $2
ORDER BY advisor_id
FOR UPDATE
"""

RENEW = """
UPDATE presences SET lease_until = greatest(lease_until, $2) WHERE advisor_id = $1 RETURNING true
"""

LAPSED = """
SELECT advisor_id FROM presences
WHERE state NOT IN ('offline', 'offered', 'in_contact') AND (lease_until IS NULL OR lease_until <= $1)
LIMIT $2
"""

OVERDUE_WRAP_UPS = """
SELECT advisor_id FROM presences WHERE state = 'wrap_up' AND deadline_at <= $1 LIMIT $2
"""

OF_ADVISORS = "SELECT * FROM presences WHERE advisor_id = ANY($1::uuid[])"

FREE_AMONG = """
SELECT * FROM presences WHERE advisor_id = ANY($1::uuid[]) AND state = 'available' AND lease_until > $2
"""


async def lock(session: Session, advisor_id: UUID) -> Mapping[str, Any] | None:
    """The row with its advisor's desk group, locked."""
    return await session.fetch_row(LOCK, advisor_id)


async def group_of(session: ReadSession, advisor_id: UUID) -> UUID | None:
    sql = "SELECT desk_group_id FROM desk_group_members WHERE advisor_id = $1"
    return cast("UUID | None", await session.fetch_value(sql, advisor_id))


async def lock_all(session: Session, advisor_ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Presences of several advisors, locked in the order of their ids."""
    sql = "SELECT * FROM presences WHERE advisor_id = ANY($1::uuid[]) ORDER BY advisor_id FOR UPDATE"
    return {row["advisor_id"]: row for row in await session.fetch(sql, advisor_ids)}


async def save(session: Session, advisor_id: UUID, presence: Presence) -> Mapping[str, Any]:
    row = await session.fetch_row(
        SAVE,
        advisor_id,
        presence.state,
        presence.since,
        presence.reason,
        presence.next_state,
        presence.next_reason,
        presence.lease_until,
        presence.deadline_at,
        presence.idle_since,
    )
    assert row is not None  # locked before
    return row


async def claim(session: Session, advisor_ids: Sequence[UUID], now: datetime) -> Sequence[Mapping[str, Any]]:
    """Those of the advisors who are free take an offer; whoever is missing in the answer was taken meanwhile.

    Locked in the order of their ids, so that two replicas that claim the same people can't deadlock.
    """
    return await session.fetch(CLAIM, advisor_ids, now)


async def hold_free(session: Session, advisor_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Those of the advisors who are free, locked in the order of their ids; their presence stays what it is."""
    return [row["advisor_id"] for row in await session.fetch(HOLD_FREE, advisor_ids, now)]


async def renew_lease(session: Session, advisor_id: UUID, until: datetime) -> bool:
    return bool(await session.fetch_value(RENEW, advisor_id, until))


async def lapsed(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    return [row["advisor_id"] for row in await session.fetch(LAPSED, now, limit)]


async def overdue_wrap_ups(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    return [row["advisor_id"] for row in await session.fetch(OVERDUE_WRAP_UPS, now, limit)]


async def of_advisors(session: ReadSession, advisor_ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    rows = await session.fetch(OF_ADVISORS, advisor_ids)
    return {row["advisor_id"]: row for row in rows}


async def free_among(
    session: ReadSession, advisor_ids: Sequence[UUID], now: datetime
) -> Sequence[Mapping[str, Any]]:
    """Those of the advisors who could take an offer now."""
    return await session.fetch(FREE_AMONG, advisor_ids, now)
