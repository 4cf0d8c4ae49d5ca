"""Every statement on the questions that customers are asked about their promise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json

from kit.database import ReadSession, Row, Session
from kit.intervals import Interval

ASK = """
INSERT INTO callback_questions (id, market_id, callback_id, state, asked_at, answer_until, choices)
VALUES ($1, $2, $3, 'open', $4, $5, $6)
"""

END = """
UPDATE callback_questions SET state = $3, ended_at = $4, answer = $5, answered_by = $6
WHERE id = $1 AND market_id = $2 AND state = 'open'
"""

UNANSWERED = """
SELECT id FROM callback_questions WHERE state = 'open' AND answer_until <= $1 ORDER BY answer_until LIMIT $2
"""

WITH_PROMISE = """
SELECT q.id, q.state, q.answer, q.answer_until, q.choices, q.callback_id, q.market_id, c.window_starts_at,
       c.window_ends_at, c.advisor_id, c.desk_group_id, c.customer_id
FROM callback_questions q JOIN callbacks c ON c.id = q.callback_id AND c.market_id = q.market_id
WHERE q.id = $1
"""

OPEN_OF_CUSTOMER = """
SELECT q.id, c.window_starts_at, c.window_ends_at
FROM callbacks c JOIN callback_questions q ON q.id = c.question_id AND q.market_id = c.market_id
WHERE c.customer_id = $1 AND c.market_id = $2 AND c.final_at IS NULL AND q.state = 'open'
"""

FOR_LETTER = """
SELECT q.state, q.answer_until, q.choices, c.window_starts_at, c.window_ends_at, cu.name AS customer, cu.email,
       k.time_zone, a.name AS advisor
FROM callback_questions q
JOIN callbacks c ON c.id = q.callback_id AND c.market_id = q.market_id
JOIN customers cu ON cu.id = c.customer_id AND cu.market_id = c.market_id
JOIN markets k ON k.id = c.market_id
LEFT JOIN advisors a ON a.id = c.advisor_id
WHERE q.id = $1 AND c.customer_id = $2
"""


async def ask(
    session: Session,
    question_id: UUID,
    promise: Row,
    answer_until: datetime,
    choices: Sequence[Interval],
    now: datetime,
) -> None:
    windows = to_json([[slot.starts_at, slot.ends_at] for slot in choices]).decode()
    await session.execute(ASK, question_id, promise["market_id"], promise["id"], now, answer_until, windows)


async def end(
    session: Session,
    question_id: UUID,
    market_id: str,
    state: str,
    now: datetime,
    answer: str | None = None,
    by: str | None = None,
) -> None:
    await session.execute(END, question_id, market_id, state, now, answer, by)


async def unanswered(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    """Open questions whose time is up."""
    return [row["id"] for row in await session.fetch(UNANSWERED, now, limit)]


async def with_promise(session: ReadSession, question_id: UUID) -> Row | None:
    return await session.fetch_row(WITH_PROMISE, question_id)


async def open_of_customer(session: ReadSession, customer_id: UUID, market_id: str) -> Row | None:
    return await session.fetch_row(OPEN_OF_CUSTOMER, customer_id, market_id)


async def for_letter(session: ReadSession, question_id: UUID, customer_id: UUID) -> Row | None:
    """The question, the window it is about, and whom it goes to."""
    return await session.fetch_row(FOR_LETTER, question_id, customer_id)
