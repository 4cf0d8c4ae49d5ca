"""What the room announces, for dashboards and the audit; no subscriber gets any of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kit.announcements import NewEvent
from kit.database import Row
from kit.ids import encode


def webhook(kind: str, row: Row, at: datetime, **also: Any) -> NewEvent:
    """From a row of `webhooks`."""
    subject = encode("whk", row["id"])
    shown = {
        "id": subject,
        "types": row["types"],
        "markets": row["markets"],
        "desk_groups": [encode("grp", group) for group in row["desk_groups"]],
        "reach": row["reach"],
        "paused_for": row["paused_for"],
        "removed": row["removed_at"] is not None,
    }
    return NewEvent(type=kind, at=at, subject=subject, data={"webhook": shown, **also})


def died(row: Row, at: datetime) -> NewEvent:
    """From a row of `webhook_deliveries`."""
    subject = encode("whk", row["webhook_id"])
    shown = {
        "id": encode("whd", row["id"]),
        "webhook": subject,
        "type": row["type"],
        "subject": row["subject"],
        "reason": row["reason"],
        "status": row["status"],
    }
    return NewEvent(type="webhook.delivery_died", at=at, subject=subject, data={"delivery": shown})
