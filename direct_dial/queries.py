"""Every statement on numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kit.database import ReadSession, Row, Session

Pair = tuple[UUID, str]
"""Advisor and market."""

ASSIGNED = """
SELECT d.advisor_id, d.market_id, d.number, d.trunk
FROM unnest($1::uuid[], $2::text[]) AS wanted (advisor_id, market_id)
JOIN direct_dial_numbers d USING (advisor_id, market_id)
WHERE d.state = 'assigned'
"""

TAKE = """
WITH free AS MATERIALIZED (
    SELECT number, market_id, row_number() OVER (ORDER BY number) AS place
    FROM (
        SELECT number, market_id FROM direct_dial_numbers
        WHERE market_id = $1 AND state = 'free' AND kind = 'direct'
        ORDER BY number LIMIT cardinality($2::uuid[])
        FOR UPDATE SKIP LOCKED
    ) locked
), owners AS (
    SELECT advisor_id, place FROM unnest($2::uuid[]) WITH ORDINALITY AS o (advisor_id, place)
)
UPDATE direct_dial_numbers d
SET state = 'assigned', advisor_id = owners.advisor_id, since = $3, quarantined_until = NULL
FROM free JOIN owners USING (place)
WHERE d.number = free.number AND d.market_id = free.market_id
RETURNING d.advisor_id, d.market_id, d.number, d.trunk
"""

REDIRECT = """
UPDATE direct_dial_numbers SET state = 'redirected', since = $2
WHERE advisor_id = $1 AND state = 'assigned'
RETURNING number, market_id, advisor_id
"""

QUARANTINE = """
WITH over AS MATERIALIZED (
    SELECT number, market_id, advisor_id FROM direct_dial_numbers
    WHERE state = 'redirected' AND since <= $1
    LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE direct_dial_numbers d
SET state = 'quarantined', advisor_id = NULL, since = $2,
    quarantined_until = $2::timestamptz + m.number_quarantine_days * interval '1 day'
FROM over JOIN markets m ON m.id = over.market_id
WHERE d.number = over.number AND d.market_id = over.market_id
RETURNING d.number, d.market_id, over.advisor_id
"""

RELEASE = """
WITH rested AS MATERIALIZED (
    SELECT number, market_id FROM direct_dial_numbers
    WHERE state = 'quarantined' AND quarantined_until <= $1
    LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE direct_dial_numbers d SET state = 'free', since = $1, quarantined_until = NULL
FROM rested WHERE d.number = rested.number AND d.market_id = rested.market_id
RETURNING d.number, d.market_id
"""

ADD = """
INSERT INTO direct_dial_numbers (number, market_id, kind, state, trunk, since)
SELECT number, market_id, kind, 'free', trunk, $5
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS n (number, market_id, kind, trunk)
ON CONFLICT DO NOTHING
RETURNING number
"""

ANY_FREE = """
SELECT EXISTS (
    SELECT FROM direct_dial_numbers WHERE market_id = $1 AND state = 'free' AND kind = 'direct'
)
"""

OWNERS = "SELECT number, market_id FROM direct_dial_numbers WHERE number = ANY($1::text[])"

POOL = """
SELECT count(*) FILTER (WHERE state = 'free') AS free,
       count(*) FILTER (WHERE state = 'assigned') AS assigned,
       count(*) FILTER (WHERE state = 'redirected') AS redirected,
       count(*) FILTER (WHERE state = 'quarantined') AS quarantined,
       min(quarantined_until) FILTER (WHERE state = 'quarantined') AS next_rested_at
FROM direct_dial_numbers WHERE market_id = $1 AND kind = 'direct'
"""

PAGE = """
SELECT number, market_id, kind, state, trunk, advisor_id, since, quarantined_until
FROM direct_dial_numbers
WHERE market_id = $1 AND number > $2 AND ($3::text IS NULL OR state = $3)
ORDER BY number LIMIT $4
"""


async def assigned(session: ReadSession, pairs: Iterable[Pair]) -> Sequence[Row]:
    """The numbers that these advisors have in these markets."""
    wanted = list(pairs)
    return await session.fetch(ASSIGNED, [advisor for advisor, _ in wanted], [market for _, market in wanted])


async def take(session: Session, market_id: str, advisor_ids: Sequence[UUID], now: datetime) -> Sequence[Row]:
    """One free number for each, as far as the pool reaches; what somebody else is taking is passed over."""
    return await session.fetch(TAKE, market_id, advisor_ids, now)


async def any_free(session: ReadSession, market_id: str) -> bool:
    return bool(await session.fetch_value(ANY_FREE, market_id))


async def redirect(session: Session, advisor_id: UUID, now: datetime) -> Sequence[Row]:
    return await session.fetch(REDIRECT, advisor_id, now)


async def quarantine(session: Session, redirected_before: datetime, now: datetime, limit: int) -> Sequence[Row]:
    return await session.fetch(QUARANTINE, redirected_before, now, limit)


async def release(session: Session, now: datetime, limit: int) -> Sequence[Row]:
    return await session.fetch(RELEASE, now, limit)


async def add(session: Session, rows: Sequence[tuple[str, str, str, str | None]], now: datetime) -> set[str]:
    """Insert (number, market, kind, trunk) as free; returns the numbers that are new."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row["number"] for row in await session.fetch(ADD, *columns, now)}


async def markets_of(session: ReadSession, numbers: Sequence[str]) -> dict[str, str]:
    """Number → market, for those that are in a pool already."""
    return {row["number"]: row["market_id"] for row in await session.fetch(OWNERS, numbers)}


async def pool(session: ReadSession, market_id: str) -> Row:
    row = await session.fetch_row(POOL, market_id)
    assert row is not None  # an aggregate always answers
    return row


async def page(session: ReadSession, market_id: str, after: str, state: str | None, limit: int) -> Sequence[Row]:
    return await session.fetch(PAGE, market_id, after, state, limit)
