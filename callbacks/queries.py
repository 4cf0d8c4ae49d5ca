"""Every statement on the ledger of promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from pydantic_core import to_json

from callbacks.models import Callback
from kit.database import ReadSession, Row, Session
from kit.intervals import Interval

COLUMNS = frozenset(Callback.model_fields)
Promised: TypeAlias = tuple[Interval, int | None]
OPEN = "('requested', 'scheduled', 'due', 'offered', 'dialling', 'missed')"

LOCK_OPEN_OF_CUSTOMER = f"""
SELECT * FROM callbacks WHERE customer_id = $1 AND market_id = $2 AND state IN {OPEN} FOR UPDATE
"""  # noqa: S608  # constants

WINDOWS = f"""
SELECT window_starts_at, window_ends_at, expected_minutes FROM callbacks
WHERE advisor_id = $1 AND state IN {OPEN} AND owner_state = 'own' AND id IS DISTINCT FROM $2
"""  # noqa: S608

GROUP_WINDOWS = f"""
SELECT window_starts_at, window_ends_at, expected_minutes FROM callbacks
WHERE desk_group_id = $1 AND state IN {OPEN} AND owner_state = 'handed_to_group' AND id IS DISTINCT FROM $2
"""  # noqa: S608

OWN_WITHIN = """
SELECT c.*, cu.external_ref
FROM callbacks c LEFT JOIN customers cu ON cu.id = c.customer_id AND cu.market_id = c.market_id
WHERE c.advisor_id = $1 AND c.owner_state = 'own' AND c.state IN ('scheduled', 'due')
  AND c.window_starts_at < $3 AND c.window_ends_at > $2
ORDER BY c.window_starts_at, c.id
"""

FALLEN_DUE = """
SELECT id FROM callbacks WHERE state = 'scheduled' AND next_action_at <= $1 ORDER BY next_action_at LIMIT $2
"""

TO_REMIND = """
SELECT c.id FROM callbacks c
CROSS JOIN LATERAL (
    SELECT (p.rules -> 'callback' ->> 'remind_minutes')::int AS minutes FROM policies p
    WHERE p.market_id = c.market_id AND p.valid_from <= $1
    ORDER BY p.valid_from DESC, p.version DESC LIMIT 1
) rule
WHERE c.state = 'scheduled' AND c.customer_id IS NOT NULL AND c.window_starts_at > $1
  AND c.window_starts_at <= $1::timestamptz + rule.minutes * interval '1 min'
  AND c.since < c.window_starts_at - rule.minutes * interval '1 min'
  AND NOT EXISTS (
    SELECT FROM messages m
    WHERE m.once = 'callback_reminder:' || c.id || ':' || extract(epoch FROM c.window_starts_at)::bigint
)
ORDER BY c.window_starts_at LIMIT $2
"""
"""Who was promised their window later than a reminder would have come needs none."""

OVERDUE = """
SELECT id FROM callbacks WHERE state = 'due' AND next_action_at <= $1 ORDER BY next_action_at LIMIT $2
"""

DUE = """
SELECT * FROM callbacks cb
WHERE state = 'due'
  AND NOT EXISTS (SELECT FROM callback_attempts a WHERE a.number = cb.number AND a.ended_at IS NULL)
