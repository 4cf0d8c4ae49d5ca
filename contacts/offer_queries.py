"""Every statement on offers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.database import ReadSession, Row, Session

OPEN_OFFER = """
SELECT o.*, m.desk_group_id FROM offers o LEFT JOIN desk_group_members m USING (advisor_id)
WHERE o.contact_id = $1 AND o.state = 'open'
"""

OPEN_CALLBACK_OFFER = """
SELECT o.*, m.desk_group_id FROM offers o LEFT JOIN desk_group_members m USING (advisor_id)
WHERE o.callback_id = $1 AND o.state = 'open'
"""

OFFER = """
SELECT o.*, m.desk_group_id FROM offers o LEFT JOIN desk_group_members m USING (advisor_id) WHERE o.id = $1
"""

DECIDE_OFFER = """
UPDATE offers SET state = $3, decided_at = $4, reason = $5
WHERE id = $1 AND market_id = $2 AND state = 'open'
RETURNING *
"""


async def open_offer(session: ReadSession, contact_id: UUID) -> Row | None:
    return await session.fetch_row(OPEN_OFFER, contact_id)


async def open_callback_offer(session: ReadSession, callback_id: UUID) -> Row | None:
    return await session.fetch_row(OPEN_CALLBACK_OFFER, callback_id)


async def open_offer_of(session: ReadSession, advisor_id: UUID) -> Row | None:
    """The phone offer that an advisor has now."""
    sql = "SELECT * FROM offers WHERE advisor_id = $1 AND state = 'open' AND channel = 'phone'"
    return await session.fetch_row(sql, advisor_id)


async def offer(session: ReadSession, offer_id: UUID) -> Row | None:
    return await session.fetch_row(OFFER, offer_id)


async def decide_offer(
    session: Session, offer: Mapping[str, Any], state: str, now: datetime, reason: str | None
) -> Row | None:
    """Close an open offer; None when it was decided already."""
    return await session.fetch_row(DECIDE_OFFER, offer["id"], offer["market_id"], state, now, reason)


async def note_ringing(session: Session, offer: Mapping[str, Any], now: datetime) -> None:
    sql = "UPDATE offers SET ringing_at = coalesce(ringing_at, $3) WHERE id = $1 AND market_id = $2"
    await session.execute(sql, offer["id"], offer["market_id"], now)
