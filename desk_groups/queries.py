"""Every statement on desk groups, members and neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kit.database import ReadSession, Row, Session

COLUMNS = """
g.id, g.name, g.site_id, g.lead_id, g.minimum_presence,
ARRAY(SELECT neighbour_id FROM desk_group_neighbours n WHERE n.desk_group_id = g.id ORDER BY rank, neighbour_id)
    AS neighbours,
ARRAY(SELECT market_id FROM general_groups k WHERE k.desk_group_id = g.id ORDER BY market_id) AS general_for,
ARRAY(SELECT advisor_id FROM desk_group_members m WHERE m.desk_group_id = g.id ORDER BY advisor_id) AS members
"""

ONE = f"SELECT {COLUMNS} FROM desk_groups g WHERE g.id = $1"  # noqa: S608  # columns of ours
ALL = f"SELECT {COLUMNS} FROM desk_groups g ORDER BY g.name, g.id"  # noqa: S608  # columns of ours

LOCK = "SELECT id FROM desk_groups WHERE id = $1 FOR NO KEY UPDATE"
NAMED = "SELECT id FROM desk_groups WHERE name = $1"
NAMES = "SELECT id, name FROM desk_groups"
EXISTING = "SELECT id FROM desk_groups WHERE id = ANY($1::uuid[])"

PUT = """
INSERT INTO desk_groups (id, name, site_id, lead_id, minimum_presence) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET name = $2, site_id = $3, lead_id = $4, minimum_presence = $5
"""

CLEAR_NEIGHBOURS = "DELETE FROM desk_group_neighbours WHERE desk_group_id = $1"

PUT_NEIGHBOURS = """
INSERT INTO desk_group_neighbours (desk_group_id, neighbour_id, rank)
SELECT $1, neighbour_id, rank FROM unnest($2::uuid[]) WITH ORDINALITY AS n (neighbour_id, rank)
"""

CLEAR_GENERAL = "DELETE FROM general_groups WHERE desk_group_id = $1 AND market_id <> ALL ($2::text[])"

PUT_GENERAL = """
INSERT INTO general_groups (market_id, desk_group_id) SELECT market_id, $1 FROM unnest($2::text[]) AS market_id
ON CONFLICT (market_id) DO UPDATE SET desk_group_id = $1
"""

MEMBERSHIPS = "SELECT advisor_id, desk_group_id FROM desk_group_members WHERE advisor_id = ANY($1::uuid[])"

JOIN = """
INSERT INTO desk_group_members AS m (advisor_id, desk_group_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS n (advisor_id, desk_group_id)
ON CONFLICT (advisor_id) DO UPDATE SET desk_group_id = EXCLUDED.desk_group_id
WHERE m.desk_group_id <> EXCLUDED.desk_group_id
RETURNING advisor_id
"""

LEAVE = "DELETE FROM desk_group_members WHERE advisor_id = ANY($1::uuid[]) RETURNING advisor_id"

LED_BY = """
SELECT EXISTS (
    SELECT FROM desk_group_members m JOIN desk_groups g ON g.id = m.desk_group_id
    WHERE m.advisor_id = $1 AND g.lead_id = $2
)
"""

CALENDARS = """
SELECT a.id, a.working_pattern, a.leaving_at, s.time_zone, s.holiday_country, s.holiday_subdivision,
       g.minimum_presence,
       (SELECT coalesce(jsonb_agg(jsonb_build_array(x.starts_at, x.ends_at)), '[]') FROM absences x
        WHERE x.advisor_id = a.id AND x.state = 'approved' AND x.starts_at < $3 AND x.ends_at > $2) AS absences
FROM desk_group_members own
JOIN desk_groups g ON g.id = own.desk_group_id
JOIN desk_group_members m ON m.desk_group_id = g.id
JOIN advisors a ON a.id = m.advisor_id
JOIN sites s ON s.id = a.site_id
WHERE own.advisor_id = $1
"""


async def one(session: ReadSession, group_id: UUID) -> Row | None:
    """A group with `neighbours`, `general_for` and `members`."""
    return await session.fetch_row(ONE, group_id)


async def locked(session: Session, group_id: UUID) -> Row | None:
    """The same, locked; read after the lock was had, as what was committed meanwhile is seen only then."""
    return None if await session.fetch_value(LOCK, group_id) is None else await one(session, group_id)


async def all_of_them(session: ReadSession) -> Sequence[Row]:
    return await session.fetch(ALL)


async def named(session: ReadSession, name: str) -> UUID | None:
    found: UUID | None = await session.fetch_value(NAMED, name)
    return found


async def names(session: ReadSession) -> dict[str, UUID]:
    return {row["name"]: row["id"] for row in await session.fetch(NAMES)}


async def existing(session: ReadSession, group_ids: Sequence[UUID]) -> frozenset[UUID]:
    return frozenset(row["id"] for row in await session.fetch(EXISTING, group_ids))


async def put(
    session: Session, group_id: UUID, name: str, site_id: UUID, lead_id: UUID | None, minimum_presence: int
) -> None:
    await session.execute(PUT, group_id, name, site_id, lead_id, minimum_presence)


async def put_neighbours(session: Session, group_id: UUID, neighbours: Sequence[UUID]) -> None:
    await session.execute(CLEAR_NEIGHBOURS, group_id)
    if neighbours:
        await session.execute(PUT_NEIGHBOURS, group_id, neighbours)


async def put_general(session: Session, group_id: UUID, markets: Sequence[str]) -> None:
    """The group takes the strangers of these markets, and of no others."""
    await session.execute(CLEAR_GENERAL, group_id, markets)
    if markets:
        await session.execute(PUT_GENERAL, group_id, markets)


async def memberships(session: ReadSession, advisor_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Advisor → desk group."""
    rows = await session.fetch(MEMBERSHIPS, list(advisor_ids))
    return {row["advisor_id"]: row["desk_group_id"] for row in rows}


async def join(session: Session, members: Sequence[tuple[UUID, UUID]]) -> frozenset[UUID]:
    """Advisors become members; returns those who were not members of that group already."""
    if not members:
        return frozenset()
    rows = await session.fetch(JOIN, [advisor for advisor, _ in members], [group for _, group in members])
    return frozenset(row["advisor_id"] for row in rows)


async def leave(session: Session, advisor_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Advisors are members of no group; returns those who were of one."""
    return frozenset(row["advisor_id"] for row in await session.fetch(LEAVE, advisor_ids))


async def led_by(session: ReadSession, advisor_id: UUID, lead_id: UUID) -> bool:
    """Whether that lead leads the advisor's group."""
    return bool(await session.fetch_value(LED_BY, advisor_id, lead_id))


async def calendars(
    session: ReadSession, advisor_id: UUID, starts_at: datetime, ends_at: datetime
) -> Sequence[Row]:
    """When everybody of the advisor's group works, with the absences that touch the period as pairs of instants."""
    return await session.fetch(CALENDARS, advisor_id, starts_at, ends_at)
