"""Statements on whoever of the staff is written to about promises."""

from __future__ import annotations

from uuid import UUID

from kit.database import ReadSession, Row

LEAD = """
SELECT a.id, a.languages FROM desk_groups g JOIN advisors a ON a.id = g.lead_id WHERE g.id = $1
"""

ADVISOR = """
SELECT a.name, a.email, s.time_zone FROM advisors a JOIN sites s ON s.id = a.site_id WHERE a.id = $1
"""


REMINDED = """
SELECT c.state, c.window_starts_at, c.window_ends_at, c.owner_state, c.question_id, cu.name AS customer, cu.email,
       k.time_zone, a.name AS advisor
FROM callbacks c
JOIN customers cu ON cu.id = c.customer_id AND cu.market_id = c.market_id
JOIN markets k ON k.id = c.market_id
LEFT JOIN advisors a ON a.id = c.advisor_id
WHERE c.id = $1 AND c.customer_id = $2
"""


async def reminded(session: ReadSession, callback_id: UUID, customer_id: UUID) -> Row | None:
    return await session.fetch_row(REMINDED, callback_id, customer_id)


async def lead_of(session: ReadSession, group_id: UUID) -> Row | None:
    return await session.fetch_row(LEAD, group_id)


async def advisor(session: ReadSession, advisor_id: UUID) -> Row | None:
    return await session.fetch_row(ADVISOR, advisor_id)
