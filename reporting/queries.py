"""What is counted, and from when on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.database import ReadSession, Row

CALLS = """
SELECT count(*) AS calls,
       count(*) FILTER (WHERE answered_at IS NOT NULL) AS answered,
       count(*) FILTER (WHERE answered_at IS NOT NULL AND own_by = 'relationship') AS known,
       count(*) FILTER (
           WHERE answered_at IS NOT NULL AND own_by = 'relationship' AND advisor_id = own_advisor_id
       ) AS own,
       count(*) FILTER (WHERE state = 'abandoned') AS abandoned,
       count(*) FILTER (WHERE callback_id IS NOT NULL) AS promised
FROM contacts
WHERE id >= $1 AND received_at >= $2 AND direction = 'in' AND channel = 'phone'
"""
"""Ids carry the time of their making, and there is an index on them."""

CALLBACKS = """
SELECT count(*) FILTER (WHERE final_at >= $1 AND state = 'done' AND reached_at < window_ends_at) AS kept,
       count(*) FILTER (WHERE final_at >= $1 AND state = 'done' AND reached_at >= window_ends_at) AS late,
       count(*) FILTER (WHERE final_at >= $1 AND state = 'settled') AS settled,
       count(*) FILTER (WHERE final_at >= $1 AND state = 'failed') AS failed,
       count(*) FILTER (WHERE final_at IS NULL) AS open,
       count(*) FILTER (WHERE final_at IS NULL AND window_ends_at <= $2) AS overdue
FROM callbacks
WHERE final_at IS NULL OR final_at >= $1
"""


async def calls(session: ReadSession, since: datetime) -> Row:
    row = await session.fetch_row(CALLS, _first_id(since), since)
    assert row is not None
    return row


async def callbacks(session: ReadSession, since: datetime, now: datetime) -> Row:
    row = await session.fetch_row(CALLBACKS, since, now)
    assert row is not None
    return row


def _first_id(since: datetime) -> UUID:
    """The least UUIDv7 that can have been made then."""
    return UUID(int=int(since.timestamp() * 1000) << 80)
