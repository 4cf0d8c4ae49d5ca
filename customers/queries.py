"""Every statement on customers, their numbers, relationships and products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from pydantic_core import to_json

from kit.database import Place, ReadSession, Row, Session

LOCK_CUSTOMERS = """
SELECT id FROM customers WHERE external_ref = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE
"""

STANDINGS = """
SELECT c.id, c.market_id, c.external_ref, c.languages, c.tier, c.products, c.time_zone, c.calling_hours,
       coalesce(c.learned_seconds, c.expected_seconds) AS expected_seconds, v.version,
       r.id AS relationship_id, r.advisor_id, r.starts_at, r.decision_id, r.expected_seconds AS booked_s,
       (SELECT max(ends_at) FROM relationships h WHERE h.customer_id = c.id AND h.ends_at IS NOT NULL)
           AS last_ended_at
FROM customers c CROSS JOIN directory_version v
LEFT JOIN relationships r ON r.customer_id = c.id AND r.market_id = c.market_id AND r.ends_at IS NULL
WHERE c.external_ref = ANY($1::text[])
"""

CUSTOMER = """
SELECT c.*, ARRAY(
    SELECT number FROM customer_phones p WHERE p.customer_id = c.id AND p.market_id = c.market_id ORDER BY number
) AS phones
FROM customers c WHERE c.external_ref = $1
"""

WITHOUT_ADVISOR = """
SELECT c.external_ref FROM customers c
WHERE c.external_ref > $1 AND ($3::text IS NULL OR c.market_id = $3) AND NOT EXISTS (
    SELECT FROM relationships r WHERE r.customer_id = c.id AND r.market_id = c.market_id AND r.ends_at IS NULL
)
ORDER BY c.external_ref LIMIT $2
"""

OF_ADVISOR = """
SELECT r.id, c.external_ref FROM relationships r
JOIN customers c ON c.id = r.customer_id AND c.market_id = r.market_id
WHERE r.advisor_id = $1 AND r.ends_at IS NULL AND ($2::uuid IS NULL OR r.id > $2)
ORDER BY r.id LIMIT $3
"""

COUNT_OF_ADVISOR = "SELECT count(*) FROM relationships WHERE advisor_id = $1 AND ends_at IS NULL"

GONE_WITH_CUSTOMERS = """
SELECT a.id FROM advisors a
WHERE a.leaving_at <= $1 AND (
    EXISTS (SELECT FROM relationships r WHERE r.advisor_id = a.id AND r.ends_at IS NULL)
    OR EXISTS (SELECT FROM direct_dial_numbers d WHERE d.advisor_id = a.id AND d.state = 'assigned')
)
ORDER BY a.leaving_at, a.id LIMIT $2
"""

LAST_CHANGED = """
SELECT max(starts_at) FROM (
    SELECT starts_at FROM relationships WHERE customer_id = $1 AND ends_at IS NULL AND reason = 'changed'
    UNION ALL
    SELECT starts_at FROM relationships WHERE customer_id = $1 AND ends_at > $2 AND reason = 'changed'
) changes
"""

HISTORY = """
SELECT r.* FROM customers c CROSS JOIN LATERAL (
    SELECT * FROM relationships r
    WHERE r.customer_id = c.id AND r.market_id = c.market_id AND r.ends_at IS NULL
    UNION ALL
    SELECT * FROM relationships r
    WHERE r.customer_id = c.id AND r.market_id = c.market_id AND r.ends_at IS NOT NULL
) r
WHERE c.external_ref = $1 AND ($2::timestamptz IS NULL OR (r.starts_at, r.id) < ($2, $3::uuid))
ORDER BY r.starts_at DESC, r.id DESC LIMIT $4
"""

END = """
UPDATE relationships r SET ends_at = e.ends_at, ended_reason = e.reason
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS e (id, ends_at, reason)
WHERE r.id = e.id AND r.ends_at IS NULL
RETURNING r.id
"""

BEGIN = "INSERT INTO relationships SELECT * FROM jsonb_populate_recordset(NULL::relationships, $1)"

KEEP_ESTIMATES = """
WITH learned AS (
    UPDATE customers c SET learned_seconds = e.seconds, learned_at = $3
    FROM unnest($1::uuid[], $2::integer[]) AS e (id, seconds)
    WHERE c.id = e.id
    RETURNING c.id, c.market_id
)
SELECT r.id, r.customer_id, r.advisor_id, r.expected_seconds AS booked_s
FROM learned l JOIN relationships r ON r.customer_id = l.id AND r.market_id = l.market_id AND r.ends_at IS NULL
"""

REBOOK = """
UPDATE relationships r SET expected_seconds = n.seconds
FROM unnest($1::uuid[], $2::integer[]) AS n (id, seconds)
WHERE r.id = n.id AND r.ends_at IS NULL
"""

PRODUCTS = "SELECT id, name, skill, level, expected_seconds FROM products ORDER BY id"

PRODUCT = "SELECT id, name, skill, level, expected_seconds FROM products WHERE id = $1"

HOLD = "SELECT pg_advisory_xact_lock(22, hashtext($1))"

PUT_PRODUCT = """
INSERT INTO products (id, name, skill, level, expected_seconds) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET name = $2, skill = $3, level = $4, expected_seconds = $5
RETURNING xmax = 0 AS created
"""

CARD = """
SELECT r.id, r.starts_at, r.decision_id, r.market_id,
       c.external_ref, c.languages AS customer_languages, c.calling_hours, c.time_zone AS customer_zone,
       k.phone_region, k.time_zone AS market_zone, k.languages AS market_languages,
       a.id AS advisor_id, a.name, a.photo_url, a.email, a.languages, a.working_pattern, a.leaving_at,
       s.time_zone AS site_zone, s.holiday_country, s.holiday_subdivision,
       g.id AS group_id, g.name AS group_name, d.number, d.trunk,
       p.state, p.lease_until, x.data -> 'because' AS because
