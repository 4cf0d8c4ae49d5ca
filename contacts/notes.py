"""Notes back: when a colleague has finished a contact, the customer's own advisor is told, and the colleague when
it was read.

A note is made for every such contact, whether or not something was written: disposition, outcome and text are the
contact's own, so that erasure and retention find them in one place. It goes to whoever is the customer's advisor,
and follows the customer to the next one as long as nobody has read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contacts import note_queries as queries
from contacts.public import note_changed
from contacts.situation import Scene
from kit.database import Row, Session
from kit.errors import NotFound

BATCH = 200


async def leave(scene: Scene, contact: Mapping[str, Any]) -> Row | None:
    """For a contact of a known customer that somebody else than the own advisor has handled; else nothing."""
    owner, colleague = contact["own_advisor_id"], contact["advisor_id"]
    if contact["customer_id"] is None or owner is None or colleague is None or owner == colleague:
        return None
    note = await queries.leave(scene.session, scene.exchange.new_id(scene.now), contact, scene.now)
    if note is not None:
        scene.session.announce(note_changed("note.written", note, scene.now, tell=owner))
    return note


async def read(session: Session, advisor_id: UUID, note_id: UUID, now: datetime) -> Row:
    """The owner has read it, and the colleague hears of that; a second time changes nothing. Raises `NotFound`."""
    row = await queries.lock(session, note_id)
    if row is None or row["to_advisor_id"] != advisor_id or row["state"] == "withdrawn":
        raise NotFound
    if row["state"] == "unread":
        await queries.end(session, note_id, "read", now)
        row = {**row, "state": "read", "read_at": now}
        session.announce(note_changed("note.read", row, now, tell=row["from_advisor_id"]))
    return row


async def withdraw(session: Session, customer_id: UUID, now: datetime) -> None:
    """Of a customer who is erased nobody reads a note any more."""
    for row in await queries.unread_of_customer(session, customer_id):
        await queries.end(session, row["id"], "withdrawn", now)
        gone = {**row, "state": "withdrawn", "read_at": now}
        session.announce(note_changed("note.withdrawn", gone, now, tell=row["to_advisor_id"]))


async def follow(session: Session, now: datetime) -> int:
    """A batch of unread notes whose customer has another advisor by now goes to that one; returns how many."""
    rows = await queries.strayed(session, BATCH)
    for row in rows:
        after = {**row, "to_advisor_id": row["owner_id"]}
        await queries.send_on(session, row["id"], row["owner_id"])
        session.announce(note_changed("note.moved", after, now, tell=row["owner_id"], before=row))
    return len(rows)
