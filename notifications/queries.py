"""Every statement on the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from kit.database import ReadSession, Row, Session

PUT = """
INSERT INTO messages SELECT * FROM jsonb_populate_recordset(NULL::messages, $1)
ON CONFLICT (once) DO NOTHING
RETURNING *
"""

TAKE = """
WITH taken AS (
    SELECT id, state FROM messages
    WHERE channel = $1 AND state IN ('waiting', 'sending') AND due_at <= $2 AND template = ANY($3::text[])
      AND attempts < most_attempts
    ORDER BY due_at LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE messages m SET state = 'sending', attempts = m.attempts + 1, due_at = $4,
    error = CASE taken.state WHEN 'sending' THEN 'lost' ELSE m.error END
FROM taken WHERE m.id = taken.id
RETURNING m.*
"""

GIVE_UP = """
UPDATE messages SET state = 'failed', error = 'lost', ended_at = $2
WHERE id IN (
    SELECT id FROM messages
    WHERE channel = $1 AND state IN ('waiting', 'sending') AND due_at <= $2 AND attempts >= most_attempts
    LIMIT 100
    FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING *
"""

NOTE = """
UPDATE messages SET state = $3, due_at = coalesce($4, due_at), error = coalesce($5, error), dropped_for = $6,
    ended_at = $7
WHERE id = $1 AND state = 'sending' AND attempts = $2
RETURNING *
"""

AGAIN = """
UPDATE messages SET state = 'waiting', due_at = $2, most_attempts = attempts + $3, ended_at = NULL
WHERE id = $1 AND state = 'failed'
RETURNING *
"""

LISTED = """
SELECT * FROM messages
WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR customer_id = $2)
  AND ($3::uuid IS NULL OR advisor_id = $3) AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of an attempt; `due_at` for one that is made again, `ended_at` for one that is not."""

    state: str
    due_at: datetime | None = None
    error: str | None = None
    dropped_for: str | None = None
    ended_at: datetime | None = None


async def put(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Insert whole rows in one statement; returns those whose `once` is new."""
    return await session.fetch(PUT, to_json(rows).decode())


async def take(
    session: Session, channel: str, templates: Collection[str], now: datetime, until: datetime
) -> Row | None:
    """The message that has been due longest is ours until then, if nobody else is about to take it."""
    return await session.fetch_row(TAKE, channel, now, list(templates), until)


async def give_up(session: Session, channel: str, now: datetime) -> list[Row]:
    """Messages whose last attempt was never noted."""
    return await session.fetch(GIVE_UP, channel, now)


async def note(session: Session, message_id: UUID, attempt: int, noted: Noted) -> Row | None:
    """None where another attempt has begun meanwhile, or the message is gone."""
    return await session.fetch_row(
        NOTE, message_id, attempt, noted.state, noted.due_at, noted.error, noted.dropped_for, noted.ended_at
    )


async def again(session: Session, message_id: UUID, now: datetime, attempts: int) -> Row | None:
    """A failed message may be tried so many times more."""
    return await session.fetch_row(AGAIN, message_id, now, attempts)


async def get(session: ReadSession, message_id: UUID) -> Row | None:
    return await session.fetch_row("SELECT * FROM messages WHERE id = $1", message_id)


async def listed(
    session: ReadSession,
    state: str | None,
    customer_id: UUID | None,
    advisor_id: UUID | None,
    after: UUID | None,
    most: int,
) -> list[Row]:
    """The newest first."""
    return await session.fetch(LISTED, state, customer_id, advisor_id, after, most)
