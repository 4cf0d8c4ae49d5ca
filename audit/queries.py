"""Every statement on the audit and its seals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kit.database import ReadSession, Row, Session

LOCK = 727_275
"""Advisory lock of whoever seals; one at a time, whatever the number of replicas."""

CANONICAL = """
jsonb_build_array(
    a.id, a.epoch, a.xid, (extract(epoch FROM a.at) * 1000000)::bigint, a.actor, a.request_id, a.action, a.subject,
    a.market_id, a.event_id, encode(a.digest, 'hex'), a.changed
)::text
"""
"""What of a row is sealed, as text: the instant in microseconds, the digest in hexadecimal."""

_ROW = f"""
a.epoch, a.xid, a.id, date_trunc('month', a.at AT TIME ZONE 'UTC')::date AS month,
sha256(convert_to({CANONICAL}, 'UTF8')) AS row_digest
"""

TAKE_LOCK = "SELECT pg_try_advisory_xact_lock($1)"

LAST = """
SELECT n, epoch, xid, last_id, hash FROM audit_seals
UNION ALL
SELECT n, epoch, xid, last_id, hash FROM audit_anchors
ORDER BY n DESC LIMIT 1
"""

UNSEALED = f"""
SELECT {_ROW}
FROM audit AS a
WHERE (a.epoch, a.xid, a.id) > ($1::integer, $2::bigint, $3::bigint)
  AND (a.epoch < (SELECT max(epoch) FROM event_epoch)
       OR a.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
ORDER BY a.epoch, a.xid, a.id
LIMIT $4
"""  # noqa: S608 - constants of ours

SEALED = f"""
SELECT {_ROW}, a.event_id, a.digest,
       (SELECT sha256(convert_to(e.data::text, 'UTF8')) FROM events AS e
        WHERE e.id = a.event_id AND e.at = a.at) AS event_digest
FROM audit AS a
WHERE (a.epoch, a.xid, a.id) > ($1::integer, $2::bigint, $3::bigint)
  AND (a.epoch, a.xid, a.id) <= ($4::integer, $5::bigint, $6::bigint)
ORDER BY a.epoch, a.xid, a.id
"""  # noqa: S608 - constants of ours

WAITING = """
SELECT count(*) FROM audit AS a
WHERE (a.epoch, a.xid, a.id) > ($1::integer, $2::bigint, $3::bigint)
"""


async def take_turn(session: Session) -> bool:
    """Whether nobody else seals at this moment; held until the end of the transaction."""
    taken: bool = await session.fetch_value(TAKE_LOCK, LOCK)
    return taken


async def last_seal(session: ReadSession) -> Row | None:
    """The head of the chain: the last seal, or what stands for it where its month is gone."""
    return await session.fetch_row(LAST)


async def unsealed(session: ReadSession, after: tuple[int, int, int], most: int) -> list[Row]:
    """Rows behind the last seal that no transaction can get in before any more."""
    return await session.fetch(UNSEALED, *after, most)


async def waiting(session: ReadSession, after: tuple[int, int, int]) -> int:
    """How many rows lie behind the last seal."""
    count: int = await session.fetch_value(WAITING, *after)
    return count


async def write_seals(session: Session, seals: Sequence[Mapping[str, Any]], now: datetime) -> None:
    columns = ("n", "month", "epoch", "xid", "last_id", "ids", "digests", "hash")
    rows = [(*(seal[column] for column in columns), now) for seal in seals]
    await session.copy("audit_seals", (*columns, "sealed_at"), rows)


async def first_anchor(session: ReadSession) -> Row | None:
    """Where the chain begins, when its first months are gone."""
    return await session.fetch_row("SELECT * FROM audit_anchors ORDER BY n DESC LIMIT 1")


async def dropped_months(session: ReadSession) -> set[date]:
    return {row["month"] for row in await session.fetch("SELECT month FROM audit_anchors")}


async def seals_after(session: ReadSession, n: int, most: int) -> list[Row]:
    return await session.fetch("SELECT * FROM audit_seals WHERE n > $1 ORDER BY n LIMIT $2", n, most)


async def under_seal(session: ReadSession, after: tuple[int, int, int], until: tuple[int, int, int]) -> list[Row]:
    """The rows between two positions, with digests as they are now, of their events too."""
    return await session.fetch(SEALED, *after, *until)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; None: whatever."""

    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    from_: datetime | None = None
    until: datetime | None = None


FOUND = """
SELECT a.epoch, a.xid, a.id, a.at, a.actor, a.request_id, a.action, a.subject, a.market_id,
       coalesce(a.changed, e.data) AS changed
FROM audit AS a LEFT JOIN events AS e ON e.id = a.event_id AND e.at = a.at
WHERE ($1::text IS NULL OR a.subject = $1) AND ($2::text IS NULL OR a.actor = $2)
  AND ($3::text IS NULL OR a.action = $3)
  AND ($4::timestamptz IS NULL OR a.at >= $4) AND ($5::timestamptz IS NULL OR a.at < $5)
  AND ($6::integer IS NULL OR (a.epoch, a.xid, a.id) < ($6, $7::bigint, $8::bigint))
ORDER BY a.epoch DESC, a.xid DESC, a.id DESC
LIMIT $9
"""


async def found(session: ReadSession, search: Search, before: tuple[int, int, int] | None, most: int) -> list[Row]:
    """The newest first; `before` is where the page before ended."""
    position = before or (None, None, None)
    return await session.fetch(
        FOUND, search.subject, search.actor, search.action, search.from_, search.until, *position, most
    )


HASH_AT = """
SELECT encode(hash, 'hex') FROM audit_seals WHERE n = $1
UNION ALL
SELECT encode(hash, 'hex') FROM audit_anchors WHERE n = $1
LIMIT 1
"""


async def hash_at(session: ReadSession, n: int) -> str | None:
    """The hash of the n-th seal, where it is still there."""
    found: str | None = await session.fetch_value(HASH_AT, n)
    return found


IS_SEALED = """
SELECT NOT EXISTS (
    SELECT FROM audit AS a
    WHERE a.at >= $1::date::timestamp AT TIME ZONE 'UTC'
      AND a.at < ($1::date + interval '1 month')::timestamp AT TIME ZONE 'UTC'
      AND (a.epoch, a.xid, a.id) > (
        SELECT epoch, xid, last_id FROM (SELECT 0 AS n, 0 AS epoch, 0::bigint AS xid, 0::bigint AS last_id
                                         UNION ALL SELECT n, epoch, xid, last_id FROM audit_seals
                                         UNION ALL SELECT n, epoch, xid, last_id FROM audit_anchors) AS sealed
        ORDER BY n DESC LIMIT 1)
)
"""


async def is_sealed(session: ReadSession, month: date) -> bool:
    """Whether every row of the month lies under a seal."""
    sealed: bool = await session.fetch_value(IS_SEALED, month)
    return sealed
