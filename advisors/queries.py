"""Every statement on advisors, their skills and absences; presences have a file of their own.

Advisors are written many at a time: rows as one JSON parameter, each table with one statement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from kit.database import Place, ReadSession, Row, Session

EXISTING = "SELECT id FROM advisors WHERE id = ANY($1::uuid[])"

BY_REF = "SELECT external_ref, id FROM advisors WHERE external_ref = ANY($1::text[])"

PUT = """
INSERT INTO advisors AS a (
    id, external_ref, name, email, photo_url, site_id, languages, working_pattern, phone_capacity, chat_capacity,
    email_capacity, sip_uri, sip_endpoint, created_at, updated_at
)
SELECT id, external_ref, name, email, photo_url, site_id, languages, working_pattern, phone_capacity,
       chat_capacity, email_capacity, sip_uri, sip_endpoint, $2, $2
FROM jsonb_populate_recordset(NULL::advisors, $1) ORDER BY external_ref
ON CONFLICT (external_ref) DO UPDATE
SET name = EXCLUDED.name, email = EXCLUDED.email, photo_url = EXCLUDED.photo_url, site_id = EXCLUDED.site_id,
    languages = EXCLUDED.languages, working_pattern = EXCLUDED.working_pattern,
    phone_capacity = EXCLUDED.phone_capacity, chat_capacity = EXCLUDED.chat_capacity,
    email_capacity = EXCLUDED.email_capacity, sip_uri = EXCLUDED.sip_uri, sip_endpoint = EXCLUDED.sip_endpoint,
    updated_at = EXCLUDED.updated_at
WHERE (
    a.name, a.email, a.photo_url, a.site_id, a.languages, a.working_pattern, a.phone_capacity, a.chat_capacity,
    a.email_capacity, a.sip_uri, a.sip_endpoint
) IS DISTINCT FROM (
    EXCLUDED.name, EXCLUDED.email, EXCLUDED.photo_url, EXCLUDED.site_id, EXCLUDED.languages,
    EXCLUDED.working_pattern, EXCLUDED.phone_capacity, EXCLUDED.chat_capacity, EXCLUDED.email_capacity,
    EXCLUDED.sip_uri, EXCLUDED.sip_endpoint
)
RETURNING id, xmax = 0 AS created
"""

PUT_MARKETS = """
WITH wanted AS (
    SELECT n.id AS advisor_id, market_id
    FROM jsonb_to_recordset($1) AS n (id uuid, markets text[]), unnest(n.markets) AS market_id
), gone AS (
    DELETE FROM advisor_markets m
    WHERE m.advisor_id IN (SELECT id FROM jsonb_to_recordset($1) AS n (id uuid))
      AND (m.advisor_id, m.market_id) NOT IN (SELECT advisor_id, market_id FROM wanted)
    RETURNING m.advisor_id
), added AS (
    INSERT INTO advisor_markets (advisor_id, market_id) SELECT DISTINCT advisor_id, market_id FROM wanted
    ON CONFLICT DO NOTHING RETURNING advisor_id
)
SELECT advisor_id FROM gone UNION SELECT advisor_id FROM added
"""

PUT_SKILLS = """
WITH wanted AS (
    SELECT n.id AS advisor_id, s.skill, s.level, s.valid_until
    FROM jsonb_to_recordset($1) AS n (id uuid, skills jsonb),
         jsonb_to_recordset(n.skills) AS s (skill text, level integer, valid_until timestamptz)
), gone AS (
    DELETE FROM advisor_skills k
    WHERE k.advisor_id IN (SELECT id FROM jsonb_to_recordset($1) AS n (id uuid))
      AND (k.advisor_id, k.skill) NOT IN (SELECT advisor_id, skill FROM wanted)
    RETURNING k.advisor_id
), put AS (
    INSERT INTO advisor_skills AS k (advisor_id, skill, level, valid_until)
    SELECT advisor_id, skill, level, valid_until FROM wanted
    ON CONFLICT (advisor_id, skill) DO UPDATE SET level = EXCLUDED.level, valid_until = EXCLUDED.valid_until
    WHERE (k.level, k.valid_until) IS DISTINCT FROM (EXCLUDED.level, EXCLUDED.valid_until)
    RETURNING advisor_id
)
SELECT advisor_id FROM gone UNION SELECT advisor_id FROM put
"""

SIGN_ON = """
INSERT INTO presences (advisor_id, state, since, idle_since)
SELECT advisor_id, 'offline', $2, $2 FROM unnest($1::uuid[]) AS n (advisor_id)
ON CONFLICT DO NOTHING RETURNING *
"""

COLUMNS = """
a.id, a.external_ref, a.name, a.email, a.mail_name, a.photo_url, a.site_id, a.languages,
a.working_pattern, a.phone_capacity, a.chat_capacity, a.email_capacity, a.sip_uri, a.sip_endpoint, a.leaving_at,
a.created_at, a.updated_at,
m.desk_group_id,
ARRAY(SELECT market_id FROM advisor_markets k WHERE k.advisor_id = a.id ORDER BY market_id) AS markets,
(SELECT coalesce(jsonb_agg(jsonb_build_object(
    'skill', skill, 'level', level, 'valid_until', valid_until) ORDER BY skill), '[]')
 FROM advisor_skills k WHERE k.advisor_id = a.id) AS skills
