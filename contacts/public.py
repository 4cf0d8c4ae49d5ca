"""What staff may see of a contact and of an offer, as it stands in events and snapshots: plain JSON, ids only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from advisors.public import Row, State, encoded, instant, left
from kit.announcements import NewEvent
from kit.ids import encode


def contact_state(row: Row) -> State:
    """From the columns of `contacts`."""
    return {
        "id": encode("con", row["id"]),
        "state": row["state"],
        "since": instant(row["since"]),
        "channel": row["channel"],
        "direction": row["direction"],
        "market": row["market_id"],
        "customer": encoded("cus", row["customer_id"]),
        "own_advisor": encoded("adv", row["own_advisor_id"]),
        "advisor": encoded("adv", row["advisor_id"]),
        "group": encoded("grp", row["desk_group_id"]),
        "choice": row["choice"],
        "age_at": instant(row["age_at"]),
        "first_offered_at": instant(row["first_offered_at"]),
        "answered_at": instant(row["answered_at"]),
        "language": row["language"],
        "callback": encoded("cb", row["callback_id"]),
    }


def offer_state(row: Row) -> State:
    """From the columns of `offers` and the `desk_group_id` of the offer's advisor."""
    return {
        "id": encode("off", row["id"]),
        "state": row["state"],
        "market": row["market_id"],
        "contact": encoded("con", row["contact_id"]),
        "callback": encoded("cb", row["callback_id"]),
        "advisor": encode("adv", row["advisor_id"]),
        "group": encoded("grp", row["desk_group_id"]),
        "made_at": instant(row["made_at"]),
        "deadline_at": instant(row["deadline_at"]),
    }


def contact_changed(kind: str, row: Row, at: datetime, *, before: Row | None = None, **also: Any) -> NewEvent:
    """The announcement of a changed contact.

    Hand in the row `before` the change wherever an advisor or the group may have changed.
    """
    state = contact_state(row)
    return NewEvent(
        type=kind,
        at=at,
        subject=state["id"],
        data={"contact": state, **also, **left(contact_state(before) if before is not None else None, state)},
        market_id=row["market_id"],
        desk_group_id=row["desk_group_id"],
        advisor_id=row["advisor_id"],
    )


def offer_changed(kind: str, row: Row, at: datetime, **also: Any) -> NewEvent:
    """The announcement of a made or decided offer; its advisor never changes."""
    state = offer_state(row)
    return NewEvent(
        type=kind,
        at=at,
        subject=state["id"],
        data={"offer": state, **also},
        market_id=row["market_id"],
        desk_group_id=row["desk_group_id"],
        advisor_id=row["advisor_id"],
    )


def note_state(row: Row) -> State:
    """From the columns of `contact_notes`; `advisor` is whom it is for."""
    return {
        "id": encode("note", row["id"]),
        "state": row["state"],
        "market": row["market_id"],
        "contact": encoded("con", row["contact_id"]),
        "advisor": encode("adv", row["to_advisor_id"]),
        "written_by": encoded("adv", row["from_advisor_id"]),
        "written_at": instant(row["written_at"]),
        "read_at": instant(row["read_at"]),
    }


def note_changed(kind: str, row: Row, at: datetime, *, tell: UUID, before: Row | None = None) -> NewEvent:
    """The announcement of a note to its owner, and to `tell`: for one that was read, whoever wrote it."""
    state = note_state(row)
    return NewEvent(
        type=kind,
        at=at,
        subject=state["id"],
        data={"note": state, **left(note_state(before) if before is not None else None, state)},
        market_id=row["market_id"],
        advisor_id=tell,
    )
