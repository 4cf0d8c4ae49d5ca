"""Every statement on runs of the book and their moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from books.states import BUSY
from kit.database import ReadSession, Row, Session

_SORT = """
hashtextextended(concat_ws('|', c.market_id, c.languages::text, c.products::text, c.tier, coalesce(c.time_zone, ''),
    coalesce(encode(c.calling_hours, 'hex'), '')), 0)
"""

HOLDERS = f"""
SELECT c.id, {_SORT}, r.expected_seconds, coalesce(a.place::integer - 1, -1),
       coalesce(r.id, '00000000-0000-0000-0000-000000000000'::uuid),
       coalesce(extract(epoch FROM r.starts_at)::bigint, 0)
FROM customers c
JOIN relationships r ON r.customer_id = c.id AND r.market_id = c.market_id AND r.ends_at IS NULL
JOIN unnest($5::uuid[]) WITH ORDINALITY AS a (id, place) ON a.id = r.advisor_id
WHERE c.id > $1 AND ($3::text IS NULL OR c.market_id = $3) AND ($4::uuid IS NULL OR r.advisor_id = $4)
ORDER BY c.id LIMIT $2
"""  # noqa: S608

UNHELD = f"""
SELECT c.id, {_SORT}, coalesce(c.learned_seconds, c.expected_seconds), -1,
       '00000000-0000-0000-0000-000000000000'::uuid, 0::bigint
FROM customers c
WHERE c.id > $1 AND ($3::text IS NULL OR c.market_id = $3) AND $4::uuid IS NULL AND $5::uuid[] IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM relationships r WHERE r.customer_id = c.id AND r.market_id = c.market_id AND r.ends_at IS NULL
)
ORDER BY c.id LIMIT $2
"""  # noqa: S608

EXAMPLES = """
SELECT id, market_id, languages, tier, products, time_zone, calling_hours,
       coalesce(learned_seconds, expected_seconds) AS expected_seconds
FROM customers WHERE id = ANY($1::uuid[])
"""

INSERT = "INSERT INTO book_runs SELECT * FROM jsonb_populate_record(NULL::book_runs, $1)"

ONE = "SELECT * FROM book_runs WHERE id = $1"
LOCKED = ONE + " FOR NO KEY UPDATE"
TAKEN = ONE + " FOR NO KEY UPDATE SKIP LOCKED"

BUSY_RUN = "SELECT * FROM book_runs WHERE state = ANY($1::text[]) ORDER BY id LIMIT 1"

PAGE = """
SELECT * FROM book_runs WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2
"""

LEASE = """
UPDATE book_runs SET computing_until = $3
WHERE id = $1 AND state = 'computing' AND (computing_until IS NULL OR computing_until <= $2)
RETURNING *
"""

SET = """
UPDATE book_runs SET state = $2, since = $3 WHERE id = $1 RETURNING *
"""

COMPUTED = """
UPDATE book_runs
SET state = 'ready', since = $2, computed_at = $2, computing_until = NULL, directory_version = $3, figures = $4,
    planned = $5
