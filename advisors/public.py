"""What staff may see of an advisor's presence, as it stands in events and snapshots: plain JSON, ids only.

One event tells of one thing, since whoever may see that thing receives the event. A public state is made in one
place per noun from a row (column names as keys), so that a snapshot read from the
tables and the fold of an older snapshot with the events since are the same to the letter.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from kit.announcements import NewEvent
from kit.ids import encode


class Row(Protocol):
    """A record of the database, or a dict with its columns."""

    def __getitem__(self, column: str, /) -> Any: ...


State = dict[str, Any]


def presence_state(row: Row) -> State:
    """From the columns of `presences` and the advisor's `desk_group_id`."""
    return {
        "advisor": encode("adv", row["advisor_id"]),
        "state": row["state"],
        "since": instant(row["since"]),
        "reason": row["reason"],
        "next_state": row["next_state"],
        "group": encoded("grp", row["desk_group_id"]),
    }


def presence_changed(kind: str, row: Row, at: datetime, *, before: Row | None = None, **also: Any) -> NewEvent:
    """The announcement of a changed presence, `kind` for example `presence.chosen`; `also` holds codes to go along.

    `before` is needed only where the desk group has changed.
    """
    state = presence_state(row)
    return NewEvent(
        type=kind,
        at=at,
        subject=state["advisor"],
        data={"presence": state, **also, **left(presence_state(before) if before is not None else None, state)},
        desk_group_id=row["desk_group_id"],
        advisor_id=row["advisor_id"],
    )


def left(before: State | None, after: State) -> dict[str, dict[str, list[str]]]:
    """Who had this thing in view by `before` and no longer has by `after`: they must hear of it once more.

    Empty where nobody lost it, else {"left": {"groups": ["grp_…"], "advisors": ["adv_…"]}}.
    """
    if before is None:
        return {}
    groups = _seen(before, "group") - _seen(after, "group")
    advisors = _seen(before, "advisor", "own_advisor") - _seen(after, "advisor", "own_advisor")
    if not groups and not advisors:
        return {}
    return {"left": {"groups": sorted(groups), "advisors": sorted(advisors)}}


def _seen(state: State, *keys: str) -> set[str]:
    return {state[key] for key in keys if state.get(key)}


def encoded(prefix: str, identifier: UUID | None) -> str | None:
    return None if identifier is None else encode(prefix, identifier)


def instant(value: datetime | None) -> str | None:
    """`2026-11-23T09:00:00Z`, with microseconds only where there are any."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
