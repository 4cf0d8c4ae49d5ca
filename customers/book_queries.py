"""Every statement on books, and the wide readings from which a process makes its own view of them.

What writes to books first locks them in the order of their advisors' ids (`lock_books`), so that two transactions
never wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.database import ReadSession, Row, Session

LOCK_BOOKS = """
SELECT advisor_id, load_s, cap_s, target_s, open_for_new
FROM books WHERE advisor_id = ANY($1::uuid[])
ORDER BY advisor_id
FOR NO KEY UPDATE
"""

LOCK_FREE_BOOKS = LOCK_BOOKS + "SKIP LOCKED"

BOOK = """
UPDATE books b
SET load_s = b.load_s + d.seconds, price = b.price + $4 * d.seconds / b.target_s,
    over_cap = b.load_s + d.seconds > b.cap_s
FROM unnest($1::uuid[], $2::integer[], $3::boolean[]) AS d (advisor_id, seconds, may_exceed)
WHERE b.advisor_id = d.advisor_id AND (
    d.seconds <= 0 OR d.may_exceed OR (b.open_for_new AND b.load_s + d.seconds <= b.cap_s)
)
RETURNING b.advisor_id, b.load_s, b.cap_s, b.target_s, b.over_cap, b.open_for_new,
          (SELECT desk_group_id FROM desk_group_members m WHERE m.advisor_id = b.advisor_id) AS desk_group_id
"""

OPEN_BOOK = """
INSERT INTO books AS b (advisor_id, load_s, cap_s, target_s, over_cap, open_for_new)
SELECT advisor_id, 0, cap_s, target_s, false, open_for_new
FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::boolean[])
    AS n (advisor_id, cap_s, target_s, open_for_new)
ON CONFLICT (advisor_id) DO UPDATE
SET cap_s = EXCLUDED.cap_s, target_s = EXCLUDED.target_s, open_for_new = EXCLUDED.open_for_new,
    over_cap = b.load_s > EXCLUDED.cap_s
RETURNING b.advisor_id, b.load_s, b.cap_s, b.target_s, b.over_cap, b.open_for_new,
          (SELECT desk_group_id FROM desk_group_members m WHERE m.advisor_id = b.advisor_id) AS desk_group_id
"""

BOOKS = """
SELECT advisor_id, load_s, cap_s, target_s, price, over_cap, open_for_new
FROM books WHERE advisor_id = ANY($1::uuid[])
"""

LOADS = "SELECT advisor_id, load_s, cap_s, target_s, open_for_new FROM books"

BOOK_ADVISORS = """
SELECT a.id, m.desk_group_id, a.languages, a.working_pattern::text, a.leaving_at, s.time_zone,
       ARRAY(SELECT market_id FROM advisor_markets WHERE advisor_id = a.id) AS markets,
       b.load_s, b.cap_s, b.target_s, b.price, b.open_for_new,
       EXISTS (
           SELECT FROM absences x
           WHERE x.advisor_id = a.id AND x.state = 'approved' AND x.starts_at <= $1 AND x.ends_at > $2
       ) AS away_long
FROM advisors a
JOIN sites s ON s.id = a.site_id
JOIN books b ON b.advisor_id = a.id
LEFT JOIN desk_group_members m ON m.advisor_id = a.id
WHERE a.leaving_at IS NULL OR a.leaving_at > $1
ORDER BY a.id
"""

SKILLS = """
SELECT advisor_id, skill, level, valid_until FROM advisor_skills WHERE valid_until IS NULL OR valid_until > $1
"""

POLICIES = "SELECT market_id, version, valid_from, rules FROM policies ORDER BY market_id, valid_from, version"

NUMBERED = "SELECT advisor_id FROM direct_dial_numbers WHERE market_id = $1 AND state = 'assigned'"


class Booking(NamedTuple):
    """Seconds to put into a book, or to take out if negative."""

    advisor_id: UUID
    seconds: int
    may_exceed: bool


async def lock_books(
    session: Session, advisor_ids: Iterable[UUID], *, skip_locked: bool = False
) -> dict[UUID, Row]:
    """Lock books in the order of their ids; those that somebody else holds are left out with `skip_locked`."""
    sql = LOCK_FREE_BOOKS if skip_locked else LOCK_BOOKS
    return {row["advisor_id"]: row for row in await session.fetch(sql, sorted(set(advisor_ids)))}


async def book(session: Session, bookings: Sequence[Booking], gain: float) -> Sequence[Row]:
    """Put seconds into locked books as far as their caps allow; returns the books that took them."""
    advisors, seconds, may_exceed = ([*column] for column in zip(*bookings, strict=True))
    return await session.fetch(BOOK, advisors, seconds, may_exceed, gain)


async def open_books(session: Session, rows: Sequence[tuple[UUID, int, int, bool]]) -> Sequence[Row]:
    """Create or change books: advisor, cap and target in seconds a month, whether open for new customers."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return await session.fetch(OPEN_BOOK, *columns)


async def books(session: ReadSession, advisor_ids: Sequence[UUID]) -> dict[UUID, Row]:
    return {row["advisor_id"]: row for row in await session.fetch(BOOKS, advisor_ids)}


async def loads(session: ReadSession) -> Sequence[Row]:
    """Of every book what changes with customers and by hand."""
    return await session.fetch(LOADS)


async def book_advisors(session: ReadSession, now: datetime, away_until: datetime) -> Sequence[Row]:
    """Everybody who has not left; `away_long` for those in an absence that lasts beyond `away_until`."""
    return await session.fetch(BOOK_ADVISORS, now, away_until)


async def skills(session: ReadSession, now: datetime) -> Sequence[Row]:
    """Skills whose certificates have not ended."""
    return await session.fetch(SKILLS, now)


async def policies(session: ReadSession) -> Sequence[Row]:
    return await session.fetch(POLICIES)


async def numbered(session: ReadSession, market_id: str) -> frozenset[UUID]:
    """The advisors who have a number in the market."""
    return frozenset(row["advisor_id"] for row in await session.fetch(NUMBERED, market_id))
