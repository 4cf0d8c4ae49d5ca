"""Every statement on subscriptions and deliveries.

Who writes deliveries down, or brings dead ones back, locks the subscription against whoever ends one of them
(`FOR NO KEY UPDATE` against `FOR SHARE`): of each subject exactly the first pending one has a `next_at`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.database import ReadSession, Row, Session

Queued = tuple[UUID, UUID, int, int | None, datetime | None, str, str]
"""Id, subscription, epoch, id and instant of the event, type, subject."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of an attempt; `next_at` for one that is made again, `ended_at` for one that is not."""

    state: str
    next_at: datetime | None = None
    reason: str | None = None
    status: int | None = None
    ended_at: datetime | None = None


ACTIVE = "SELECT * FROM webhooks WHERE removed_at IS NULL ORDER BY id"

PAGE = """
SELECT * FROM webhooks
WHERE removed_at IS NULL AND reach = ANY ($1::text[]) AND ($2::uuid IS NULL OR id > $2)
ORDER BY id LIMIT $3
"""

ONE = "SELECT * FROM webhooks WHERE id = $1 AND removed_at IS NULL AND reach = ANY ($2::text[])"

ADD = """
INSERT INTO webhooks (id, name, url, types, markets, desk_groups, reach, secret, secret_made_at, created_by,
                      created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $9)
RETURNING *
"""

CHANGE = """
UPDATE webhooks SET name = $2, url = $3, types = $4, markets = $5, desk_groups = $6, updated_at = $7
WHERE id = $1 RETURNING *
"""

ROTATE = """
UPDATE webhooks SET old_secret = secret, old_secret_until = $3, secret = $2, secret_made_at = $4, updated_at = $4
WHERE id = $1 RETURNING *
"""

PAUSE = """
UPDATE webhooks SET paused_at = $2, paused_for = $3, updated_at = $2 WHERE id = $1 AND paused_at IS NULL RETURNING *
"""

RESUME = """
UPDATE webhooks SET paused_at = NULL, paused_for = NULL, updated_at = $2
WHERE id = $1 AND paused_at IS NOT NULL RETURNING *
"""

REMOVE = """
UPDATE webhooks SET removed_at = $2, updated_at = $2, secret = NULL, old_secret = NULL, old_secret_until = NULL
WHERE id = $1 AND removed_at IS NULL RETURNING *
"""

BEGIN_CURSOR = """
INSERT INTO webhook_cursor (single, cursor, moved_at) VALUES (true, $1, $2)
ON CONFLICT (single) DO UPDATE SET cursor = excluded.cursor, moved_at = excluded.moved_at
"""

MOVE_CURSOR = """
UPDATE webhook_cursor SET cursor = $2, moved_at = $3
WHERE cursor = $1 AND (SELECT token FROM leases WHERE name = $4 FOR SHARE) = $5
"""

QUEUE = """
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[])
        AS w (id, webhook_id, epoch, event_id, event_at, type, subject)
), fresh AS (
    SELECT w.*, row_number() OVER (PARTITION BY webhook_id, subject ORDER BY event_id, id) AS place
    FROM wanted AS w
    WHERE NOT EXISTS (
        SELECT FROM webhook_deliveries AS d
        WHERE d.webhook_id = w.webhook_id AND d.epoch = w.epoch AND d.event_id = w.event_id
    )
)
INSERT INTO webhook_deliveries (id, webhook_id, epoch, event_id, event_at, type, subject, position, state, attempts,
                                tries, next_at, give_up_at, created_at)
SELECT id, webhook_id, epoch, event_id, event_at, type, subject, coalesce(event_id, 0), 'pending', 0, 0,
       CASE WHEN place = 1 AND NOT EXISTS (
           SELECT FROM webhook_deliveries AS d
           WHERE d.webhook_id = f.webhook_id AND d.subject = f.subject AND d.state = 'pending'
       ) THEN $8::timestamptz END, $9, $8
FROM fresh AS f
RETURNING *
"""

PROMOTE = """
UPDATE webhook_deliveries SET next_at = $3
WHERE id IN (
    SELECT (
        SELECT d.id FROM webhook_deliveries AS d
        WHERE d.webhook_id = $1 AND d.subject = s.subject AND d.state = 'pending'
        ORDER BY d.position, d.id LIMIT 1
    )
    FROM (SELECT DISTINCT subject FROM unnest($2::text[]) AS named (subject)) AS s
    WHERE NOT EXISTS (
        SELECT FROM webhook_deliveries AS h
        WHERE h.webhook_id = $1 AND h.subject = s.subject AND h.state = 'pending' AND h.next_at IS NOT NULL
    )
)
"""

