"""The state of everything on some topics, and the cursor from which its changes follow: read at one instant."""

from __future__ import annotations

from advisors.public import presence_state
from callbacks.public import callback_state
from contacts.public import contact_state, note_state, offer_state
from kit.database import Database, ReadSession
from kit.ids import decode
from realtime import log, queries
from realtime.cursor import Cursor
from realtime.fold import Data
from realtime.queries import Selection
from realtime.topics import ALL, Topics


async def take(database: Database, topics: Topics) -> tuple[Cursor, Data]:
    """Snapshot and cursor: what is in the one is not told again after the other, and the rest is."""
    async with database.snapshot() as session:
        return await log.present(session), await read(session, topics)


async def read(session: ReadSession, topics: Topics) -> Data:
    """What `session` sees on the topics: shelves of things by id, all that is not in a final state."""
    wanted = selection(topics)
    presences = [presence_state(row) for row in await queries.presences(session, wanted)]
    contacts = [contact_state(row) for row in await queries.open_contacts(session, wanted)]
    offers = [offer_state(row) for row in await queries.open_offers(session, wanted)]
    callbacks = [callback_state(row) for row in await queries.open_callbacks(session, wanted)]
    notes = [note_state(row) for row in await queries.unread_notes(session, wanted)]
    return {
        "presences": {state["advisor"]: state for state in presences},
        "contacts": {state["id"]: state for state in contacts},
        "offers": {state["id"]: state for state in offers},
        "callbacks": {state["id"]: state for state in callbacks},
        "notes": {state["id"]: state for state in notes},
    }


def selection(topics: Topics) -> Selection:
    """The topics as arguments of the statements."""
    by_kind = {kind: _names(topics, kind) for kind in ("market", "desk", "me")}
    return Selection(
        everything=ALL in topics,
        groups=[decode("grp", name) for name in by_kind["desk"]],
        advisors=[decode("adv", name) for name in by_kind["me"]],
        markets=by_kind["market"],
    )


def _names(topics: Topics, kind: str) -> list[str]:
    return sorted(topic.split(":", 1)[1] for topic in topics if topic.startswith(f"{kind}:"))
