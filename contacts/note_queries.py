"""Every statement on notes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from kit.database import ReadSession, Row, Session

LEAVE = """
INSERT INTO contact_notes (id, market_id, contact_id, from_advisor_id, to_advisor_id, state, written_at)
VALUES ($1, $2, $3, $4, $5, 'unread', $6)
ON CONFLICT (contact_id) DO NOTHING
RETURNING *
"""

UNREAD_OF_CUSTOMER = """
SELECT n.* FROM contact_notes AS n
JOIN contacts AS c ON c.id = n.contact_id AND c.market_id = n.market_id
WHERE c.customer_id = $1 AND n.state = 'unread'
ORDER BY n.id FOR NO KEY UPDATE OF n
"""

STRAYED = """
SELECT n.*, r.advisor_id AS owner_id FROM contact_notes AS n
JOIN contacts AS c ON c.id = n.contact_id AND c.market_id = n.market_id
JOIN relationships AS r ON r.customer_id = c.customer_id AND r.market_id = c.market_id AND r.ends_at IS NULL
WHERE n.state = 'unread' AND r.advisor_id <> n.to_advisor_id
ORDER BY n.id LIMIT $1
FOR NO KEY UPDATE OF n SKIP LOCKED
"""

LISTED = """
SELECT n.*, c.customer_id, c.channel, c.received_at, c.disposition, c.solved, c.note,
       u.external_ref, u.name AS customer_name, f.name AS from_name, t.name AS to_name
FROM contact_notes AS n
JOIN contacts AS c ON c.id = n.contact_id AND c.market_id = n.market_id
LEFT JOIN customers AS u ON u.id = c.customer_id AND u.market_id = c.market_id
JOIN advisors AS f ON f.id = n.from_advisor_id
JOIN advisors AS t ON t.id = n.to_advisor_id
WHERE CASE $2 WHEN 'sent' THEN n.from_advisor_id ELSE n.to_advisor_id END = $1 AND n.state <> 'withdrawn'
  AND ($3::text IS NULL OR n.state = $3) AND ($4::uuid IS NULL OR n.id < $4)
ORDER BY n.id DESC LIMIT $5
"""

Box = Literal["received", "sent"]


async def leave(session: Session, note_id: UUID, contact: Mapping[str, Any], now: datetime) -> Row | None:
    """None where the contact has a note already."""
    return await session.fetch_row(
        LEAVE, note_id, contact["market_id"], contact["id"], contact["advisor_id"], contact["own_advisor_id"], now
    )


async def lock(session: Session, note_id: UUID) -> Row | None:
    return await session.fetch_row("SELECT * FROM contact_notes WHERE id = $1 FOR NO KEY UPDATE", note_id)


async def end(session: Session, note_id: UUID, state: str, now: datetime) -> None:
    await session.execute("UPDATE contact_notes SET state = $2, read_at = $3 WHERE id = $1", note_id, state, now)


async def send_on(session: Session, note_id: UUID, advisor_id: UUID) -> None:
    await session.execute("UPDATE contact_notes SET to_advisor_id = $2 WHERE id = $1", note_id, advisor_id)


async def unread_of_customer(session: Session, customer_id: UUID) -> list[Row]:
    return await session.fetch(UNREAD_OF_CUSTOMER, customer_id)


async def strayed(session: Session, most: int) -> list[Row]:
    """Unread ones, locked, whose customer has another advisor by now: `owner_id`."""
    return await session.fetch(STRAYED, most)


async def listed(
    session: ReadSession, advisor_id: UUID, box: Box, state: str | None, after: UUID | None, most: int
) -> list[Row]:
    """The newest first, with what was noted of the contact."""
    return await session.fetch(LISTED, advisor_id, box, state, after, most)
