"""Who has room for a chat or a mail gets the one that waits longest; and what falls due in writing.

Beside the dispatch of calls, as nobody holds a line here: each waiting contact for which somebody may be free is
decided anew, the oldest first, and left alone where that changes nothing. Each has a transaction of its own, so
that no call waits for the presences of several advisors at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from contacts import arrivals, inbox, queries, slot_queries
from contacts.conversations import own_presence, place_again
from contacts.exchange import Exchange
from contacts.placing import place, plan_for
from contacts.situation import Case, Scene
from contacts.writing import Contact, becomes_message, finish, note
from kit.database import ReadSession, Session
from routing.plan import Offer

AT_ONCE = 20
"""Looked at in one pass."""
LOOK_AGAIN = timedelta(minutes=10)


async def waiting(session: ReadSession, now: datetime) -> list[UUID]:
    """Whom to look at."""
    return await slot_queries.waiting(session, now, AT_ONCE)


async def hand_out(session: Session, exchange: Exchange, contact_id: UUID, now: datetime) -> bool:
    """Whether this one was offered to somebody."""
    row = await queries.lock(session, contact_id)
    if row is None or row["state"] != "waiting":
        return False
    scene = await arrivals.scene_for(session, exchange, now)
    case = Case.stored(row, await own_presence(scene, row))
    if not isinstance(await plan_for(scene, case), Offer):
        return False
    return (await place(scene, [case]))[0].offer is not None


async def time_is_up(session: Session, exchange: Exchange, contact_id: UUID, now: datetime) -> None:
    """A choice that was not made, a wait in which something changes now, a chat in which nobody writes, a mail that
    was opened and not answered."""
    row = await queries.lock(session, contact_id)
    if row is None or row["channel"] == "phone" or row["deadline_at"] is None or row["deadline_at"] > now:
        return
    scene = await arrivals.scene_for(session, exchange, now)
    if row["state"] == "choosing":
        await becomes_message(scene, row)
    elif row["state"] == "waiting":
        await place_again(scene, row)
    elif row["state"] == "connected" and row["channel"] == "chat":
        await note(scene, row, "ended_idle")
        await finish(scene, row, "idle")
    elif row["state"] == "connected":
        await _left_lying(scene, row)


async def _left_lying(scene: Scene, row: Contact) -> None:
    """A mail that was opened: with an answer it is done, without one a colleague gets it as soon as one is free."""
    if row["answered_at"] is not None:
        await finish(scene, row, "served")
        return
    try:
        async with scene.session.savepoint():
            await inbox.pass_on(scene, row)
    except inbox.NobodyFree:
        await queries.save(scene.session, row, deadline_at=scene.now + LOOK_AGAIN)
