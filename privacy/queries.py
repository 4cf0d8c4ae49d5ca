"""Every statement of export, erasure and retention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from callbacks.models import FINAL as FINAL_CALLBACKS
from contacts.models import FINAL as FINAL_CONTACTS
from kit.database import ReadSession, Row, Session
from privacy.paths import CALLBACKS, CONTACTS, CUSTOMER


async def rows(
    session: ReadSession, table: str, columns: Sequence[str], condition: str, person: UUID, encoded: str
) -> list[Row]:
    """What a table holds of a person. Names come from the tables themselves, the condition from `paths.py`."""
    listed = ", ".join(f'"{column}"' for column in columns)
    both = "($1::uuid IS NOT NULL AND $2::text IS NOT NULL)"
    sql = f'SELECT {listed} FROM "{table}" WHERE ({condition}) AND {both}'  # noqa: S608 - names of ours
    return await session.fetch(sql, person, encoded)


async def customer(session: ReadSession, external_ref: str) -> Row | None:
    return await session.fetch_row("SELECT id, market_id FROM customers WHERE external_ref = $1", external_ref)


async def lock_customer(session: Session, customer_id: UUID) -> Row | None:
    """Nobody calls, promises or activates for them meanwhile."""
    sql = "SELECT id, market_id, external_ref FROM customers WHERE id = $1 FOR UPDATE"
    return await session.fetch_row(sql, customer_id)


UNDER_WAY = f"""
SELECT state FROM contacts WHERE customer_id = $1 AND state NOT IN ({FINAL_CONTACTS}) AND channel = 'phone'
UNION ALL
SELECT state FROM callbacks WHERE customer_id = $1 AND state IN ('offered', 'dialling')
LIMIT 1
"""  # noqa: S608 - constants of ours


async def under_way(session: ReadSession, customer_id: UUID) -> str | None:
    """The state of a call that isn't over, or of a callback that is being dialled."""
    state: str | None = await session.fetch_value(UNDER_WAY, customer_id)
    return state


OPEN_PROMISES = f"SELECT id FROM callbacks WHERE customer_id = $1 AND state NOT IN ({FINAL_CALLBACKS})"  # noqa: S608


async def open_promises(session: ReadSession, customer_id: UUID) -> list[UUID]:
    return [row["id"] for row in await session.fetch(OPEN_PROMISES, customer_id)]


async def has_advisor(session: ReadSession, customer_id: UUID) -> bool:
    sql = "SELECT EXISTS (SELECT FROM relationships WHERE customer_id = $1 AND ends_at IS NULL)"
    found: bool = await session.fetch_value(sql, customer_id)
    return found


_BOTH = "($1::uuid IS NOT NULL AND $2::text IS NOT NULL)"

ERASE = (
    f"DELETE FROM stored_answers WHERE ({CUSTOMER['stored_answers']}) AND {_BOTH}",  # noqa: S608
    f"DELETE FROM switch_events WHERE ({CUSTOMER['switch_events']}) AND {_BOTH}",  # noqa: S608
    f"UPDATE callback_attempts SET number = NULL WHERE ({CUSTOMER['callback_attempts']}) AND {_BOTH}",  # noqa: S608
    f"""
    UPDATE callbacks SET customer_id = NULL, number = NULL, topic = NULL,
        final_reason = CASE state WHEN 'cancelled' THEN 'erased' ELSE final_reason END
    WHERE id IN ({CALLBACKS}) AND {_BOTH}
    """,  # noqa: S608
    f"""
    UPDATE contacts SET customer_id = NULL, caller_number = NULL, note = NULL, disposition = NULL, needs = '{{}}',
        thread_id = NULL,
        switch_call_id = CASE direction WHEN 'in' THEN NULL ELSE switch_call_id END
    WHERE id IN ({CONTACTS}) AND {_BOTH}
    """,  # noqa: S608
    f"DELETE FROM messages WHERE ({CUSTOMER['messages']}) AND {_BOTH}",  # noqa: S608
    f"DELETE FROM threads WHERE ({CUSTOMER['threads']}) AND {_BOTH}",  # noqa: S608
    f"DELETE FROM customer_remarks WHERE customer_id = $1 AND {_BOTH}",  # noqa: S608
    f"DELETE FROM customer_phones WHERE customer_id = $1 AND {_BOTH}",  # noqa: S608
    f"DELETE FROM book_moves WHERE customer_id = $1 AND {_BOTH}",  # noqa: S608
    f"DELETE FROM relationships WHERE customer_id = $1 AND {_BOTH}",  # noqa: S608
    f"DELETE FROM customers WHERE id = $1 AND {_BOTH}",  # noqa: S608
)
"""In this order, as the later ones take away what the earlier ones are found by."""


