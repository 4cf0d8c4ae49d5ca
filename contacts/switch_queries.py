"""Every statement on the switch's events: each is noted once, parked until its time has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from kit.database import ReadSession, Row, Session

HEARD = """
INSERT INTO switch_events (call_id, identity, type, heard_at, effect, signal)
VALUES ($1, $2, $3, $4, 'parked', $5::jsonb)
ON CONFLICT (call_id, identity) DO NOTHING
RETURNING true
"""

PARKED = """
SELECT identity, signal FROM switch_events
WHERE call_id = $1 AND effect = 'parked' AND heard_at > $2
ORDER BY (signal ->> 'ordinal')::int NULLS LAST, heard_at, identity
"""


async def hear(session: Session, call_id: str, identity: str, kind: str, now: datetime, signal: str) -> bool:
    """Note an event of the switch, parked until it has had its effect; False when its like was heard before."""
    return bool(await session.fetch_value(HEARD, call_id, identity, kind, now, signal))


async def note_effect(session: Session, call_id: str, identity: str, effect: str) -> None:
    sql = "UPDATE switch_events SET effect = $3 WHERE call_id = $1 AND identity = $2"
    await session.execute(sql, call_id, identity, effect)


async def parked(session: ReadSession, call_id: str, heard_after: datetime) -> Sequence[Row]:
    """Events that came before their time, in the order in which they may have happened."""
    return await session.fetch(PARKED, call_id, heard_after)


async def digits_done(session: ReadSession, call_id: str) -> int:
    sql = "SELECT count(*) FROM switch_events WHERE call_id = $1 AND type = 'digits' AND effect = 'done'"
    return cast(int, await session.fetch_value(sql, call_id))