ORDER BY coalesce(planned_at, window_ends_at), id
LIMIT $1
FOR UPDATE SKIP LOCKED
"""

OPEN_OF_CUSTOMER = f"""
SELECT c.* FROM callbacks c JOIN customers cu ON cu.id = c.customer_id AND cu.market_id = c.market_id
WHERE cu.external_ref = $1 AND ($2 OR c.state IN {OPEN}) AND ($3::uuid IS NULL OR c.id < $3)
ORDER BY c.id DESC LIMIT $4
"""  # noqa: S608

NEW_ATTEMPT = """
INSERT INTO callback_attempts (token, market_id, callback_id, advisor_id, ordinal, number, committed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING *
"""

END_ATTEMPT = """
UPDATE callback_attempts SET ended_at = $2, result = $3 WHERE token = $1 AND ended_at IS NULL RETURNING *
"""

# two replicas' clocks agree to milliseconds, and who hands out comes after who has committed
HAND_OUT = """
UPDATE callback_attempts SET handed_at = greatest($1, committed_at), last_signal_at = $1
WHERE token IN (
    SELECT token FROM callback_attempts
    WHERE ended_at IS NULL AND handed_at IS NULL
    ORDER BY committed_at LIMIT $2
    FOR UPDATE SKIP LOCKED
)
RETURNING *
"""


SIGNAL_ATTEMPT = """
UPDATE callback_attempts SET last_signal_at = $2, handed_at = coalesce(handed_at, greatest($2, committed_at))
WHERE token = $1
"""

PROMISED_TO = """
SELECT count(*) AS times, min(created_at) AS first FROM callbacks WHERE number = $1 AND created_at > $2
"""

PROMISED_FOR = """
SELECT count(*) AS times, min(created_at) AS first FROM callbacks
WHERE customer_id = $1 AND market_id = $2 AND created_at > $3
"""

NEW_NUMBERS_OF = """
SELECT count(DISTINCT number) AS times, min(created_at) AS first FROM callbacks
WHERE asked_by = $1 AND new_number AND number <> $2 AND created_at > $3
"""

DIALLED_TO = """
SELECT count(*) AS times, min(committed_at) AS first FROM callback_attempts
WHERE number = $1 AND committed_at > $2 AND result IS DISTINCT FROM 'not_taken'
"""

DIALLED_FOR = """
SELECT count(*) AS times, min(a.committed_at) AS first
FROM callbacks c JOIN callback_attempts a ON a.callback_id = c.id AND a.market_id = c.market_id
WHERE c.customer_id = $1 AND c.market_id = $2
  AND a.committed_at > $3 AND a.result IS DISTINCT FROM 'not_taken'
"""


@dataclass(frozen=True, slots=True)
class Lately:
    """How often something has happened lately, and when the first of these times was."""

    times: int
    first: datetime | None


async def promised_to(session: ReadSession, number: str, since: datetime) -> Lately:
    return await _lately(session, PROMISED_TO, number, since)


async def promised_for(session: ReadSession, customer_id: UUID, market_id: str, since: datetime) -> Lately:
    return await _lately(session, PROMISED_FOR, customer_id, market_id, since)


async def new_numbers_of(session: ReadSession, asked_by: str, but: str, since: datetime) -> Lately:
    """Numbers of nobody we know that somebody has had called, `but` one."""
    return await _lately(session, NEW_NUMBERS_OF, asked_by, but, since)


async def dialled_to(session: ReadSession, number: str, since: datetime) -> Lately:
    """An attempt that no advisor took has rung at nobody's."""
    return await _lately(session, DIALLED_TO, number, since)


async def dialled_for(session: ReadSession, customer_id: UUID, market_id: str, since: datetime) -> Lately:
    return await _lately(session, DIALLED_FOR, customer_id, market_id, since)


async def _lately(session: ReadSession, sql: str, *arguments: Any) -> Lately:
    row = await session.fetch_row(sql, *arguments)
    assert row is not None
    return Lately(row["times"], row["first"])


async def hold_destination(session: Session, number: str, customer_id: UUID | None, asked_by: str | None) -> None:
    """Nobody else adds to what is counted by these until the end of the transaction; after `hold_ledger`."""
    held = ((31, number), (32, customer_id), (33, asked_by))
    for kind, name in held:
        if name is not None:
            await session.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", kind, str(name))


async def lock(session: Session, callback_id: UUID) -> Row | None:
    return await session.fetch_row("SELECT * FROM callbacks WHERE id = $1 FOR UPDATE", callback_id)


async def by_id(session: ReadSession, callback_id: UUID) -> Row | None:
    return await session.fetch_row("SELECT * FROM callbacks WHERE id = $1", callback_id)


async def lock_open_of_customer(session: Session, customer_id: UUID, market_id: str) -> Row | None:
    """The customer's open promise; there is at most one."""
    return await session.fetch_row(LOCK_OPEN_OF_CUSTOMER, customer_id, market_id)


async def of_customer(
    session: ReadSession, external_ref: str, after: UUID | None, limit: int, *, also_final: bool
) -> Sequence[Row]:
    """The newest first, as ids tell when they were made; those before `after`."""
    return await session.fetch(OPEN_OF_CUSTOMER, external_ref, also_final, after, limit)


async def hold_ledger(session: Session, owner_id: UUID) -> None:
    """Nobody else promises this advisor's (or group's) time until the end of the transaction."""
    await session.execute("SELECT pg_advisory_xact_lock(21, hashtext($1))", str(owner_id))


async def windows(session: ReadSession, advisor_id: UUID, but: UUID | None = None) -> list[Promised]:
    """The windows promised of this advisor's own time, `but` one, each with the call's minutes where known."""
    return _promised(await session.fetch(WINDOWS, advisor_id, but))


async def group_windows(session: ReadSession, group_id: UUID, but: UUID | None = None) -> list[Promised]:
    return _promised(await session.fetch(GROUP_WINDOWS, group_id, but))


def _promised(rows: Sequence[Row]) -> list[Promised]:
    return [(Interval(row["window_starts_at"], row["window_ends_at"]), row["expected_minutes"]) for row in rows]


async def own_within(session: ReadSession, advisor_id: UUID, period: Interval) -> Sequence[Row]:
    """Promises of the advisor's own that nobody is keeping yet and whose window touches a period, with their
    customer's `external_ref`."""
    return await session.fetch(OWN_WITHIN, advisor_id, *period)


async def lock_own_within(session: Session, advisor_id: UUID, period: Interval) -> Sequence[Row]:
    """The same, locked."""
    return await session.fetch(OWN_WITHIN + "FOR UPDATE OF c", advisor_id, *period)


async def insert(session: Session, row: Mapping[str, Any]) -> Row:
    sql = "INSERT INTO callbacks SELECT * FROM jsonb_populate_record(NULL::callbacks, $1) RETURNING *"
    inserted = await session.fetch_row(sql, to_json(row).decode())
    assert inserted is not None
    return inserted


async def save(session: Session, row: Mapping[str, Any], **changes: Any) -> Row:
    """Change some columns of a locked callback; returns the row as it is then."""
    assert changes.keys() <= COLUMNS
    sets = ", ".join(f"{column} = ${n}" for n, column in enumerate(changes, start=3))
    sql = f"UPDATE callbacks SET {sets} WHERE id = $1 AND market_id = $2 RETURNING *"  # noqa: S608  # checked above
    saved = await session.fetch_row(sql, row["id"], row["market_id"], *changes.values())
    assert saved is not None  # locked before
    return saved


async def fallen_due(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    return [row["id"] for row in await session.fetch(FALLEN_DUE, now, limit)]


async def to_remind(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    """Promises whose customers are to be reminded, where the market wants it and nobody has yet."""
    return [row["id"] for row in await session.fetch(TO_REMIND, now, limit)]


async def overdue(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    """Due promises whose owner should be looked at again."""
    return [row["id"] for row in await session.fetch(OVERDUE, now, limit)]


async def due(session: Session, limit: int = 200) -> Sequence[Row]:
    """Promises to keep now, locked, in the order of their times, else of the ends of their windows; others' are
    passed over, and so is a number that is being dialled for another promise."""
    return await session.fetch(DUE, limit)


async def new_attempt(
    session: Session, row: Mapping[str, Any], token: UUID, advisor_id: UUID, now: datetime
) -> Row:
    values = (row["market_id"], row["id"], advisor_id, row["attempts"] + 1, row["number"], now)
    made = await session.fetch_row(NEW_ATTEMPT, token, *values)
    assert made is not None
    return made


async def lock_attempt(session: Session, token: UUID) -> Row | None:
    return await session.fetch_row("SELECT * FROM callback_attempts WHERE token = $1 FOR UPDATE", token)


async def attempt(session: ReadSession, token: UUID) -> Row | None:
    return await session.fetch_row("SELECT * FROM callback_attempts WHERE token = $1", token)


async def open_attempt(session: ReadSession, callback_id: UUID) -> Row | None:
    sql = "SELECT * FROM callback_attempts WHERE callback_id = $1 AND ended_at IS NULL"
    return await session.fetch_row(sql, callback_id)


async def number_busy(session: ReadSession, number: str) -> bool:
    """Whether this number is being dialled for another promise right now."""
    sql = "SELECT true FROM callback_attempts WHERE number = $1 AND ended_at IS NULL"
    return bool(await session.fetch_value(sql, number))


async def signal_attempt(session: Session, token: UUID, now: datetime) -> None:
    """A sign of life. What the switch talks of it has dialled already: it isn't handed out again."""
    await session.execute(SIGNAL_ATTEMPT, token, now)


async def signal_attempts(session: Session, tokens: Sequence[UUID], now: datetime) -> None:
    """The switch still knows these dials."""
    sql = "UPDATE callback_attempts SET last_signal_at = $2 WHERE token = ANY($1::uuid[]) AND ended_at IS NULL"
    await session.execute(sql, tokens, now)


async def end_attempt(session: Session, token: UUID, result: str, now: datetime) -> Row | None:
    return await session.fetch_row(END_ATTEMPT, token, now, result)


async def hand_out(session: Session, now: datetime, limit: int) -> Sequence[Row]:
    """Attempts for the switch to dial; each is handed out once."""
    return await session.fetch(HAND_OUT, now, limit)


async def tried_at(session: ReadSession, callback_id: UUID) -> list[datetime]:
    """When the customer's phone was dialled in vain so far."""
    sql = "SELECT committed_at FROM callback_attempts WHERE callback_id = $1 AND result = 'missed'"
    return [row["committed_at"] for row in await session.fetch(sql, callback_id)]
