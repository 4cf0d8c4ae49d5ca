"""What the room announces: ids and states, never a name, a number or a product of somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from advisors.public import Row, encoded, instant
from kit.announcements import NewEvent
from kit.ids import encode


def customer(kind: str, customer_id: UUID, market_id: str, now: datetime) -> NewEvent:
    """`customer.added`, `customer.changed`."""
    identifier = encode("cus", customer_id)
    data = {"customer": {"id": identifier, "market": market_id}}
    return NewEvent(kind, now, identifier, data, market_id=market_id)


def imported(what: str, created: int, updated: int, now: datetime) -> NewEvent:
    """`customers.imported` and the like: one event per batch, since a million single ones would help nobody."""
    data = {"import": {"kind": what, "created": created, "updated": updated}}
    return NewEvent(f"{what}.imported", now, what, data)


def product(product_id: str, created: bool, now: datetime) -> NewEvent:
    kind = "product.added" if created else "product.changed"
    return NewEvent(kind, now, product_id, {"product": {"id": product_id}})


def relationship_began(row: Mapping[str, Any], group_id: UUID | None, ended: UUID | None, at: datetime) -> NewEvent:
    """From a row of `relationships`; `ended` is the relationship that this one takes the place of."""
    state = _relationship(row, "current")
    more = {"replaces": encode("rel", ended)} if ended is not None else {}
    return NewEvent(
        "relationship.began",
        at,
        state["customer"],
        {"relationship": {**state, "channel": row["channel"], "reason": row["reason"]}, **more},
        market_id=row["market_id"],
        desk_group_id=group_id,
        advisor_id=row["advisor_id"],
    )


def relationship_ended(
    relationship: Mapping[str, Any], reason: str, group_id: UUID | None, at: datetime
) -> NewEvent:
    """`relationship` names `id`, `customer_id`, `advisor_id` and `market_id`."""
    state = _relationship(relationship, "ended")
    return NewEvent(
        "relationship.ended",
        at,
        state["customer"],
        {"relationship": {**state, "reason": reason}},
        market_id=relationship["market_id"],
        desk_group_id=group_id,
        advisor_id=relationship["advisor_id"],
    )


def book_changed(row: Row, now: datetime) -> NewEvent:
    """From a row of `books` and its advisor's `desk_group_id`; loads in expected seconds a month."""
    advisor = encode("adv", row["advisor_id"])
    book = {
        "advisor": advisor,
        "group": encoded("grp", row["desk_group_id"]),
        "load_s": row["load_s"],
        "cap_s": row["cap_s"],
        "target_s": row["target_s"],
        "over_cap": row["over_cap"],
        "open_for_new": row["open_for_new"],
    }
    group_id: UUID | None = row["desk_group_id"]
    return NewEvent(
        "book.changed", now, advisor, {"book": book}, desk_group_id=group_id, advisor_id=row["advisor_id"]
    )


def _relationship(row: Mapping[str, Any], state: str) -> dict[str, Any]:
    return {
        "id": encode("rel", row["id"]),
        "state": state,
        "customer": encode("cus", row["customer_id"]),
        "advisor": encode("adv", row["advisor_id"]),
        "market": row["market_id"],
        "since": instant(row["starts_at"]),
    }
