"""What letters to customers and advisors are written from, as it is true when they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.database import ReadSession, Row

WITH_LANGUAGE = """
SELECT r.id, r.customer_id, r.market_id, coalesce(c.languages[1], k.languages[1]) AS language
FROM relationships r
JOIN customers c ON c.id = r.customer_id AND c.market_id = r.market_id
JOIN markets k ON k.id = r.market_id
WHERE r.id = ANY($1::uuid[])
"""

LANGUAGES_OF_ADVISORS = "SELECT id, languages FROM advisors WHERE id = ANY($1::uuid[])"

NEW_ADVISOR = """
SELECT r.ends_at, c.name AS customer, c.email, a.name AS advisor, k.phone_region, k.time_zone, d.number, d.trunk
FROM relationships r
JOIN customers c ON c.id = r.customer_id AND c.market_id = r.market_id
JOIN advisors a ON a.id = r.advisor_id
JOIN markets k ON k.id = r.market_id
LEFT JOIN direct_dial_numbers d
    ON d.advisor_id = r.advisor_id AND d.market_id = r.market_id AND d.state = 'assigned'
WHERE r.id = $1 AND r.customer_id = $2
"""

ADVISOR = """
SELECT a.name, a.email, a.leaving_at, s.time_zone FROM advisors a JOIN sites s ON s.id = a.site_id WHERE a.id = $1
"""


async def with_language(session: ReadSession, relationships: Sequence[UUID]) -> list[Row]:
    """`id`, `customer_id`, `market_id` and the customer's first language, else the market's."""
    return await session.fetch(WITH_LANGUAGE, relationships)


async def languages_of_advisors(session: ReadSession, advisors: Sequence[UUID]) -> dict[UUID, list[str]]:
    return {row["id"]: row["languages"] for row in await session.fetch(LANGUAGES_OF_ADVISORS, advisors)}


async def new_advisor(session: ReadSession, relationship_id: UUID, customer_id: UUID) -> Row | None:
    """The relationship with the customer's address and the advisor's name and number."""
    return await session.fetch_row(NEW_ADVISOR, relationship_id, customer_id)


async def advisor(session: ReadSession, advisor_id: UUID) -> Row | None:
    return await session.fetch_row(ADVISOR, advisor_id)
