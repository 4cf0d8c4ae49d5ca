"""What the life of a number announces. The number itself is never told: its owner and market are."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from advisors.public import Row
from kit.announcements import NewEvent
from kit.ids import encode


def assigned(row: Row, now: datetime) -> NewEvent:
    return _of_owner("number.assigned", "assigned", row, now)


def redirected(row: Row, now: datetime) -> NewEvent:
    return _of_owner("number.redirected", "redirected", row, now)


def quarantined(row: Row, now: datetime) -> NewEvent:
    return _of_owner("number.quarantined", "quarantined", row, now)


def released(market_id: str, count: int, now: datetime) -> NewEvent:
    """Numbers of a market's pool are free again."""
    data = {"numbers": {"market": market_id, "count": count}}
    return NewEvent("numbers.released", now, market_id, data, market_id=market_id)


def added(market_id: str, count: int, now: datetime) -> NewEvent:
    data = {"numbers": {"market": market_id, "count": count}}
    return NewEvent("numbers.added", now, market_id, data, market_id=market_id)


def _of_owner(kind: str, state: str, row: Row, now: datetime) -> NewEvent:
    owner: UUID = row["advisor_id"]
    data = {"number": {"advisor": encode("adv", owner), "market": row["market_id"], "state": state}}
    return NewEvent(kind, now, encode("adv", owner), data, market_id=row["market_id"], advisor_id=owner)
