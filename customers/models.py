"""Customers, their advisor, and the books of the advisors."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Float,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from kit.tables import Instant, Json, TextList, about, kept, one_of

CHANNELS = ("portal", "control_center", "phone", "bulk")


@kept("company", "company", codes="id name skill expected_seconds")
class Product(SQLModel, table=True):
    """What customers buy, the skill that looking after it takes, and how much time it usually costs.

    `expected_seconds` maps a tier to the prior of the monthly handling time in seconds; `default` serves the rest.
    """

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="ck_products_level"),)

    id: str = Field(primary_key=True, sa_type=Text)
    name: str = Field(sa_type=Text)
    skill: str = Field(sa_type=Text)
    level: int = 1
    expected_seconds: dict[str, int] = Field(sa_type=Json)


@kept("relationship", "customer", "pseudonymous", codes="market_id")
class Customer(SQLModel, table=True):
    """A person or small firm, known by the control center's pseudonymous number.

    `expected_seconds` is the prior of their monthly handling time; `learned_seconds`, once there, is what counts.
    """

    __tablename__ = "customers"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        CheckConstraint("expected_seconds BETWEEN 1 AND 2592000", name="ck_customers_expected_seconds"),
        CheckConstraint("learned_seconds BETWEEN 1 AND 2592000", name="ck_customers_learned_seconds"),
        CheckConstraint("octet_length(calling_hours) = 21", name="ck_customers_calling_hours"),
        Index("ix_customers_learned", text("learned_at NULLS FIRST")),
        Index("ix_customers_email", text("lower(email)"), postgresql_where=text("email IS NOT NULL")),
    )

    id: UUID
    market_id: str = Field(foreign_key="markets.id", sa_type=Text)
    external_ref: str = about("pseudonymous", sa_type=Text, unique=True)
    name: str | None = about("personal", default=None, sa_type=Text)
    email: str | None = about("personal", default=None, sa_type=Text)
    languages: list[str] = about("personal", sa_type=TextList)
    tier: str = about("pseudonymous", default="standard", sa_type=Text)
    products: list[str] = about("pseudonymous", sa_type=TextList)
    time_zone: str | None = about("pseudonymous", default=None, sa_type=Text)
    calling_hours: bytes | None = about("personal", default=None, sa_type=LargeBinary)
    expected_seconds: int = about("pseudonymous")
    learned_seconds: int | None = about("pseudonymous", default=None)
    learned_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


@kept("relationship", "customer", "pseudonymous", codes="market_id")
class CustomerPhone(SQLModel, table=True):
    """A number from which a customer calls; several customers may share one."""

    __tablename__ = "customer_phones"
    __table_args__ = (
        PrimaryKeyConstraint("number", "customer_id", "market_id"),
        ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        Index("ix_customer_phones_customer", "customer_id"),
    )

    number: str = about("personal", sa_type=Text)
    customer_id: UUID
    market_id: str = Field(sa_type=Text)


@kept("relationship", "customer", "pseudonymous", codes="market_id channel reason ended_reason")
class Relationship(SQLModel, table=True):
    """Customer and advisor, from `starts_at` until `ends_at`; at most one is current, and none overlap.

    `expected_seconds` is the weight that was booked, so that ending gives back exactly what beginning took.
    The exclusion over overlapping periods is in the migration (it needs a range type over ids).
    """

    __tablename__ = "relationships"
    __table_args__ = (
        PrimaryKeyConstraint("id", "market_id"),
        ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        one_of("channel", CHANNELS, "ck_relationships_channel"),
        CheckConstraint("ends_at >= starts_at", name="ck_relationships_period"),
        CheckConstraint("(ends_at IS NULL) = (ended_reason IS NULL)", name="ck_relationships_ended"),
        Index(
            "ux_relationships_current",
            "customer_id",
            "market_id",
            unique=True,
            postgresql_include=["advisor_id", "id"],
            postgresql_where=text("ends_at IS NULL"),
        ),
        Index("ix_relationships_advisor", "advisor_id", postgresql_where=text("ends_at IS NULL")),
        Index("ix_relationships_history", "customer_id", "ends_at", postgresql_where=text("ends_at IS NOT NULL")),
    )

    id: UUID
    market_id: str = Field(foreign_key="markets.id", sa_type=Text)
    customer_id: UUID
    advisor_id: UUID = Field(foreign_key="advisors.id")
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    channel: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    ended_reason: str | None = Field(default=None, sa_type=Text)
    on_behalf_by: UUID | None = Field(default=None, foreign_key="advisors.id")
    decision_id: UUID | None = None
    expected_seconds: int


@kept("relationship", "advisor", "pseudonymous")
class Book(SQLModel, table=True):
    """The load of an advisor's current relationships in expected seconds a month, guarded by its cap.

    `price` is λ of the activation rule as the last solve of the whole book left it, moved on with every customer;
    without one the load says how dear a book is. `over_cap` is set where a hand-over had to exceed the cap so that
    nobody is without an advisor, until a rebalance mends it.
    """

    __tablename__ = "books"
    __table_args__ = (
        CheckConstraint("load_s >= 0", name="ck_books_load"),
        CheckConstraint("load_s <= cap_s OR over_cap", name="ck_books_cap"),
        CheckConstraint("target_s > 0", name="ck_books_target"),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    advisor_id: UUID = Field(primary_key=True, foreign_key="advisors.id")
    load_s: int = 0
    cap_s: int
    target_s: int
    price: float | None = Field(default=None, sa_type=Float)
    over_cap: bool = False
    open_for_new: bool = True


@kept("routing", "customer", "pseudonymous", codes="market_id")
class CustomerRemarks(SQLModel, table=True):
    """What the own advisor remarks on a customer, for colleagues who pick up in their place."""

    __tablename__ = "customer_remarks"
    __table_args__ = (
        PrimaryKeyConstraint("customer_id", "market_id"),
        ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        CheckConstraint("length(text) BETWEEN 1 AND 4000", name="ck_customer_remarks_text"),
    )

    customer_id: UUID
    market_id: str = Field(sa_type=Text)
    text: str = about("personal", sa_type=Text)
    written_by: UUID = Field(foreign_key="advisors.id")
    updated_at: datetime = Field(sa_type=Instant)
