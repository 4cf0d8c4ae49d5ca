"""What staff may see of a promise, as it stands in events and snapshots: plain JSON, ids only, no number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from advisors.public import Row, State, encoded, instant, left
from kit.announcements import NewEvent
from kit.ids import encode


def callback_state(row: Row) -> State:
    """From the columns of `callbacks`. When it is looked at next is a matter of ours and told to nobody."""
    return {
        "id": encode("cb", row["id"]),
        "state": row["state"],
        "since": instant(row["since"]),
        "market": row["market_id"],
        "customer": encoded("cus", row["customer_id"]),
        "advisor": encoded("adv", row["advisor_id"]),
        "group": encoded("grp", row["desk_group_id"]),
        "owner_state": row["owner_state"],
        "window": [instant(row["window_starts_at"]), instant(row["window_ends_at"])],
        "attempts": row["attempts"],
        "contact": encoded("con", row["contact_id"]),
    }


def callback_changed(kind: str, row: Row, at: datetime, *, before: Row | None = None, **also: Any) -> NewEvent:
    """The announcement of a changed callback.

    Hand in the row `before` the change wherever the advisor or the group may have changed.
    """
    state = callback_state(row)
    return NewEvent(
        type=kind,
        at=at,
        subject=state["id"],
        data={"callback": state, **also, **left(callback_state(before) if before is not None else None, state)},
        market_id=row["market_id"],
        desk_group_id=row["desk_group_id"],
        advisor_id=row["advisor_id"],
    )
