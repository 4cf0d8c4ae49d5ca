"""What the outbox announces: ids, states and codes, never an address or a word of a letter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kit.announcements import NewEvent
from kit.database import Row
from kit.ids import encode

OF_A_STATE = {
    "sending": "message.sending",
    "sent": "message.sent",
    "waiting": "message.postponed",
    "failed": "message.failed",
    "dropped": "message.dropped",
}
"""After an attempt has begun or ended."""


def queued(row: Row, at: datetime) -> NewEvent:
    return _event("message.queued", row, at)


def requeued(row: Row, at: datetime) -> NewEvent:
    """Sent again by hand."""
    return _event("message.requeued", row, at)


def moved(row: Row, at: datetime) -> NewEvent:
    return _event(OF_A_STATE[row["state"]], row, at)


def _event(kind: str, row: Row, at: datetime) -> NewEvent:
    state = public_state(row)
    return NewEvent(kind, at, state["id"], {"message": state}, row["market_id"], advisor_id=row["advisor_id"])


def public_state(row: Row) -> dict[str, Any]:
    """From a row of `messages`."""
    customer, advisor = row["customer_id"], row["advisor_id"]
    return {
        "id": encode("msg", row["id"]),
        "state": row["state"],
        "template": row["template"],
        "channel": row["channel"],
        "market": row["market_id"],
        "customer": None if customer is None else encode("cus", customer),
        "advisor": None if advisor is None else encode("adv", advisor),
        "attempts": row["attempts"],
        "error": row["error"],
        "dropped_for": row["dropped_for"],
    }
