"""What leaves as mail, as it is true when it is written, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.database import ReadSession, Row, Session

MESSAGE = """
SELECT m.thread_id, m.text, t.subject, cu.name AS customer,
       coalesce(cu.email, CASE WHEN t.customer_id IS NULL THEN t.address END) AS address,
       a.name AS advisor, a.mail_name, k.time_zone,
       ARRAY(SELECT name FROM attachments x WHERE x.message_id = m.id AND x.refused_for IS NOT NULL ORDER BY x.id
             LIMIT 10) AS refused,
       ARRAY(SELECT mail_id FROM thread_messages e
             WHERE e.thread_id = m.thread_id AND e.market_id = m.market_id AND e.mail_id IS NOT NULL
               AND e.ordinal <= m.ordinal
             ORDER BY e.ordinal DESC LIMIT 5) AS "references"
FROM thread_messages m
JOIN threads t ON t.id = m.thread_id AND t.market_id = m.market_id
JOIN markets k ON k.id = t.market_id
LEFT JOIN customers cu ON cu.id = t.customer_id AND cu.market_id = t.market_id
LEFT JOIN advisors a ON a.id = coalesce(m.advisor_id, t.advisor_id)
WHERE m.id = $1
"""

NOTE_DELIVERIES = """
UPDATE thread_messages m
SET delivery = o.state, delivered_at = CASE WHEN o.state = 'sent' THEN o.ended_at END
FROM messages o, threads t
WHERE m.id IN (SELECT id FROM thread_messages WHERE delivery IN ('waiting', 'failed') ORDER BY id LIMIT $1)
  AND o.id = m.outbox_id AND o.state IN ('sent', 'failed', 'dropped') AND o.state <> m.delivery
  AND t.id = m.thread_id AND t.market_id = m.market_id
RETURNING m.*, t.customer_id
"""


async def message(session: ReadSession, message_id: UUID) -> Row | None:
    """The message with its thread, whose address it goes to, and whom it comes from; `references` newest last."""
    row = await session.fetch_row(MESSAGE, message_id)
    return None if row is None else {**row, "references": row["references"][::-1]}


async def note_deliveries(session: Session, limit: int) -> Sequence[Row]:
    """Messages whose letter has left or will not."""
    return await session.fetch(NOTE_DELIVERIES, limit)
