"""Statements of the measuring: each selects `figure`, `labels`, `value`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic_core import to_json

from callbacks.models import FINAL as FINAL_CALLBACKS
from contacts.models import FINAL as FINAL_CONTACTS
from kit.database import ReadSession, Row, Session

LIVE = f"""
SELECT 'advisors' AS figure, ARRAY[state] AS labels, count(*)::float8 AS value FROM presences GROUP BY state
UNION ALL
SELECT 'contacts', ARRAY[state], count(*) FROM contacts WHERE state NOT IN ({FINAL_CONTACTS}) GROUP BY state
UNION ALL
SELECT 'waiting_contacts', ARRAY[m.id], count(c.id)
FROM markets m
LEFT JOIN contacts c ON c.market_id = m.id AND c.state = 'waiting' AND c.channel = 'phone' GROUP BY m.id
UNION ALL
SELECT 'oldest_wait_seconds', ARRAY[m.id], coalesce(greatest(0, extract(epoch FROM $1 - min(c.waiting_since))), 0)
FROM markets m
LEFT JOIN contacts c ON c.market_id = m.id AND c.state = 'waiting' AND c.channel = 'phone' GROUP BY m.id
UNION ALL
SELECT 'promises', ARRAY[told.state], told.value
FROM (
    SELECT count(*) AS open, count(*) FILTER (WHERE state IN ('due', 'offered', 'dialling')) AS due,
           count(*) FILTER (WHERE window_ends_at <= $1) AS overdue
    FROM callbacks WHERE state NOT IN ({FINAL_CALLBACKS})
) c, LATERAL (VALUES ('open', c.open), ('due', c.due), ('overdue', c.overdue)) AS told (state, value)
"""  # noqa: S608 - names of states

STOCK = """
SELECT 'numbers' AS figure, ARRAY[m.id, told.state] AS labels, count(d.number)::float8 AS value
FROM markets m
CROSS JOIN (VALUES ('free'), ('assigned'), ('redirected'), ('quarantined')) AS told (state)
LEFT JOIN direct_dial_numbers d ON d.market_id = m.id AND d.state = told.state AND d.kind = 'direct'
WHERE $1::timestamptz IS NOT NULL
GROUP BY m.id, told.state
UNION ALL
SELECT 'books_over_cap', '{}', count(*) FROM books WHERE over_cap
"""

MESSAGES = """
WITH counted AS (
    SELECT state, count(*)::float8 AS value FROM messages WHERE state IN ('waiting', 'sending') GROUP BY state
    UNION ALL
    SELECT state, count(*) FROM messages WHERE state = 'failed' GROUP BY state
)
SELECT 'messages' AS figure, ARRAY[told.state] AS labels, coalesce(c.value, 0) AS value
FROM (VALUES ('waiting'), ('sending'), ('failed')) AS told (state) LEFT JOIN counted c USING (state)
UNION ALL
SELECT 'oldest_message_seconds', '{}', coalesce(greatest(0, extract(epoch FROM $1::timestamptz - min(due_at))), 0)
FROM messages WHERE state IN ('waiting', 'sending') AND due_at <= $1
"""

MESSAGES_ENDED = """
SELECT 'messages_ended_total' AS figure, ARRAY[state] AS labels, count(*)::float8 AS value
FROM messages WHERE ended_at > $1 AND ended_at <= $2
GROUP BY state
"""

WEBHOOKS = """
WITH waiting AS (
    SELECT d.created_at, d.next_at, w.paused_at
    FROM webhook_deliveries AS d JOIN webhooks AS w ON w.id = d.webhook_id AND w.removed_at IS NULL
    WHERE d.state = 'pending'
), told AS (
    SELECT count(*) AS pending, min(created_at) FILTER (WHERE paused_at IS NULL) AS oldest,
           min(next_at) FILTER (WHERE paused_at IS NULL AND next_at <= $1) AS due
    FROM waiting
)
SELECT 'webhook_deliveries' AS figure, ARRAY['pending'] AS labels, pending::float8 AS value FROM told
UNION ALL
SELECT 'webhook_deliveries', ARRAY['dead'], count(*) FROM webhook_deliveries WHERE state = 'dead'
UNION ALL
SELECT 'oldest_webhook_seconds', '{}', coalesce(greatest(0, extract(epoch FROM $1::timestamptz - oldest)), 0)
FROM told
UNION ALL
SELECT 'webhook_overdue_seconds', '{}', coalesce(greatest(0, extract(epoch FROM $1::timestamptz - due)), 0)
FROM told
"""

WEBHOOKS_ENDED = """
SELECT 'webhooks_ended_total' AS figure, ARRAY[state] AS labels, count(*)::float8 AS value
FROM webhook_deliveries WHERE ended_at > $1 AND ended_at <= $2
GROUP BY state
"""

PROMISES_ENDED = """
SELECT 'promises_ended_total' AS figure,
       ARRAY[CASE WHEN state <> 'done' THEN state
                  WHEN reached_at < window_ends_at THEN 'kept' ELSE 'late' END] AS labels,
       count(*)::float8 AS value
FROM callbacks
WHERE final_at > $1 AND final_at <= $2
GROUP BY 2
"""

FIRST_ATTEMPTS = """
SELECT 'first_attempts_total' AS figure,
       ARRAY[CASE WHEN final_at <= window_starts_at + interval '5 min' OR EXISTS (
           SELECT FROM callback_attempts a
           WHERE a.callback_id = callbacks.id AND a.committed_at <= window_starts_at + interval '5 min'
       ) THEN 'in_time' ELSE 'late' END] AS labels,
       count(*)::float8 AS value
FROM callbacks
WHERE window_starts_at > $1::timestamptz - interval '5 min'
  AND window_starts_at <= $2::timestamptz - interval '5 min'
GROUP BY 2
"""

DUE_AT = "SELECT kind, due_at FROM measurements"

CLAIM = """
INSERT INTO measurements (kind, due_at, figures) VALUES ($1, $3, '{}')
ON CONFLICT (kind) DO UPDATE SET due_at = excluded.due_at WHERE measurements.due_at <= $2
RETURNING counted_until, figures
"""

KEEP = """
UPDATE measurements SET measured_at = $2, counted_until = $3, figures = $4::jsonb
WHERE kind = $1 AND counted_until IS NOT DISTINCT FROM $5
"""

KEPT = "SELECT kind, measured_at, figures FROM measurements WHERE measured_at IS NOT NULL"


async def due_at(session: ReadSession) -> dict[str, datetime]:
    return {row["kind"]: row["due_at"] for row in await session.fetch(DUE_AT)}


async def claim(session: Session, kind: str, now: datetime, due_again_at: datetime) -> Row | None:
    """What was measured before, when this kind is due and nobody else has taken it."""
    return await session.fetch_row(CLAIM, kind, now, due_again_at)


async def keep(
    session: Session,
    kind: str,
    now: datetime,
    figures: Mapping[str, Any],
    counted_until: datetime | None,
    counted_before: datetime | None,
) -> None:
    """Unless somebody else has counted on since."""
    await session.execute(KEEP, kind, now, counted_until, to_json(figures).decode(), counted_before)


async def kept(session: ReadSession) -> list[Row]:
    return await session.fetch(KEPT)