WHERE id = $1 AND state = 'computing' AND computing_until = $6
RETURNING *
"""

FAILED = """
UPDATE book_runs SET state = 'failed', since = $2, failure = $3, computing_until = NULL
WHERE id = $1 AND state = 'computing' AND computing_until = $4 RETURNING *
"""

APPLIED = """
UPDATE book_runs SET state = 'applied', since = $2, applied_at = $2, undo_until = $3 WHERE id = $1 RETURNING *
"""

COUNTED = """
UPDATE book_runs SET done = done + $2, skipped = skipped + $3, undone = undone + $4 WHERE id = $1 RETURNING *
"""

OVERTAKEN = """
SELECT EXISTS (
    SELECT FROM book_runs o
    WHERE o.id <> $1 AND o.state IN ('applying', 'applied', 'undoing', 'undone') AND o.since > $2
)
"""

CHANGED = """
SELECT count(*) FROM book_moves m
LEFT JOIN relationships r ON r.customer_id = m.customer_id AND r.market_id = m.market_id AND r.ends_at IS NULL
WHERE m.run_id = $1 AND r.id IS DISTINCT FROM m.from_relationship
"""

FORGET_MOVES = "DELETE FROM book_moves WHERE run_id = $1"
FORGET_ADVISORS = "DELETE FROM book_run_advisors WHERE run_id = $1"
FORGET_SKILLS = "DELETE FROM book_run_skills WHERE run_id = $1"

KEEP_SKILLS = "INSERT INTO book_run_skills (run_id, made_at, report) VALUES ($1, $2, $3)"
SKILLS = "SELECT run_id, made_at, report FROM book_run_skills WHERE run_id = $1"
NEWEST_SKILLS = "SELECT run_id, made_at, report FROM book_run_skills ORDER BY run_id DESC LIMIT 1"

PLANNED = """
SELECT m.*, c.external_ref FROM book_moves m
JOIN customers c ON c.id = m.customer_id AND c.market_id = m.market_id
WHERE m.run_id = $1 AND m.state = 'planned' ORDER BY m.to_advisor, m.customer_id LIMIT $2
"""

DONE = """
SELECT m.*, c.external_ref, before.decision_id AS decision_before FROM book_moves m
JOIN customers c ON c.id = m.customer_id AND c.market_id = m.market_id
LEFT JOIN relationships before ON before.id = m.from_relationship AND before.market_id = m.market_id
WHERE m.run_id = $1 AND m.state = 'done' ORDER BY m.from_advisor, m.customer_id LIMIT $2
"""

MARK = """
UPDATE book_moves m
SET state = n.state, reason = n.reason, relationship_id = coalesce(n.relationship_id, m.relationship_id)
FROM jsonb_to_recordset($2) AS n (customer_id uuid, state text, reason text, relationship_id uuid)
WHERE m.run_id = $1 AND m.customer_id = n.customer_id
"""

PRICES = """
UPDATE books b SET price = a.price FROM book_run_advisors a
WHERE a.run_id = $1 AND b.advisor_id = a.advisor_id
"""

CHANGES = """
SELECT advisor_id, count(*) FILTER (WHERE came) AS came, count(*) FILTER (WHERE NOT came) AS went
FROM (
    SELECT to_advisor AS advisor_id, true AS came FROM book_moves WHERE run_id = $1 AND state = $2
    UNION ALL
    SELECT from_advisor, false FROM book_moves WHERE run_id = $1 AND state = $2 AND from_advisor IS NOT NULL
) moves
GROUP BY advisor_id ORDER BY advisor_id
"""

NEW_VERSION = "UPDATE directory_version SET version = version + 1"

MOVES_PAGE = """
SELECT m.*, c.external_ref, f.name AS from_name, t.name AS to_name FROM book_moves m
JOIN customers c ON c.id = m.customer_id AND c.market_id = m.market_id
LEFT JOIN advisors f ON f.id = m.from_advisor
JOIN advisors t ON t.id = m.to_advisor
WHERE m.run_id = $1 AND ($2::uuid IS NULL OR m.customer_id > $2) AND ($3::text IS NULL OR m.state = $3)
ORDER BY m.customer_id LIMIT $4
"""

ADVISORS_PAGE = """
SELECT b.*, a.name FROM book_run_advisors b
JOIN advisors a ON a.id = b.advisor_id
WHERE b.run_id = $1 AND ($2::uuid IS NULL OR b.advisor_id > $2)
ORDER BY b.advisor_id LIMIT $3
"""

MOVE_COLUMNS = (
    "run_id", "customer_id", "market_id", "from_advisor", "to_advisor", "from_relationship", "expected_seconds",
    "why", "may_exceed", "state", "decision_id",
)  # fmt: skip
ADVISOR_COLUMNS = (
    "run_id", "advisor_id", "customers_before", "customers_after", "load_before_s", "load_after_s", "cap_s",
    "target_s", "price",
)  # fmt: skip


def customers_page(held: bool) -> str:
    """With an advisor, or without; for `copying.rows`: after, limit, market, advisor, advisors in order."""
    return HOLDERS if held else UNHELD


async def examples(session: ReadSession, identifiers: Sequence[UUID]) -> dict[UUID, Row]:
    return {row["id"]: row for row in await session.fetch(EXAMPLES, identifiers)}


async def insert(session: Session, run: Mapping[str, Any]) -> None:
    await session.execute(INSERT, to_json(run).decode())


async def one(session: ReadSession, run_id: UUID) -> Row | None:
    return await session.fetch_row(ONE, run_id)


async def locked(session: Session, run_id: UUID) -> Row | None:
    """The run, waited for."""
    return await session.fetch_row(LOCKED, run_id)


async def taken(session: Session, run_id: UUID) -> Row | None:
    """The run, unless somebody else works on it at this moment."""
    return await session.fetch_row(TAKEN, run_id)


async def busy(session: ReadSession) -> Row | None:
    return await session.fetch_row(BUSY_RUN, list(BUSY))


async def page(session: ReadSession, before: UUID | None, limit: int) -> Sequence[Row]:
    """The newest first."""
    return await session.fetch(PAGE, before, limit)


async def lease(session: Session, run_id: UUID, now: datetime, until: datetime) -> Row | None:
    """Take the computing upon oneself until then; None while somebody else has it."""
    return await session.fetch_row(LEASE, run_id, now, until)


async def set_state(session: Session, run_id: UUID, state: str, now: datetime) -> Row:
    return _there(await session.fetch_row(SET, run_id, state, now))


async def computed(
    session: Session,
    run_id: UUID,
    now: datetime,
    version: int,
    figures: Mapping[str, Any],
    planned: int,
    lease: datetime,
) -> Row | None:
    """Ready; None for who has lost the lease meanwhile."""
    return await session.fetch_row(COMPUTED, run_id, now, version, to_json(figures).decode(), planned, lease)


async def failed(session: Session, run_id: UUID, now: datetime, failure: str, lease: datetime) -> Row | None:
    """Failed; None for who has lost the lease meanwhile."""
    return await session.fetch_row(FAILED, run_id, now, failure, lease)


async def applied(session: Session, run_id: UUID, now: datetime, undo_until: datetime | None) -> Row:
    return _there(await session.fetch_row(APPLIED, run_id, now, undo_until))


async def count(session: Session, run_id: UUID, done: int, skipped: int, undone: int) -> Row:
    return _there(await session.fetch_row(COUNTED, run_id, done, skipped, undone))


async def overtaken(session: ReadSession, run_id: UUID, computed_at: datetime) -> bool:
    """Whether another run has changed books since."""
    return bool(await session.fetch_value(OVERTAKEN, run_id, computed_at))


async def changed(session: ReadSession, run_id: UUID) -> int:
    """How many of the customers to be moved no longer stand where they stood."""
    found: int = await session.fetch_value(CHANGED, run_id)
    return found


async def forget(session: Session, run_id: UUID) -> None:
    """What an earlier attempt to compute has left."""
    await session.execute(FORGET_MOVES, run_id)
    await session.execute(FORGET_ADVISORS, run_id)
    await session.execute(FORGET_SKILLS, run_id)


async def keep_moves(session: Session, rows: Iterable[Sequence[Any]]) -> None:
    await session.copy("book_moves", MOVE_COLUMNS, rows)


async def keep_advisors(session: Session, rows: Iterable[Sequence[Any]]) -> None:
    await session.copy("book_run_advisors", ADVISOR_COLUMNS, rows)


async def keep_skills(session: Session, run_id: UUID, now: datetime, report: Mapping[str, Any]) -> None:
    await session.execute(KEEP_SKILLS, run_id, now, to_json(report).decode())


async def skills(session: ReadSession, run_id: UUID) -> Row | None:
    """The report on skills of this run."""
    return await session.fetch_row(SKILLS, run_id)


async def newest_skills(session: ReadSession) -> Row | None:
    """The report of the newest run that has one."""
    return await session.fetch_row(NEWEST_SKILLS)


async def planned(session: ReadSession, run_id: UUID, limit: int) -> Sequence[Row]:
    """The next moves with `external_ref`, by the advisor to whom they lead: a batch locks few books."""
    return await session.fetch(PLANNED, run_id, limit)


async def done(session: ReadSession, run_id: UUID, limit: int) -> Sequence[Row]:
    """Moves that were made, by the advisor to whom they lead back, with why the customer was there before."""
    return await session.fetch(DONE, run_id, limit)


async def mark(session: Session, run_id: UUID, outcomes: Sequence[Mapping[str, Any]]) -> None:
    """`customer_id`, `state`, `reason` and `relationship_id` of each."""
    await session.execute(MARK, run_id, to_json(outcomes).decode())


async def set_prices(session: Session, run_id: UUID) -> None:
    """The prices of the solve are those of activation from now on: every process reads the books anew."""
    await session.execute(PRICES, run_id)
    await session.execute(NEW_VERSION)


async def changes(session: ReadSession, run_id: UUID, state: str) -> Sequence[Row]:
    """`advisor_id`, and how many `came` to them and `went` by the moves in this state."""
    return await session.fetch(CHANGES, run_id, state)


async def moves_page(
    session: ReadSession, run_id: UUID, after: UUID | None, state: str | None, limit: int
) -> Sequence[Row]:
    return await session.fetch(MOVES_PAGE, run_id, after, state, limit)


async def advisors_page(session: ReadSession, run_id: UUID, after: UUID | None, limit: int) -> Sequence[Row]:
    return await session.fetch(ADVISORS_PAGE, run_id, after, limit)


def _there(row: Row | None) -> Row:
    assert row is not None, "the run is locked"
    return row
