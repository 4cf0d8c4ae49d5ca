"""What was handled for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kit.database import Row, Session

DUE = """
SELECT c.id, c.market_id, c.expected_seconds, c.created_at,
       coalesce((
           SELECT jsonb_object_agg(channel, seconds) FROM (
               SELECT k.channel, extract(epoch FROM sum(k.ended_at - k.answered_at)) AS seconds
               FROM contacts k
               WHERE k.customer_id = c.id AND k.received_at >= $2 AND k.state = 'completed'
                 AND k.answered_at IS NOT NULL
               GROUP BY k.channel
           ) handled
       ), '{}') AS handled
FROM (
    SELECT id, market_id, expected_seconds, created_at FROM customers
    WHERE learned_at IS NULL OR learned_at <= $1
    ORDER BY learned_at NULLS FIRST LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
) c
"""


async def due(session: Session, looked_before: datetime, since: datetime, limit: int) -> Sequence[Row]:
    """Lock customers whom nobody has looked at since then; `handled` maps channels to seconds. Whom somebody else
    holds is passed over: a look can wait."""
    return await session.fetch(DUE, looked_before, since, limit)
