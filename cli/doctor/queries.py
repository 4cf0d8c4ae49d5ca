"""What the doctor asks the database; all of it reads."""

from __future__ import annotations

from typing import Any, cast

from contacts.models import FINAL as FINAL_CONTACTS
from kit.database import ReadSession, Row

SERVER = """
SELECT current_setting('server_version_num')::int AS version,
       current_setting('max_connections')::int AS connections,
       r.rolsuper AS is_super, pg_is_in_recovery() AS in_recovery,
       EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass('public.events') AND c.relowner = r.oid) AS owns
FROM pg_roles r WHERE r.rolname = current_user
"""

ROLE_SETTINGS = """
SELECT split_part(one, '=', 1) AS name
FROM pg_db_role_setting s, unnest(s.setconfig) AS one
WHERE s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
  AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
"""

PARENTS = """
SELECT c.relname AS parent FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1
"""

NUMBERS = """
SELECT m.id AS market, count(d.number) FILTER (WHERE d.state = 'free') AS free,
       count(d.number) FILTER (WHERE d.state = 'quarantined') AS resting,
       min(d.quarantined_until) FILTER (WHERE d.state = 'quarantined') AS back_at,
       count(d.number) FILTER (
           WHERE d.state = 'assigned' AND d.since > $1::timestamptz - interval '30 days'
       ) AS issued
FROM markets m LEFT JOIN direct_dial_numbers d ON d.market_id = m.id AND d.kind = 'direct'
GROUP BY m.id ORDER BY m.id
"""

ADVISORS_WITHOUT = """
WITH lacking AS (
    SELECT a.id, 'sip_target' AS what FROM advisors a
    WHERE a.phone_capacity > 0 AND a.sip_uri IS NULL AND a.sip_endpoint IS NULL
      AND (a.leaving_at IS NULL OR a.leaving_at > $1)
    UNION ALL
    SELECT a.id, 'markets' FROM advisors a
    WHERE NOT EXISTS (SELECT FROM advisor_markets m WHERE m.advisor_id = a.id)
      AND (a.leaving_at IS NULL OR a.leaving_at > $1)
    UNION ALL
    SELECT a.id, 'desk_group' FROM advisors a
    WHERE NOT EXISTS (SELECT FROM desk_group_members m WHERE m.advisor_id = a.id)
      AND (a.leaving_at IS NULL OR a.leaving_at > $1)
    UNION ALL
    SELECT a.id, 'working_pattern' FROM advisors a
    WHERE a.working_pattern = '{}' AND (a.leaving_at IS NULL OR a.leaving_at > $1)
    UNION ALL
    SELECT b.advisor_id, 'number' FROM books b JOIN advisor_markets m USING (advisor_id)
    WHERE b.load_s > 0
      AND NOT EXISTS (SELECT FROM direct_dial_numbers d
                      WHERE d.advisor_id = b.advisor_id AND d.state = 'assigned' AND d.market_id = m.market_id)
      AND EXISTS (SELECT FROM relationships r
                  WHERE r.advisor_id = b.advisor_id AND r.ends_at IS NULL AND r.market_id = m.market_id)
    UNION ALL
    SELECT a.id, 'stayed' FROM advisors a JOIN books b ON b.advisor_id = a.id
    WHERE a.leaving_at <= $1 AND b.load_s > 0
)
SELECT what, array_agg(id ORDER BY id) AS ids FROM lacking GROUP BY what
"""

CERTIFICATES = """
SELECT skill, count(*) AS count, min(valid_until) AS first_ends_at,
       array_agg(advisor_id ORDER BY valid_until, advisor_id) AS ids
FROM advisor_skills
WHERE valid_until > $1 AND valid_until <= $1::timestamptz + interval '30 days'
GROUP BY skill ORDER BY skill
"""

WITHOUT_ADVISOR = """
SELECT c.market_id AS market, count(*) AS count
FROM customers c
LEFT JOIN relationships r ON r.customer_id = c.id AND r.market_id = c.market_id AND r.ends_at IS NULL
WHERE r.id IS NULL
GROUP BY c.market_id
HAVING EXISTS (
    SELECT FROM books b JOIN advisor_markets m USING (advisor_id) JOIN advisors a ON a.id = b.advisor_id
    WHERE m.market_id = c.market_id AND b.open_for_new AND b.load_s < b.cap_s
      AND (a.leaving_at IS NULL OR a.leaving_at > $1)
)
ORDER BY 1
"""

OVER_CAP = "SELECT advisor_id FROM books WHERE load_s > cap_s ORDER BY load_s - cap_s DESC"

STALE = f"""
SELECT 'offers' AS what, count(*) AS count FROM offers
WHERE state = 'open' AND deadline_at < $1::timestamptz - interval '10 s'
UNION ALL
SELECT 'callbacks', count(*) FROM callbacks
WHERE final_at IS NULL AND state IN ('scheduled', 'due') AND next_action_at < $1::timestamptz - interval '2 min'
UNION ALL
SELECT 'contacts', count(*) FROM contacts
WHERE state NOT IN ({FINAL_CONTACTS}) AND deadline_at < $1::timestamptz - interval '30 s'
"""  # noqa: S608 - names of states

MEASURED = "SELECT kind, measured_at FROM measurements"


async def server(session: ReadSession) -> Row:
    row = await session.fetch_row(SERVER)
    assert row is not None
    return row


async def role_settings(session: ReadSession) -> set[str]:
    return {row["name"] for row in await session.fetch(ROLE_SETTINGS)}


async def revision(session: ReadSession) -> str | None:
    """None where nothing has ever been migrated."""
    if await session.fetch_value("SELECT to_regclass('public.alembic_version')") is None:
        return None
    return cast(str | None, await session.fetch_value("SELECT version_num FROM alembic_version"))


async def partitioned(session: ReadSession) -> list[str]:
    return [row["parent"] for row in await session.fetch(PARENTS)]


async def exists(session: ReadSession, table: str) -> bool:
    return await session.fetch_value("SELECT to_regclass($1)", f"public.{table}") is not None


async def has_rows(session: ReadSession, table: str) -> bool:
    """As the statistics know it: a partition can't be read by itself."""
    sql = "SELECT coalesce(pg_stat_get_live_tuples(to_regclass($1)), 0) > 0"
    return bool(await session.fetch_value(sql, f"public.{table}"))


async def rows(session: ReadSession, sql: str, *arguments: Any) -> list[Row]:
    return await session.fetch(sql, *arguments)
