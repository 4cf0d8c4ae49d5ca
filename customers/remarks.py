"""What the own advisor remarks on a customer, for colleagues who pick up in their place: one text each.

It stays with the customer when the advisor changes: the next one reads it and may change it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from customers import events
from kit.database import ReadSession, Row, Session
from kit.errors import NotFound

READ = """
SELECT c.id, c.market_id, c.external_ref, r.advisor_id AS owner_id, k.text, k.written_by, k.updated_at
FROM customers AS c
LEFT JOIN relationships AS r ON r.customer_id = c.id AND r.market_id = c.market_id AND r.ends_at IS NULL
LEFT JOIN customer_remarks AS k ON k.customer_id = c.id AND k.market_id = c.market_id
WHERE c.external_ref = $1
"""

WRITE = """
INSERT INTO customer_remarks (customer_id, market_id, text, written_by, updated_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (customer_id, market_id) DO UPDATE
SET text = excluded.text, written_by = excluded.written_by, updated_at = excluded.updated_at
"""


async def get(session: ReadSession, external_ref: str, owner: UUID | None) -> Row:
    """The remarks, `text` None where there are none. With `owner` only those on that advisor's own customers; of
    others it looks as if they were not there. Raises `NotFound`."""
    row = await session.fetch_row(READ, external_ref)
    if row is None or (owner is not None and row["owner_id"] != owner):
        raise NotFound
    return row


async def locked(session: Session, external_ref: str, owner: UUID) -> Row:
    """The same, and nobody else changes it meanwhile."""
    lock = "SELECT FROM customers WHERE external_ref = $1 FOR NO KEY UPDATE"
    await session.fetch(lock, external_ref)
    return await get(session, external_ref, owner)


async def write(session: Session, row: Row, text: str | None, by: UUID, now: datetime) -> None:
    """Change what stands in a locked row; None takes the remarks away."""
    if text is None:
        sql = "DELETE FROM customer_remarks WHERE customer_id = $1 AND market_id = $2"
        await session.execute(sql, row["id"], row["market_id"])
    else:
        await session.execute(WRITE, row["id"], row["market_id"], text, by, now)
    session.announce(events.customer("customer.remarked", row["id"], row["market_id"], now))