DUE = """
SELECT w.* FROM webhooks AS w
WHERE w.paused_at IS NULL AND w.removed_at IS NULL AND EXISTS (
    SELECT FROM webhook_deliveries AS d
    WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.next_at IS NOT NULL AND d.next_at <= $1
)
ORDER BY w.id
"""

TAKE = """
WITH taken AS (
    SELECT id FROM webhook_deliveries
    WHERE webhook_id = $1 AND state = 'pending' AND next_at IS NOT NULL AND next_at <= $2
    ORDER BY next_at LIMIT $3
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE webhook_deliveries AS d SET attempts = d.attempts + 1, tries = d.tries + 1, next_at = $4, last_at = $2
FROM taken WHERE d.id = taken.id
RETURNING d.*
"""

EVENTS = """
SELECT e.xid, e.id, e.at, e.type, e.subject, e.market_id, e.desk_group_id, e.advisor_id, e.data::text AS data
FROM unnest($1::bigint[], $2::timestamptz[]) AS named (id, at) JOIN events AS e USING (id, at)
"""

LATE_BEFORE = """
SELECT xid, id, at, type, subject, market_id, desk_group_id, advisor_id, data::text AS data
FROM events
WHERE id > $1 AND id < $2 AND (xid, id) > ($3::bigint, $4::bigint)
  AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint AND subject = ANY ($5::text[])
"""

NOTE = """
UPDATE webhook_deliveries SET state = $3, next_at = $4, reason = $5, status = $6, ended_at = $7
WHERE id = $1 AND state = 'pending' AND attempts = $2
RETURNING *
"""

STRANDED = """
SELECT w.* FROM webhooks AS w
WHERE (w.paused_at IS NOT NULL OR w.removed_at IS NOT NULL) AND EXISTS (
    SELECT FROM webhook_deliveries AS d WHERE d.webhook_id = w.id AND d.state = 'pending'
)
"""

END_STRANDED = """
UPDATE webhook_deliveries SET state = 'dead', reason = $3, next_at = NULL, ended_at = $2
WHERE id IN (
    SELECT id FROM webhook_deliveries
    WHERE webhook_id = $1 AND state = 'pending' AND ($3 = 'removed' OR give_up_at <= $2)
    ORDER BY subject, position, id LIMIT $4
)
RETURNING subject
"""

