"""Every statement on the places that advisors have for chats and mails."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.database import ReadSession, Session

CAPACITY = "CASE s.channel WHEN 'chat' THEN a.chat_capacity ELSE a.email_capacity END"

FULL = f"""
SELECT s.advisor_id FROM channel_slots s JOIN advisors a ON a.id = s.advisor_id
WHERE s.channel = $1 GROUP BY s.advisor_id, s.channel, a.chat_capacity, a.email_capacity
HAVING count(*) >= {CAPACITY}
"""  # noqa: S608  # constants

TAKE = """
WITH wanted AS (
    SELECT a.id, CASE $2 WHEN 'chat' THEN a.chat_capacity ELSE a.email_capacity END AS capacity
    FROM advisors a WHERE a.id = $1
)
INSERT INTO channel_slots (advisor_id, channel, slot, market_id, contact_id, taken_at)
SELECT w.id, $2, n.slot, $3, $4, $5
FROM wanted w, generate_series(1, w.capacity) AS n (slot)
WHERE (SELECT count(*) FROM channel_slots s WHERE s.advisor_id = $1 AND s.channel = $2) < w.capacity
  AND NOT EXISTS (SELECT FROM channel_slots s WHERE s.advisor_id = $1 AND s.channel = $2 AND s.slot = n.slot)
ORDER BY n.slot LIMIT 1
ON CONFLICT DO NOTHING
RETURNING slot
"""

WAITING = """
SELECT c.id FROM contacts c
WHERE c.state = 'waiting' AND c.channel <> 'phone' AND EXISTS (
    SELECT FROM presences p
    JOIN advisors a ON a.id = p.advisor_id
    JOIN advisor_markets m ON m.advisor_id = p.advisor_id AND m.market_id = c.market_id
    WHERE p.state = 'available' AND p.lease_until > $1 AND NOT p.advisor_id = ANY (c.tried)
      AND (p.advisor_id = c.own_advisor_id OR c.choice IS DISTINCT FROM 'hold')
      AND (SELECT count(*) FROM channel_slots s WHERE s.advisor_id = p.advisor_id AND s.channel = c.channel)
          < CASE c.channel WHEN 'chat' THEN a.chat_capacity ELSE a.email_capacity END
)
ORDER BY c.age_at, c.id LIMIT $2
"""


async def full(session: ReadSession, channel: str) -> frozenset[UUID]:
    """Advisors who have as many contacts of this channel as they may have."""
    return frozenset(row["advisor_id"] for row in await session.fetch(FULL, channel))


async def take(
    session: Session, advisor_id: UUID, channel: str, market_id: str, contact_id: UUID, now: datetime
) -> bool:
    """The least place that is free; False where there is none. The advisor's presence is locked by then."""
    return await session.fetch_value(TAKE, advisor_id, channel, market_id, contact_id, now) is not None


async def free(session: Session, contact_id: UUID) -> bool:
    """Whether the contact held a place."""
    tag = await session.execute("DELETE FROM channel_slots WHERE contact_id = $1", contact_id)
    return tag != "DELETE 0"


async def waiting(session: ReadSession, now: datetime, limit: int) -> list[UUID]:
    """Chats and mails for which somebody may be free, the oldest first."""
    return [row["id"] for row in await session.fetch(WAITING, now, limit)]
