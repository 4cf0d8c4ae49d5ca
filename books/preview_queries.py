"""Statements for whoever looks at a plan: short readings with names instead of ids."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.database import ReadSession, Row

BOOKS_CHANGED = """
SELECT b.*, a.name FROM book_run_advisors b
JOIN advisors a ON a.id = b.advisor_id
WHERE b.run_id = $1 AND (b.customers_before, b.load_before_s) <> (b.customers_after, b.load_after_s)
ORDER BY abs(b.load_after_s - b.load_before_s) DESC, b.advisor_id LIMIT $2
"""

WAYS = """
SELECT f.name AS from_name, t.name AS to_name, m.why, count(*) AS customers, sum(m.expected_seconds) AS seconds
FROM book_moves m
LEFT JOIN advisors f ON f.id = m.from_advisor
JOIN advisors t ON t.id = m.to_advisor
WHERE m.run_id = $1
GROUP BY m.from_advisor, m.to_advisor, m.why, f.name, t.name
ORDER BY count(*) DESC, m.from_advisor, m.to_advisor LIMIT $2
"""

NAMES = """
SELECT id, name FROM advisors WHERE id = ANY($1::uuid[])
UNION ALL SELECT id, name FROM desk_groups WHERE id = ANY($1::uuid[])
"""


async def books_changed(session: ReadSession, run_id: UUID, limit: int) -> Sequence[Row]:
    """The books that a run makes another thing of, those that change most first, with the advisor's `name`."""
    return await session.fetch(BOOKS_CHANGED, run_id, limit)


async def ways(session: ReadSession, run_id: UUID, limit: int) -> Sequence[Row]:
    """From whom to whom how many `customers` and `seconds` go, and why; the broadest ways first."""
    return await session.fetch(WAYS, run_id, limit)


async def names(session: ReadSession, identifiers: Sequence[UUID]) -> dict[UUID, str]:
    """Of advisors and desk groups."""
    return {row["id"]: row["name"] for row in await session.fetch(NAMES, identifiers)}