async def erase(session: Session, customer_id: UUID, encoded: str) -> None:
    for statement in ERASE:
        await session.execute(statement, customer_id, encoded)


async def erasure(session: Session, erasure_id: UUID) -> Row | None:
    return await session.fetch_row("SELECT * FROM erasures WHERE id = $1 FOR UPDATE", erasure_id)


REQUEST = """
INSERT INTO erasures (id, customer_id, market_id, reason, state, requested_by, requested_at)
VALUES ($1, $2, $3, $4, 'requested', $5, $6)
ON CONFLICT (customer_id) WHERE state = 'requested' DO NOTHING
RETURNING *
"""


async def request(session: Session, erasure_id: UUID, customer: Row, reason: str, by: str, now: datetime) -> Row:
    """The request, or the one that is open already."""
    row = await session.fetch_row(
        REQUEST, erasure_id, customer["id"], customer["market_id"], reason, by, now
    ) or await session.fetch_row(
        "SELECT * FROM erasures WHERE customer_id = $1 AND state = 'requested'", customer["id"]
    )
    assert row is not None
    return row


async def decide(session: Session, erasure_id: UUID, state: str, by: str, now: datetime) -> Row:
    row = await session.fetch_row(
        "UPDATE erasures SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 RETURNING *",
        erasure_id, state, by, now,
    )  # fmt: skip
    assert row is not None
    return row


async def erasures(session: ReadSession, state: str | None, after: UUID | None, most: int) -> list[Row]:
    """In the order in which they were asked for."""
    return await session.fetch(
        "SELECT * FROM erasures WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR id > $2) "
        "ORDER BY id LIMIT $3",
        state, after, most,
    )  # fmt: skip


DONE = "SELECT id, customer_id, market_id, reason, requested_by, requested_at, decided_by, decided_at FROM erasures WHERE state = 'done'"  # noqa: E501

REMEMBER = """
INSERT INTO erasures (id, customer_id, market_id, reason, state, requested_by, requested_at, decided_by, decided_at)
SELECT id, customer_id, market_id, reason, 'done', requested_by, requested_at, decided_by, decided_at
FROM jsonb_populate_recordset(NULL::erasures, $1)
ON CONFLICT (id) DO UPDATE SET state = 'done', decided_by = excluded.decided_by, decided_at = excluded.decided_at
"""


async def done(session: ReadSession) -> list[Row]:
    return await session.fetch(DONE)


async def remember(session: Session, written: str) -> None:
    """Take over erasures, as JSON, of which this database does not know yet."""
    await session.execute(REMEMBER, written)


ERASED_AND_BACK = """
SELECT e.customer_id FROM erasures AS e JOIN customers AS c ON c.id = e.customer_id WHERE e.state = 'done'
"""


async def erased_and_back(session: ReadSession) -> list[UUID]:
    """Customers who have been erased and are there all the same: a backup has brought them back."""
    return [row["customer_id"] for row in await session.fetch(ERASED_AND_BACK)]


async def account_of_email(session: ReadSession, email: str) -> Row | None:
    return await session.fetch_row("SELECT id, role, active FROM accounts WHERE lower(email) = lower($1)", email)


async def advisor_id_of(session: ReadSession, external_ref: str) -> UUID | None:
    found: UUID | None = await session.fetch_value("SELECT id FROM advisors WHERE external_ref = $1", external_ref)
    return found


TAKE_RULE = "SELECT rule, done_until, ran_at FROM retention_progress WHERE rule = $1 FOR UPDATE SKIP LOCKED"


async def ensure_rule(session: Session, rule: str) -> None:
    await session.execute("INSERT INTO retention_progress (rule) VALUES ($1) ON CONFLICT DO NOTHING", rule)


async def take_rule(session: Session, rule: str) -> Row | None:
    """The rule's row, ours until the end of the transaction; None while another replica works on it."""
    return await session.fetch_row(TAKE_RULE, rule)


async def note_progress(session: Session, rule: str, until: datetime | None, ran_at: datetime | None) -> None:
    await session.execute(
        "UPDATE retention_progress SET done_until = coalesce($2, done_until), ran_at = coalesce($3, ran_at) "
        "WHERE rule = $1",
        rule, until, ran_at,
    )  # fmt: skip


async def treat(session: Session, sql: str, values: Mapping[int, Any]) -> int:
    """A statement of `rules.py`; returns how many rows it touched."""
    tag = await session.execute(sql, *(values[n] for n in sorted(values)))
    return int(tag.rpartition(" ")[2])
