"""What threads announce: ids and states, never a word that somebody has written."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kit.announcements import NewEvent
from kit.database import Row
from kit.ids import encode


def written(kind: str, row: Row, at: datetime, group_id: UUID | None, advisor_id: UUID | None) -> NewEvent:
    """`row` is a message with its thread's `customer_id`; group and advisor are those of its contact."""
    state = _state(row, group_id, advisor_id)
    return NewEvent(kind, at, state["id"], {"thread_message": state}, row["market_id"], group_id, advisor_id)


def _state(row: Row, group_id: UUID | None, advisor_id: UUID | None) -> dict[str, Any]:
    return {
        "id": encode("tms", row["id"]),
        "thread": encode("thr", row["thread_id"]),
        "contact": encode("con", row["contact_id"]),
        "market": row["market_id"],
        "customer": _encoded("cus", row["customer_id"]),
        "group": _encoded("grp", group_id),
        "advisor": _encoded("adv", advisor_id),
        "author": row["author"],
        "code": row["code"],
        "delivery": row["delivery"],
    }


def _encoded(prefix: str, identifier: UUID | None) -> str | None:
    return None if identifier is None else encode(prefix, identifier)
