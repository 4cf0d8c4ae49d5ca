"""Subscriptions to the event log, their deliveries and dead letters, for admins and control centers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from accounts.principal import Principal
from api.dependencies import FromServices, NewId, Now, Read, Remember, Remembered, Write, requires
from api.errors import problems
from api.rendering import Paging, reference
from api.services import Services
from api.transactional import TransactionalRoute
from api.versions import MayMatch, MustMatch, Tagged
from kit.database import Row
from kit.ids import IdMaker, decode
from webhooks import queries, schemas, service
from webhooks.schemas import (
    Deliveries,
    DeliveryAnswer,
    IssuedWebhook,
    NoBody,
    ReplayCommand,
    Replayed,
    WebhookAnswer,
    WebhookCommand,
    Webhooks,
)
from webhooks.service import EVERY, Office, Reaches, Wish
from webhooks.states import Reach, State

router = APIRouter(prefix="/v1/webhooks", tags=["Webhooks"], route_class=TransactionalRoute)

Owner = Annotated[Principal, requires("admin", "control_center")]
Reader = Annotated[Principal, requires("admin", "auditor", "control_center")]


@router.post("", status_code=201, summary="Subscribe to events", responses=problems(409))
async def add(
    principal: Owner,
    wanted: WebhookCommand,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
    new_id: NewId,
) -> IssuedWebhook:
    """From now on. The secret, by which the receiver knows that a message is ours, is told once."""
    office = _office(services, new_id)
    row, secret = await service.add(session, office, _wish(wanted), _reach(principal), principal.name_for_keys, now)
    return _told_once(row, secret, remember)


@router.get("", summary="List subscriptions")
async def listed(principal: Reader, session: Read, page: Paging) -> Webhooks:
    """The oldest first. Control centers see those that control centers have made."""
    rows = await queries.page(session, _reaches(principal), page.after_id(), page.limit)
    return Webhooks(
        items=[schemas.webhook(row) for row in rows], next=page.next_after(rows, lambda row: [row["id"]])
    )


@router.get("/{webhook_id}", summary="Read a subscription")
async def get(principal: Reader, webhook_id: str, session: Read, versions: Tagged) -> WebhookAnswer:
    """Never its secret."""
    return versions.of(schemas.webhook(await service.get(session, _id(webhook_id), _reaches(principal))))


@router.put("/{webhook_id}", summary="Change a subscription")
async def change(
    principal: Owner,
    webhook_id: str,
    wanted: WebhookCommand,
    session: Write,
    versions: MustMatch,
    services: FromServices,
    now: Now,
) -> WebhookAnswer:
    """The whole subscription as it should be. What is on its way goes to the new address."""
    row = await service.locked(session, _id(webhook_id), _reaches(principal))
    versions.check(schemas.webhook(row))
    return versions.of(schemas.webhook(await service.change(session, services.settings, row, _wish(wanted), now)))


@router.delete("/{webhook_id}", status_code=204, summary="Remove a subscription", response_class=Response)
async def remove(principal: Owner, webhook_id: str, session: Write, versions: MayMatch, now: Now) -> Response:
    """Nothing more is sent; what is on its way is dead, with the reason `removed`."""
    row = await service.locked(session, _id(webhook_id), _reaches(principal))
    versions.check(schemas.webhook(row))
    await service.remove(session, row, now)
    return Response(status_code=204)


@router.post("/{webhook_id}/rotate", status_code=201, summary="Rotate the secret")
async def rotate(
    principal: Owner,
    webhook_id: str,
    _: NoBody,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
    new_id: NewId,
) -> IssuedWebhook:
    """A new secret, told once. For the grace of keys the old one signs along: time for the receiver to change."""
    office, grace = _office(services, new_id), services.settings.key_grace
    row, secret = await service.rotate(session, office, _id(webhook_id), _reaches(principal), grace, now)
    return _told_once(row, secret, remember)


@router.post("/{webhook_id}/pause", summary="Pause a subscription")
async def pause(principal: Owner, webhook_id: str, _: NoBody, session: Write, now: Now) -> WebhookAnswer:
    """Nothing is sent. What happens is written down, and is dead when it has waited for three days."""
    return schemas.webhook(await service.pause(session, _id(webhook_id), _reaches(principal), now))


@router.post("/{webhook_id}/resume", summary="Resume a subscription")
async def resume(principal: Owner, webhook_id: str, _: NoBody, session: Write, now: Now) -> WebhookAnswer:
    """What has waited is sent now, in order."""
    return schemas.webhook(await service.resume(session, _id(webhook_id), _reaches(principal), now))


@router.post("/{webhook_id}/test", status_code=202, summary="Send a test", responses=problems(409))
async def test(
    principal: Owner, webhook_id: str, _: NoBody, session: Write, now: Now, new_id: NewId
) -> DeliveryAnswer:
    """A signed message of the type `webhook.test`; what came of it is in the list of deliveries."""
    return schemas.delivery(await service.test(session, _id(webhook_id), _reaches(principal), now, new_id))


@router.get("/{webhook_id}/deliveries", summary="List deliveries")
async def deliveries(
    principal: Reader,
    webhook_id: str,
    session: Read,
    page: Paging,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
) -> Deliveries:
    """The newest first; what was delivered is kept for three days. No body, and nothing of what a receiver said."""
    row = await service.get(session, _id(webhook_id), _reaches(principal))
    rows = await queries.listed(session, row["id"], state, page.after_id(), page.limit)
    return Deliveries(
        items=[schemas.delivery(one) for one in rows], next=page.next_after(rows, lambda one: [one["id"]])
    )


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay", summary="Send a dead letter again", responses=problems(409)
)
async def replay_one(
    principal: Owner, webhook_id: str, delivery_id: str, _: NoBody, session: Write, now: Now
) -> DeliveryAnswer:
    """Under the same `webhook-id`, with three days anew. 409 for what is not dead."""
    letter = decode("whd", delivery_id)
    return schemas.delivery(await service.replay_one(session, _id(webhook_id), _reaches(principal), letter, now))


@router.post("/{webhook_id}/replay", summary="Send dead letters again")
async def replay_all(
    principal: Owner, webhook_id: str, wanted: ReplayCommand, session: Write, now: Now
) -> Replayed:
    """All of them, or those since an instant; at most 1,000 at a time, the oldest first."""
    count = await service.replay_all(session, _id(webhook_id), _reaches(principal), wanted.since, now)
    return Replayed(replayed=count, more=count == service.MOST_REPLAYED)


def _id(text: str) -> UUID:
    return decode("whk", text)


def _reach(principal: Principal) -> Reach:
    return "all" if principal.may("admin") else "control_center"


def _reaches(principal: Principal) -> Reaches:
    """What a control center has made is for control centers, too; everything else for people alone."""
    return ("control_center",) if principal.kind == "machine" else EVERY


def _wish(wanted: WebhookCommand) -> Wish:
    groups = [reference("grp", text, f"/desk_groups/{place}") for place, text in enumerate(wanted.desk_groups)]
    return Wish(
        wanted.name,
        wanted.url,
        list(dict.fromkeys(wanted.types)),
        list(dict.fromkeys(wanted.markets)),
        list(dict.fromkeys(group for group in groups if group is not None)),
    )


def _office(services: Services, new_id: IdMaker) -> Office:
    return Office(services.settings, services.secret, new_id)


def _told_once(row: Row, secret: str, remember: Remembered) -> IssuedWebhook:
    remember.instead = schemas.issued(row, None).model_dump_json().encode()
    return schemas.issued(row, secret)
