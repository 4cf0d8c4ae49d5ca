"""Every statement on threads, messages and attachments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from kit.database import ReadSession, Row, Session
from kit.errors import NotFound
from kit.ids import decode

OPEN = "INSERT INTO threads SELECT * FROM jsonb_populate_record(NULL::threads, $1) RETURNING *"

WRITE = """
WITH touched AS (
    UPDATE threads SET last_at = greatest(last_at, ($1::jsonb ->> 'written_at')::timestamptz),
        message_count = message_count + 1
    WHERE id = ($1::jsonb ->> 'thread_id')::uuid AND market_id = $1::jsonb ->> 'market_id'
    RETURNING id, customer_id, message_count
), new AS (
    INSERT INTO thread_messages
    SELECT r.* FROM touched, jsonb_populate_record(
        NULL::thread_messages, $1::jsonb || jsonb_build_object('ordinal', touched.message_count)) AS r
    ON CONFLICT (mail_key) DO NOTHING RETURNING *
)
SELECT new.*, touched.customer_id FROM new, touched
"""
"""The thread is locked until the commit, so its messages are numbered in the order in which they can be read:
whoever goes on after the last one that they have seen misses none."""

MESSAGES = """
SELECT m.*, (
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'type', a.type, 'size', a.size,
        'refused_for', a.refused_for) ORDER BY a.id), '[]')
    FROM attachments a WHERE a.message_id = m.id AND a.market_id = m.market_id
) AS attachments
FROM thread_messages m
WHERE m.thread_id = $1 AND m.market_id = $2 AND m.ordinal > $3
ORDER BY m.ordinal LIMIT $4
"""


THREAD_OF_REFERENCES = """
SELECT t.* FROM thread_messages m
JOIN threads t ON t.id = m.thread_id AND t.market_id = m.market_id
LEFT JOIN customers cu ON cu.id = t.customer_id AND cu.market_id = t.market_id
WHERE m.outbox_id = ANY($1::uuid[]) AND $2 IN (t.address, lower(cu.email))
ORDER BY m.id DESC LIMIT 1
"""

ATTACH = "INSERT INTO attachments (id, market_id, message_id, name, type, size, sha256, content, refused_for) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"  # noqa: E501


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
    session: ReadSession, thread_id: UUID | None, market_id: str, after: int, limit: int
) -> list[Row]:
    """In the order in which they were written, each with what was attached."""
    return await session.fetch(MESSAGES, thread_id, market_id, after, limit)


async def knows_mail(session: ReadSession, mail_key: str) -> bool:
    return bool(await session.fetch_value("SELECT true FROM thread_messages WHERE mail_key = $1", mail_key))


async def by_mail(session: ReadSession, mail_key: str) -> Row | None:
    return await session.fetch_row("SELECT * FROM thread_messages WHERE mail_key = $1", mail_key)


async def thread_of_references(session: ReadSession, references: Sequence[str], address: str) -> Row | None:
    """The thread in which one of these mails was ours, if it was sent to this address."""
    ours = [found for one in references if (found := _outbox_id(one)) is not None]
    return await session.fetch_row(THREAD_OF_REFERENCES, ours, address) if ours else None


def _outbox_id(reference: str) -> UUID | None:
    """Of `<msg_…@domain>`, as answers of ours are called."""
    try:
        return decode("msg", reference.strip("<>").partition("@")[0])
    except NotFound:
        return None


async def attach(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    await session.execute_many(ATTACH, rows)