LISTED = """
SELECT * FROM webhook_deliveries
WHERE webhook_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""

REPLAY = """
UPDATE webhook_deliveries SET state = 'pending', tries = 0, give_up_at = $3, next_at = NULL, ended_at = NULL
WHERE webhook_id = $1 AND state = 'dead' AND id IN (
    SELECT id FROM webhook_deliveries
    WHERE webhook_id = $1 AND state = 'dead' AND ($2::uuid IS NULL OR id = $2)
      AND ($4::timestamptz IS NULL OR created_at >= $4)
    ORDER BY id LIMIT $5
)
RETURNING *
"""


async def active(session: ReadSession) -> list[Row]:
    """All subscriptions that were not removed."""
    return await session.fetch(ACTIVE)


async def page(session: ReadSession, reaches: Collection[str], after: UUID | None, most: int) -> list[Row]:
    """Those of these reaches, the oldest first."""
    return await session.fetch(PAGE, list(reaches), after, most)


async def one(session: ReadSession, webhook_id: UUID, reaches: Collection[str]) -> Row | None:
    return await session.fetch_row(ONE, webhook_id, list(reaches))


async def locked(session: Session, webhook_id: UUID, reaches: Collection[str]) -> Row | None:
    """Nobody else changes it, or ends or queues one of its deliveries, until the end of the transaction."""
    return await session.fetch_row(ONE + " FOR NO KEY UPDATE", webhook_id, list(reaches))


async def hold(session: Session, webhook_ids: Sequence[UUID]) -> None:
    """The same for several, always in one order."""
    sql = "SELECT FROM webhooks WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
    await session.fetch(sql, list(webhook_ids))


async def hold_shared(session: Session, webhook_id: UUID) -> None:
    """Nobody queues for it meanwhile; others may end deliveries at the same time."""
    await session.fetch("SELECT FROM webhooks WHERE id = $1 FOR SHARE", webhook_id)


async def hold_all(session: Session) -> None:
    """Nobody else adds or removes a subscription until the end of the transaction."""
    await session.execute("LOCK TABLE webhooks IN SHARE ROW EXCLUSIVE MODE")


async def add(session: Session, *values: Any) -> Row:
    row = await session.fetch_row(ADD, *values)
    assert row is not None
    return row


async def change(session: Session, webhook_id: UUID, *values: Any) -> Row:
    row = await session.fetch_row(CHANGE, webhook_id, *values)
    assert row is not None
    return row


async def rotate(session: Session, webhook_id: UUID, secret: bytes, until: datetime, now: datetime) -> Row:
    row = await session.fetch_row(ROTATE, webhook_id, secret, until, now)
    assert row is not None
    return row


async def pause(session: Session, webhook_id: UUID, now: datetime, why: str) -> Row | None:
    """None where it is paused already."""
    return await session.fetch_row(PAUSE, webhook_id, now, why)


async def resume(session: Session, webhook_id: UUID, now: datetime) -> Row | None:
    """None where it is not paused."""
    return await session.fetch_row(RESUME, webhook_id, now)


async def remove(session: Session, webhook_id: UUID, now: datetime) -> Row | None:
    return await session.fetch_row(REMOVE, webhook_id, now)


async def cursor(session: ReadSession) -> str | None:
    text: str | None = await session.fetch_value("SELECT cursor FROM webhook_cursor")
    return text


async def begin_cursor(session: Session, text: str, now: datetime) -> None:
    """Read on from here, whatever was read before."""
    await session.execute(BEGIN_CURSOR, text, now)


async def drop_cursor(session: Session) -> None:
    await session.execute("DELETE FROM webhook_cursor")


async def move_cursor(session: Session, before: str, text: str, now: datetime, lease: str, token: int) -> bool:
    """Whether it was moved: not under an old token, nor from elsewhere than `before`."""
    return await session.execute(MOVE_CURSOR, before, text, now, lease, token) == "UPDATE 1"


async def queue(session: Session, these: Sequence[Queued], now: datetime, give_up_at: datetime) -> list[Row]:
    """Write down what is not there yet; the subscriptions must be held. Returns what is new."""
    columns = [list(column) for column in zip(*these, strict=True)]
    return await session.fetch(QUEUE, *columns, now, give_up_at) if these else []


async def promote(session: Session, webhook_id: UUID, subjects: Sequence[str], now: datetime) -> None:
    """Of each subject the first pending one is due, unless one is due or under way."""
    await session.execute(PROMOTE, webhook_id, list(subjects), now)


async def due(session: ReadSession, now: datetime) -> list[Row]:
    """Subscriptions with something to send."""
    return await session.fetch(DUE, now)


async def take(session: Session, webhook_id: UUID, now: datetime, most: int, until: datetime) -> list[Row]:
    """So many attempts are ours until then."""
    return await session.fetch(TAKE, webhook_id, now, most, until)


async def events(session: ReadSession, deliveries: Sequence[Row]) -> list[Row]:
    """The events of some deliveries, as far as they are still there."""
    named = [row for row in deliveries if row["event_id"] is not None]
    return await session.fetch(EVENTS, [row["event_id"] for row in named], [row["event_at"] for row in named])


async def late_before(
    session: ReadSession, first: int, last: int, after: tuple[int, int], subjects: Sequence[str]
) -> list[Row]:
    """Events between these ids that stand behind `after` in the log, about these subjects."""
    return await session.fetch(LATE_BEFORE, first, last, *after, list(subjects))


async def note(session: Session, delivery_id: UUID, attempt: int, noted: Noted) -> Row | None:
    """None where another attempt has begun meanwhile, or it has ended otherwise."""
    return await session.fetch_row(
        NOTE, delivery_id, attempt, noted.state, noted.next_at, noted.reason, noted.status, noted.ended_at
    )


async def stranded(session: ReadSession) -> list[Row]:
    """Subscriptions to which nothing is sent, and for which something is pending."""
    return await session.fetch(STRANDED)


async def end_stranded(session: Session, webhook_id: UUID, now: datetime, reason: str, most: int) -> list[str]:
    """Dead letters of what nobody will send; returns their subjects."""
    return [row["subject"] for row in await session.fetch(END_STRANDED, webhook_id, now, reason, most)]


async def delivery(session: ReadSession, webhook_id: UUID, delivery_id: UUID) -> Row | None:
    sql = "SELECT * FROM webhook_deliveries WHERE id = $1 AND webhook_id = $2"
    return await session.fetch_row(sql, delivery_id, webhook_id)


async def listed(
    session: ReadSession, webhook_id: UUID, state: str | None, after: UUID | None, most: int
) -> list[Row]:
    """The newest first."""
    return await session.fetch(LISTED, webhook_id, state, after, most)


async def replay(
    session: Session,
    webhook_id: UUID,
    give_up_at: datetime,
    most: int,
    *,
    only: UUID | None = None,
    since: datetime | None = None,
) -> list[Row]:
    """Dead ones are pending again, the oldest first; the subscription must be held."""
    return await session.fetch(REPLAY, webhook_id, only, give_up_at, since, most)
