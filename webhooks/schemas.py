"""Subscriptions and deliveries on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from kit.database import Row
from kit.fields import Code, MarketId
from kit.ids import encode
from kit.wire import Command, Line, Moment, Shown
from webhooks.states import PausedFor, Reach, State

Address = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Kind = Annotated[str, StringConstraints(min_length=1, max_length=110)]


class WebhookCommand(Command):
    """A subscription as it should be; without markets and groups it hears of the whole company."""

    name: Line = Field(description="What people call it.")
    url: Address = Field(
        description="Where events are sent by POST; https.", examples=["https://crm.example/hooks"]
    )
    types: list[Kind] = Field(
        min_length=1, max_length=50, description="`*`, `contact.*`, or types as in `docs/events.yml`."
    )
    markets: list[MarketId] = Field(default=[], max_length=50, description="Only what concerns one of these.")
    desk_groups: list[Code] = Field(default=[], max_length=50, description="Or one of these desk groups.")


class ReplayCommand(Command):
    since: Moment | None = Field(None, description="Only what was written down at that instant or later.")


class NoBody(Command):
    """Nothing to say."""


class WebhookAnswer(Shown):
    moving: ClassVar[Mapping[str, Any]] = dict.fromkeys(
        ("state", "paused_at", "paused_for", "secret_made_at", "old_secret_until", "updated_at"), True
    )

    id: Code
    name: str
    url: str
    types: list[str]
    markets: list[str]
    desk_groups: list[str]
    reach: Reach = Field(description="Made by an admin: `all`; by a control center: what such may know.")
    state: Literal["active", "paused"]
    paused_at: datetime | None
    paused_for: PausedFor | None = Field(description="`gone`: the receiver said 410.")
    secret_made_at: datetime
    old_secret_until: datetime | None = Field(description="Until then the secret before this one signs along.")
    created_by: str
    created_at: datetime
    updated_at: datetime


class IssuedWebhook(WebhookAnswer):
    secret: str | None = Field(description="Told once; null when the same request comes again.")


class Webhooks(Shown):
    items: list[WebhookAnswer]
    next: str | None = None


class DeliveryAnswer(Shown):
    id: Code = Field(description="The `webhook-id` of every attempt.")
    webhook: Code
    event: str | None = Field(description="`id` of the CloudEvent; null for a test.")
    type: str
    subject: str
    state: State
    attempts: int
    next_at: datetime | None = Field(description="Null too while an earlier event of the subject is on its way.")
    last_at: datetime | None
    status: int | None = Field(description="What the receiver answered last.")
    reason: str | None = Field(description="Why the last attempt failed, or why it is dead.")
    created_at: datetime
    ended_at: datetime | None


class Deliveries(Shown):
    items: list[DeliveryAnswer]
    next: str | None = None


class Replayed(Shown):
    replayed: int
    more: bool = Field(description="Whether dead ones are left: ask again.")


def webhook(row: Row) -> WebhookAnswer:
    return WebhookAnswer(**_members(row))


def issued(row: Row, secret: str | None) -> IssuedWebhook:
    return IssuedWebhook(**_members(row), secret=secret)


def delivery(row: Row) -> DeliveryAnswer:
    event = row["event_id"]
    return DeliveryAnswer(
        id=encode("whd", row["id"]),
        webhook=encode("whk", row["webhook_id"]),
        event=None if event is None else f"{row['epoch']}-{event}",
        type=row["type"],
        subject=row["subject"],
        state=row["state"],
        attempts=row["attempts"],
        next_at=row["next_at"],
        last_at=row["last_at"],
        status=row["status"],
        reason=row["reason"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


def _members(row: Row) -> dict[str, Any]:
    return {
        "id": encode("whk", row["id"]),
        "name": row["name"],
        "url": row["url"],
        "types": row["types"],
        "markets": row["markets"],
        "desk_groups": [encode("grp", group) for group in row["desk_groups"]],
        "reach": row["reach"],
        "state": "active" if row["paused_at"] is None else "paused",
        "paused_at": row["paused_at"],
        "paused_for": row["paused_for"],
        "secret_made_at": row["secret_made_at"],
        "old_secret_until": row["old_secret_until"],
        "created_by": row["created_by"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
