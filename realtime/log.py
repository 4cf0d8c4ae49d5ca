"""Reading the event log without missing what commits late.

A sequence number is drawn before the commit, so `id > last` skips events. Transactions that still run are at or
above the snapshot's xmin; below it everything is decided. So the log is ordered by (xid, id) and read below xmin.
The price: a long writing transaction, of any database on the same server, holds everybody back until it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.database import ReadSession, Row
from realtime import queries
from realtime.cursor import Cursor


class PastIsGone(Exception):
    """What follows the cursor can't be told without a hole: take a new snapshot."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of the log; `data` is its JSON as the database keeps it."""

    xid: int
    id: int
    at: datetime
    type: str
    subject: str
    market_id: str | None
    desk_group_id: UUID | None
    advisor_id: UUID | None
    data: bytes


async def read_after(session: ReadSession, cursor: Cursor, limit: int) -> tuple[list[Logged], Cursor]:
    """At most `limit` events that the cursor does not know, in order, and the cursor behind the last one read.

    Fewer come where the cursor's snapshot held some already; the end is reached when the cursor stays the same.
    """
    rows = await queries.events_after(session, cursor.xid, cursor.id, limit)
    events = [logged(row) for row in rows if row["xid"] not in cursor.seen]
    return events, (cursor.at((rows[-1]["xid"], rows[-1]["id"])) if rows else cursor)


async def present(session: ReadSession) -> Cursor:
    """The cursor of all that is visible in `session`: with `Database.snapshot()`, of a consistent view."""
    row = await queries.last_event(session)
    return Cursor(row["epoch"], row["xid"], row["id"], frozenset(row["seen"]))


async def check(session: ReadSession, cursor: Cursor) -> None:
    """Raise `PastIsGone` unless everything after the cursor is still there.

    It is not after a restore (another epoch, or a cursor from a future that has not happened) nor when the oldest
    month with what follows has been dropped.
    """
    row = await queries.bounds(session)
    if cursor.epoch != row["epoch"] or cursor.xid >= row["xmin"] or _begins_after(cursor, row):
        raise PastIsGone


def _begins_after(cursor: Cursor, bounds: Row) -> bool:
    """Whether the log begins after the cursor although it once reached further back."""
    if bounds["id"] is None:
        return cursor.id > 0
    return bounds["id"] > 1 and (bounds["xid"], bounds["id"]) > cursor.position


def logged(row: Row) -> Logged:
    return Logged(
        xid=row["xid"],
        id=row["id"],
        at=row["at"],
        type=row["type"],
        subject=row["subject"],
        market_id=row["market_id"],
        desk_group_id=row["desk_group_id"],
        advisor_id=row["advisor_id"],
        data=row["data"].encode(),
    )
