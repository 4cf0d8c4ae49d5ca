"""Every statement on threads, messages and attachments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from kit.database import ReadSession, Row, Session

OPEN = "INSERT INTO threads SELECT * FROM jsonb_populate_record(NULL::threads, $1) RETURNING *"

WRITE = """
WITH new AS (
    INSERT INTO thread_messages SELECT * FROM jsonb_populate_record(NULL::thread_messages, $1)
    ON CONFLICT (mail_key) DO NOTHING RETURNING *
), touched AS (
    UPDATE threads t SET last_at = greatest(last_at, new.written_at) FROM new
    WHERE t.id = new.thread_id AND t.market_id = new.market_id
    RETURNING t.id, t.customer_id
)
SELECT new.*, touched.customer_id FROM new JOIN touched ON touched.id = new.thread_id
"""

MESSAGES = """
SELECT m.*, (
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'type', a.type, 'size', a.size,
        'refused_for', a.refused_for) ORDER BY a.id), '[]')
    FROM attachments a WHERE a.message_id = m.id AND a.market_id = m.market_id
) AS attachments
FROM thread_messages m
WHERE m.thread_id = $1 AND m.market_id = $2 AND ($3::uuid IS NULL OR m.id > $3)
ORDER BY m.id LIMIT $4
"""


async def open_thread(session: Session, row: Mapping[str, Any]) -> Row:
    found = await session.fetch_row(OPEN, to_json(row).decode())
    assert found is not None
    return found


async def thread(session: ReadSession, thread_id: UUID) -> Row | None:
    return await session.fetch_row("SELECT * FROM threads WHERE id = $1", thread_id)


async def write(session: Session, row: Mapping[str, Any]) -> Row | None:
    """The message with its thread's customer; None for a mail that was taken in before."""
    return await session.fetch_row(WRITE, to_json(row).decode())


async def messages(
    session: ReadSession, thread_id: UUID | None, market_id: str, after: UUID | None, limit: int
) -> list[Row]:
    """In the order in which they were written, each with what was attached."""
    return await session.fetch(MESSAGES, thread_id, market_id, after, limit)


async def last_of(session: ReadSession, contact_id: UUID, authors: Sequence[str]) -> datetime | None:
    """When one of these wrote last."""
    found: datetime | None = await session.fetch_value(
        "SELECT max(written_at) FROM thread_messages WHERE contact_id = $1 AND author = ANY($2::text[])",
        contact_id, list(authors),
    )  # fmt: skip
    return found
