"""Every statement on decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from kit.database import ReadSession, Row, Session
from kit.ids import made_at

INSERT = "INSERT INTO decisions SELECT * FROM jsonb_populate_recordset(NULL::decisions, $1)"

ONE = """
SELECT id, at, market_id, kind, subject, chosen, policy, data FROM decisions
WHERE id = $1 AND at >= $2 AND at < $3
"""

AROUND = timedelta(seconds=5)
"""An id is made at the instant of its decision, give or take; so the month that holds it is known."""


async def insert(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert whole rows in one statement."""
    await session.execute(INSERT, to_json(rows).decode())


async def one(session: ReadSession, decision_id: UUID) -> Row | None:
    at: datetime = made_at(decision_id)
    return await session.fetch_row(ONE, decision_id, at - AROUND, at + AROUND)
