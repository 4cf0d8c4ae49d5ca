"""What the room announces beside presences. An absence is told without its kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from advisors.public import Row, encoded, instant
from kit.announcements import NewEvent
from kit.ids import encode


def advisor(kind: str, advisor_id: UUID, desk_group_id: UUID | None, now: datetime) -> NewEvent:
    """`advisor.added`, `advisor.changed`, `advisor.stays`."""
    identifier = encode("adv", advisor_id)
    data = {"advisor": {"id": identifier, "group": encoded("grp", desk_group_id)}}
    return NewEvent(kind, now, identifier, data, desk_group_id=desk_group_id, advisor_id=advisor_id)


def leaves(advisor_id: UUID, desk_group_id: UUID | None, leaving_at: datetime, now: datetime) -> NewEvent:
    identifier = encode("adv", advisor_id)
    state = {"id": identifier, "group": encoded("grp", desk_group_id), "leaving_at": instant(leaving_at)}
    return NewEvent(
        "advisor.leaves", now, identifier, {"advisor": state}, desk_group_id=desk_group_id, advisor_id=advisor_id
    )


def absence(kind: str, row: Row, desk_group_id: UUID | None, now: datetime) -> NewEvent:
    """`absence.requested`, `absence.approved`, `absence.declined`, `absence.cancelled`, `absence.ended_early`."""
    identifier = encode("abs", row["id"])
    advisor_id: UUID = row["advisor_id"]
    state = {
        "id": identifier,
        "advisor": encode("adv", advisor_id),
        "state": row["state"],
        "starts_at": instant(row["starts_at"]),
        "ends_at": instant(row["ends_at"]),
    }
    return NewEvent(kind, now, identifier, {"absence": state}, desk_group_id=desk_group_id, advisor_id=advisor_id)


def replanned(row: Row, desk_group_id: UUID | None, done: dict[str, int], now: datetime) -> NewEvent:
    """`absence.replanned`: how many promises were moved, asked about, handed over, or stand again."""
    told = absence("absence.replanned", row, desk_group_id, now)
    return replace(told, data={**told.data, "promises": done})
