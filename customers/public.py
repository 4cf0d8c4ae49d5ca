"""Customers, relationships, products and books as they are answered."""

from __future__ import annotations

from advisors.public import Row, encoded
from customers.schemas import BookAnswer, CustomerAnswer, ProductAnswer, RelationshipAnswer
from kit.fields import week_of
from kit.ids import encode
from kit.local_time import mask_from_bytes


def customer(row: Row) -> CustomerAnswer:
    """From the columns of `customers`, and `phones`."""
    hours = row["calling_hours"]
    return CustomerAnswer(
        id=encode("cus", row["id"]),
        external_ref=row["external_ref"],
        market=row["market_id"],
        name=row["name"],
        email=row["email"],
        phones=row["phones"],
        languages=row["languages"],
        tier=row["tier"],
        products=row["products"],
        time_zone=row["time_zone"],
        calling_hours=None if hours is None else week_of(mask_from_bytes(hours)),
        expected_seconds=row["expected_seconds"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def relationship(row: Row) -> RelationshipAnswer:
    return RelationshipAnswer(
        id=encode("rel", row["id"]),
        advisor=encode("adv", row["advisor_id"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        channel=row["channel"],
        reason=row["reason"],
        ended_reason=row["ended_reason"],
        decision_id=encoded("dec", row["decision_id"]),
    )


def product(row: Row) -> ProductAnswer:
    return ProductAnswer(
        id=row["id"],
        name=row["name"],
        skill=row["skill"],
        level=row["level"],
        expected_seconds=row["expected_seconds"],
    )


def book(row: Row) -> BookAnswer:
    return BookAnswer(
        load_s=row["load_s"],
        cap_s=row["cap_s"],
        target_s=row["target_s"],
        over_cap=row["over_cap"],
        open_for_new=row["open_for_new"],
    )
