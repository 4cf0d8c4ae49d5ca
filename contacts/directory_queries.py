"""What the directory is read from; run rarely, on a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from kit.database import ReadSession, Row

ADVISORS = """
SELECT a.id, a.name, a.languages, a.working_pattern::text, a.leaving_at, a.phone_capacity, a.chat_capacity,
       a.email_capacity, a.sip_uri, a.sip_endpoint,
       s.time_zone, s.holiday_country, s.holiday_subdivision, m.desk_group_id,
       ARRAY(SELECT market_id FROM advisor_markets WHERE advisor_id = a.id) AS markets
FROM advisors a JOIN sites s ON s.id = a.site_id LEFT JOIN desk_group_members m ON m.advisor_id = a.id
ORDER BY a.id
"""

GROUPS = """
SELECT g.id, g.name,
       ARRAY(SELECT advisor_id FROM desk_group_members WHERE desk_group_id = g.id ORDER BY advisor_id) AS members,
       ARRAY(SELECT neighbour_id FROM desk_group_neighbours WHERE desk_group_id = g.id ORDER BY rank, neighbour_id)
           AS neighbours
FROM desk_groups g ORDER BY g.id
"""


async def version(session: ReadSession) -> int:
    return cast(int, await session.fetch_value("SELECT version FROM directory_version"))


async def markets(session: ReadSession) -> Sequence[Row]:
    return await session.fetch("SELECT * FROM markets ORDER BY id")


async def policies(session: ReadSession) -> Sequence[Row]:
    return await session.fetch(
        "SELECT market_id, version, valid_from, rules FROM policies ORDER BY market_id, valid_from, version"
    )


async def closures(session: ReadSession) -> Sequence[Row]:
    return await session.fetch("SELECT market_id, kind, starts_at, ends_at FROM closures")


async def general_groups(session: ReadSession) -> dict[str, UUID]:
    rows = await session.fetch("SELECT market_id, desk_group_id FROM general_groups")
    return {row["market_id"]: row["desk_group_id"] for row in rows}


async def groups(session: ReadSession) -> Sequence[Row]:
    return await session.fetch(GROUPS)


async def advisors(session: ReadSession) -> Sequence[Row]:
    return await session.fetch(ADVISORS)


async def skills(session: ReadSession) -> Sequence[Row]:
    return await session.fetch("SELECT advisor_id, skill, level, valid_until FROM advisor_skills")


async def absences(session: ReadSession) -> Sequence[Row]:
    return await session.fetch(
        "SELECT advisor_id, starts_at, ends_at FROM absences WHERE state = 'approved' ORDER BY starts_at"
    )


async def products(session: ReadSession) -> Sequence[Row]:
    return await session.fetch("SELECT id, skill, level FROM products")