"""

ONE = f"""
SELECT {COLUMNS} FROM advisors a LEFT JOIN desk_group_members m ON m.advisor_id = a.id WHERE a.id = $1
"""  # noqa: S608  # columns of ours

PAGE = f"""
SELECT {COLUMNS} FROM advisors a LEFT JOIN desk_group_members m ON m.advisor_id = a.id
WHERE ($1::uuid IS NULL OR a.id > $1) AND ($2::uuid IS NULL OR m.desk_group_id = $2)
ORDER BY a.id LIMIT $3
"""  # noqa: S608  # columns of ours

LOCK = """
SELECT a.id, a.leaving_at, m.desk_group_id
FROM advisors a LEFT JOIN desk_group_members m ON m.advisor_id = a.id
WHERE a.id = $1 FOR NO KEY UPDATE OF a
"""

LEAVE = "UPDATE advisors SET leaving_at = $2, updated_at = $3 WHERE id = $1"

ENTER = """
INSERT INTO absences (id, advisor_id, starts_at, ends_at, kind, state, entered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *
"""

LOCK_ABSENCE = """
SELECT x.*, m.desk_group_id FROM absences x LEFT JOIN desk_group_members m ON m.advisor_id = x.advisor_id
WHERE x.id = $1 FOR NO KEY UPDATE OF x
"""

# what it breaks, or no longer breaks, is looked at right afterwards
REPLAN = "UPDATE absences SET replan_at = $2 WHERE id = $1"
TO_REPLAN = "SELECT id FROM absences WHERE replan_at <= $1 ORDER BY replan_at LIMIT $2"

ABSENCE = "SELECT * FROM absences WHERE id = $1"

SAVE_ABSENCE = "UPDATE absences SET state = $2, ends_at = $3 WHERE id = $1 RETURNING *"

ABSENCES = """
SELECT * FROM absences
WHERE advisor_id = $1 AND ends_at > $2 AND state IN ('requested', 'approved')
  AND ($3::timestamptz IS NULL OR (starts_at, id) > ($3, $4::uuid))
ORDER BY starts_at, id LIMIT $5
"""


async def existing(session: ReadSession, advisor_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of the ids that are advisors'."""
    if not advisor_ids:
        return frozenset()
    return frozenset(row["id"] for row in await session.fetch(EXISTING, list(advisor_ids)))


async def by_ref(session: ReadSession, refs: Collection[str]) -> dict[str, UUID]:
    return {row["external_ref"]: row["id"] for row in await session.fetch(BY_REF, list(refs))}


async def put(
    session: Session, rows: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Create or replace advisors with their markets and skills. Returns who is new and who was changed.

    Rows have the columns of `advisors` but for the instants, `markets`, and `skills` as a list of objects.
    """
    written = to_json(rows).decode()
    put = await session.fetch(PUT, written, now)
    created = frozenset(row["id"] for row in put if row["created"])
    touched = {row["id"] for row in put}
    touched |= {row["advisor_id"] for row in await session.fetch(PUT_MARKETS, written)}
    touched |= {row["advisor_id"] for row in await session.fetch(PUT_SKILLS, written)}
    return created, frozenset(touched - created)


async def sign_on(session: Session, advisor_ids: Collection[UUID], now: datetime) -> Sequence[Row]:
    """A presence, offline, for whoever has none yet."""
    return await session.fetch(SIGN_ON, list(advisor_ids), now)


async def one(session: ReadSession, advisor_id: UUID) -> Row | None:
    """An advisor with `markets`, `skills` and `desk_group_id`."""
    return await session.fetch_row(ONE, advisor_id)


async def page(session: ReadSession, after: UUID | None, desk_group_id: UUID | None, limit: int) -> Sequence[Row]:
    return await session.fetch(PAGE, after, desk_group_id, limit)


async def lock(session: Session, advisor_id: UUID) -> Row | None:
    return await session.fetch_row(LOCK, advisor_id)


async def leave(session: Session, advisor_id: UUID, leaving_at: datetime | None, now: datetime) -> None:
    await session.execute(LEAVE, advisor_id, leaving_at, now)


async def enter(
    session: Session,
    absence_id: UUID,
    advisor_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    kind: str,
    state: str,
    now: datetime,
) -> Row:
    row = await session.fetch_row(ENTER, absence_id, advisor_id, starts_at, ends_at, kind, state, now)
    assert row is not None
    return row


async def lock_absence(session: Session, absence_id: UUID) -> Row | None:
    """The absence with its advisor's desk group, locked."""
    return await session.fetch_row(LOCK_ABSENCE, absence_id)


async def absence(session: ReadSession, absence_id: UUID) -> Row | None:
    return await session.fetch_row(ABSENCE, absence_id)


async def save_absence(session: Session, absence_id: UUID, state: str, ends_at: datetime) -> Row:
    row = await session.fetch_row(SAVE_ABSENCE, absence_id, state, ends_at)
    assert row is not None  # locked before
    return row


async def replan(session: Session, absence_id: UUID, at: datetime | None) -> None:
    """Promises are looked at then because of this absence; None: they have been."""
    await session.execute(REPLAN, absence_id, at)


async def to_replan(session: ReadSession, now: datetime, limit: int = 50) -> list[UUID]:
    return [row["id"] for row in await session.fetch(TO_REPLAN, now, limit)]


async def absences(
    session: ReadSession,
    advisor_id: UUID,
    now: datetime,
    after: Place,
    limit: int,
) -> Sequence[Row]:
    """Requested and approved absences, present and to come; those after a start and id."""
    return await session.fetch(ABSENCES, advisor_id, now, *after, limit)