FROM relationships r
JOIN customers c ON c.id = r.customer_id AND c.market_id = r.market_id
JOIN markets k ON k.id = r.market_id
JOIN advisors a ON a.id = r.advisor_id
JOIN sites s ON s.id = a.site_id
LEFT JOIN desk_group_members m ON m.advisor_id = a.id
LEFT JOIN desk_groups g ON g.id = m.desk_group_id
LEFT JOIN presences p ON p.advisor_id = a.id
LEFT JOIN direct_dial_numbers d
    ON d.advisor_id = a.id AND d.market_id = r.market_id AND d.state = 'assigned'
CROSS JOIN LATERAL (
    SELECT to_timestamp(('x' || translate(left(r.decision_id::text, 13), '-', ''))::bit(48)::bigint / 1000.0) AS at
) made
LEFT JOIN decisions x
    ON x.id = r.decision_id AND x.at >= made.at - interval '5 seconds' AND x.at < made.at + interval '5 seconds'
WHERE c.external_ref = $1 AND r.ends_at IS NULL
"""

ABSENCES = """
SELECT starts_at, ends_at FROM absences
WHERE advisor_id = $1 AND state = 'approved' AND ends_at > $2
ORDER BY starts_at
"""

PUT = """
WITH incoming AS (
    SELECT * FROM jsonb_to_recordset($1) AS n (
        id uuid, market_id text, external_ref text, name text, email text, languages text[], tier text,
        products text[], time_zone text, calling_hours text, expected_seconds integer
    )
), news AS (
    SELECT n.*, decode(n.calling_hours, 'hex') AS hours FROM incoming n
    LEFT JOIN customers c ON c.external_ref = n.external_ref
    WHERE c.id IS NULL OR (c.market_id = n.market_id AND (
        c.name, c.email, c.languages, c.tier, c.products, c.time_zone, c.calling_hours, c.expected_seconds
    ) IS DISTINCT FROM (
        n.name, n.email, n.languages, n.tier, n.products, n.time_zone, decode(n.calling_hours, 'hex'),
        n.expected_seconds
    ))
), written AS (
    INSERT INTO customers AS c (
        id, market_id, external_ref, name, email, languages, tier, products, time_zone, calling_hours,
        expected_seconds, created_at, updated_at
    )
    SELECT id, market_id, external_ref, name, email, languages, tier, products, time_zone, hours,
           expected_seconds, $2, $2
    FROM news ORDER BY external_ref
    ON CONFLICT (external_ref) DO UPDATE
    SET name = EXCLUDED.name, email = EXCLUDED.email, languages = EXCLUDED.languages, tier = EXCLUDED.tier,
        products = EXCLUDED.products, time_zone = EXCLUDED.time_zone, calling_hours = EXCLUDED.calling_hours,
        expected_seconds = EXCLUDED.expected_seconds, updated_at = EXCLUDED.updated_at
    WHERE c.market_id = EXCLUDED.market_id
    RETURNING external_ref, xmax = 0 AS created
)
SELECT external_ref, created FROM written
"""

PUT_PHONES = """
WITH incoming AS (
    SELECT c.id, c.market_id, n.market_id <> c.market_id AS moved, n.external_ref, n.phones, n.created
    FROM jsonb_to_recordset($1) AS n (market_id text, external_ref text, phones text[], created boolean)
    JOIN customers c ON c.external_ref = n.external_ref
), gone AS (
    DELETE FROM customer_phones p USING incoming i
    WHERE NOT i.created AND NOT i.moved AND p.customer_id = i.id AND p.market_id = i.market_id
      AND p.number <> ALL (i.phones)
    RETURNING p.customer_id
), added AS (
    INSERT INTO customer_phones (number, customer_id, market_id)
    SELECT w.number, i.id, i.market_id FROM incoming i, unnest(i.phones) AS w (number)
    WHERE NOT i.moved AND (i.created OR NOT EXISTS (
        SELECT FROM customer_phones p
        WHERE p.number = w.number AND p.customer_id = i.id AND p.market_id = i.market_id
    ))
    ON CONFLICT DO NOTHING
    RETURNING customer_id
)
SELECT i.external_ref, i.id, i.moved, i.created,
       i.id IN (SELECT customer_id FROM gone UNION ALL SELECT customer_id FROM added) AS changed
