"""Customers, relationships, products, advisors and books as they are answered."""

from __future__ import annotations

from advisors.public import Row, encoded
from advisors.schemas import SkillAnswer
from customers.schemas import BookAnswer, CustomerAnswer, ProductAnswer, RelationshipAnswer
from customers.staff_schemas import AdvisorAnswer
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
        learned_seconds=row["learned_seconds"],
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


def advisor(row: Row, kept: Row | None) -> AdvisorAnswer:
    """From the columns of `advisors`, `markets`, `skills` and `desk_group_id`; `kept` is the book."""
    return AdvisorAnswer(
        id=encode("adv", row["id"]),
        external_ref=row["external_ref"],
        name=row["name"],
        email=row["email"],
        mail_name=row["mail_name"],
        photo_url=row["photo_url"],
        site=encode("site", row["site_id"]),
        desk_group=encoded("grp", row["desk_group_id"]),
        languages=row["languages"],
        markets=row["markets"],
        skills=[SkillAnswer(**skill) for skill in row["skills"]],
        working_pattern=row["working_pattern"],
        phone_capacity=row["phone_capacity"],
        chat_capacity=row["chat_capacity"],
        email_capacity=row["email_capacity"],
        sip_uri=row["sip_uri"],
        sip_endpoint=row["sip_endpoint"],
        leaving_at=row["leaving_at"],
        book=None if kept is None else book(kept),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
