"""Customers, their advisor's card and products on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from customers.needs import MOST_SECONDS
from kit.fields import Code, Email, Language, MarketId, Ref, Tag, WeekHours, Written, ZoneName
from kit.wire import Command, Line, Moment, Shown

Channel = Literal["portal", "control_center", "phone", "bulk"]


class CustomerCommand(Command):
    """A whole customer; what is left out has its default."""

    market: MarketId
    name: Line | None = None
    email: Email | None = None
    phones: list[Written] = Field([], max_length=20, description="Numbers they call from, as people write them.")
    languages: list[Language] = Field([], max_length=10, description="Best first; empty: the market's.")
    tier: Tag = "standard"
    products: list[Tag] = Field([], max_length=100)
    time_zone: ZoneName | None = Field(None, description="Left out: the market's.")
    calling_hours: WeekHours | None = Field(None, description="When they usually call, by their own clock.")
    expected_seconds: int | None = Field(
        None, ge=1, le=MOST_SECONDS, description="Handling time a month; left out: what the products usually cost."
    )


class CustomerRow(CustomerCommand):
    """A customer in a file: the same, with the reference."""

    external_ref: Ref


class CustomerAnswer(Shown):
    id: Code
    external_ref: str
    market: str
    name: str | None
    email: str | None
    phones: list[str] = Field(description="E.164.")
    languages: list[str]
    tier: str
    products: list[str]
    time_zone: str | None
    calling_hours: dict[str, list[list[str]]] | None = Field(description="In whole hours.")
    expected_seconds: int = Field(description="The prior: what was said, or what the products usually cost.")
    learned_seconds: int | None = Field(
        description="What counts once there is something to learn from: the prior and half a year of contacts."
    )
    created_at: Moment
    updated_at: Moment

    moving: ClassVar[Mapping[str, Any]] = {"learned_seconds": True}


class Wishes(Command):
    languages: list[Language] = Field([], max_length=10, description="Instead of those the customer is known for.")


class ActivationCommand(Command):
    channel: Channel = "portal"
    on_behalf_by: Code | None = Field(None, description="The advisor who asks for the customer, during a call.")
    wishes: Wishes = Field(default_factory=Wishes)


class FirstActivationCommand(ActivationCommand):
    """An activation that may bring a customer along whom we don't know yet."""

    customer: CustomerCommand | None = Field(
        None, description="Create or replace the customer first, in the same transaction: all happens or nothing."
    )


class ActivationRow(ActivationCommand):
    """One customer of many."""

    external_ref: Ref
    channel: Channel = "bulk"


class GroupAnswer(Shown):
    id: Code
    name: str


class AdvisorCard(Shown):
    id: Code
    name: str
    photo_url: str | None
    languages: list[str]
    desk_group: GroupAnswer | None
    email: str | None


class PresenceAnswer(Shown):
    """What a customer may know; why somebody is away is not among it."""

    state: Literal["available", "talking", "soon_free", "not_at_desk", "not_there", "absent"]
    words: str = Field(description="To be read after the advisor's name.", examples=["ist gerade frei"])
    returns_at: Moment | None
    best_times: list[tuple[str, str, str]] = Field(
        description="Weekday, from, until, by the market's clock.", examples=[[("mon", "10:00", "11:30")]]
    )


class CardAnswer(Shown):
    """A customer's own advisor, as the customer sees them."""

    relationship_id: Code
    since: Moment
    direct_dial: str | None = Field(description="E.164.")
    direct_dial_display: str | None = Field(examples=["030 23125-900"])
    advisor: AdvisorCard
    presence: PresenceAnswer
    decision_id: Code | None
    because: list[str] = Field(examples=[["speaks_de", "skill_hosting_4", "hours_overlap", "balanced"]])


class RelationshipAnswer(Shown):
    """One stretch of a customer's history. `ends_at` is null while it is current."""

    id: Code
    advisor: Code
    starts_at: Moment
    ends_at: Moment | None
    channel: str
    reason: str
    ended_reason: str | None
    decision_id: Code | None


class History(Shown):
    items: list[RelationshipAnswer]
    next: str | None = None


class ProductCommand(Command):
    name: Line
    skill: Tag = Field(description="What looking after it takes …")
    level: int = Field(1, ge=1, le=5, description="… and at which level.")
    expected_seconds: dict[Tag, Annotated[int, Field(ge=0, le=MOST_SECONDS)]] = Field(
        {},
        max_length=50,
        description="Tier → usual handling time in seconds a month; `default` serves the others.",
        examples=[{"default": 360, "premium": 720}],
    )


class ProductAnswer(Shown):
    id: str
    name: str
    skill: str
    level: int
    expected_seconds: dict[str, int]


class Products(Shown):
    items: list[ProductAnswer]


class BookCommand(Command):
    """An advisor's book in expected seconds a month."""

    cap_s: int = Field(ge=1, le=2 * MOST_SECONDS)
    target_s: int | None = Field(None, ge=1, le=2 * MOST_SECONDS, description="Left out: nine tenths of the cap.")
    open_for_new: bool = True

    @model_validator(mode="after")
    def _target_below_cap(self) -> Self:
        if self.target_s is not None and self.target_s > self.cap_s:
            raise PydanticCustomError("target_above_cap", "a book is never meant to be fuller than full")
        return self


class BookAnswer(Shown):
    load_s: int
    cap_s: int
    target_s: int
    over_cap: bool
    open_for_new: bool
