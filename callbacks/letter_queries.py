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


async def lead_of(session: ReadSession, group_id: UUID) -> Row | None:
    return await session.fetch_row(LEAD, group_id)


async def advisor(session: ReadSession, advisor_id: UUID) -> Row | None:
    return await session.fetch_row(ADVISOR, advisor_id)