FROM incoming i
"""


async def lock_customers(session: Session, refs: Sequence[str]) -> int:
    """Lock these customers, so that nobody else begins or ends their relationship; returns how many there are."""
    return len(await session.fetch(LOCK_CUSTOMERS, refs))


async def standings(session: ReadSession, refs: Sequence[str]) -> dict[str, Row]:
    """Customers by reference, with their current relationship and the directory's version."""
    return {row["external_ref"]: row for row in await session.fetch(STANDINGS, refs)}


async def customer(session: ReadSession, external_ref: str) -> Row | None:
    """Every column, and `phones`."""
    return await session.fetch_row(CUSTOMER, external_ref)


async def id_of(session: ReadSession, external_ref: str) -> UUID | None:
    found: UUID | None = await session.fetch_value("SELECT id FROM customers WHERE external_ref = $1", external_ref)
    return found


async def put(session: Session, rows: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Mapping[str, Any]]:
    """Create or replace customers and their numbers; no reference may come twice.

    By reference: `id`, `created`, `changed`, and `moved` for one who is in another market and was left alone.
    """
    written = {row["external_ref"]: row["created"] for row in await session.fetch(PUT, to_json(rows).decode(), now)}
    numbered = [
        {
            "market_id": row["market_id"],
            "external_ref": row["external_ref"],
            "phones": row["phones"],
            "created": written.get(row["external_ref"], False),
        }
        for row in rows
    ]
    found = await session.fetch(PUT_PHONES, to_json(numbered).decode())
    return {
        row["external_ref"]: {**row, "changed": row["changed"] or row["external_ref"] in written} for row in found
    }


async def without_advisor(session: ReadSession, after: str, limit: int, market_id: str | None = None) -> list[str]:
    """References of customers who have no advisor, in their order."""
    return [row["external_ref"] for row in await session.fetch(WITHOUT_ADVISOR, after, limit, market_id)]


async def of_advisor(session: ReadSession, advisor_id: UUID, after: UUID | None, limit: int) -> Sequence[Row]:
    """`id` of the relationship and `external_ref` of this advisor's customers, the longest with them first."""
    return await session.fetch(OF_ADVISOR, advisor_id, after, limit)


async def count_of_advisor(session: ReadSession, advisor_id: UUID) -> int:
    return cast(int, await session.fetch_value(COUNT_OF_ADVISOR, advisor_id))


async def gone_with_customers(session: ReadSession, now: datetime, limit: int = 100) -> list[UUID]:
    """Advisors who have left and still have customers, or numbers that nobody redirected."""
    return [row["id"] for row in await session.fetch(GONE_WITH_CUSTOMERS, now, limit)]


async def last_changed(session: ReadSession, customer_id: UUID, since: datetime) -> datetime | None:
    """When the customer last changed advisor, if that was after `since`."""
    found = cast("datetime | None", await session.fetch_value(LAST_CHANGED, customer_id, since))
    return found if found is not None and found > since else None


async def history(session: ReadSession, external_ref: str, before: Place, limit: int) -> Sequence[Row]:
    """A customer's relationships, the newest first; those before a start and id."""
    return await session.fetch(HISTORY, external_ref, *before, limit)


async def end(session: Session, endings: Iterable[tuple[UUID, datetime, str]]) -> int:
    """End current relationships: id, instant, reason. Returns how many were current."""
    rows = list(endings)
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]
    return len(await session.fetch(END, *columns)) if rows else 0


async def begin(session: Session, relationships: Sequence[Mapping[str, Any]]) -> None:
    """Insert whole rows in one statement."""
    await session.execute(BEGIN, to_json(relationships).decode())


async def keep_estimates(session: Session, estimates: Sequence[tuple[UUID, int]], now: datetime) -> Sequence[Row]:
    """Of locked customers: id and seconds. Returns their current relationships with what is booked."""
    ids, seconds = zip(*estimates, strict=True)
    return await session.fetch(KEEP_ESTIMATES, list(ids), list(seconds), now)


async def rebook(session: Session, weights: Sequence[tuple[UUID, int]]) -> None:
    """Of current relationships: id and seconds; the caller corrects the locked books."""
    ids, seconds = zip(*weights, strict=True)
    await session.execute(REBOOK, list(ids), list(seconds))


async def products(session: ReadSession) -> Sequence[Row]:
    return await session.fetch(PRODUCTS)


async def product(session: ReadSession, product_id: str) -> Row | None:
    return await session.fetch_row(PRODUCT, product_id)


async def hold(session: Session, name: str) -> None:
    """Whoever else compares this product or customer with what they have read waits until the end of the
    transaction; a lock on the row would let two create it."""
    await session.execute(HOLD, name)


async def put_product(
    session: Session, product_id: str, name: str, skill: str, level: int, seconds: Mapping[str, int]
) -> bool:
    """Create or replace a product; True when it is new."""
    written = to_json(seconds).decode()
    return bool(await session.fetch_value(PUT_PRODUCT, product_id, name, skill, level, written))


async def card(session: ReadSession, external_ref: str) -> Row | None:
    """The current relationship of a customer with all that their card shows."""
    return await session.fetch_row(CARD, external_ref)


async def absences(session: ReadSession, advisor_id: UUID, now: datetime) -> Sequence[Row]:
    """Approved absences, present and to come; their kind is not read."""
    return await session.fetch(ABSENCES, advisor_id, now)
