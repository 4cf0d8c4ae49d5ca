"""Customers and their advisor: what the control center, the portal and advisors on a customer's behalf ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from accounts.principal import Principal
from accounts.schemas import CustomerToken
from api.dependencies import FromServices, NewId, Now, Read, Remember, Write, keyless, requires
from api.errors import problems
from api.kept import KeptBooks, KeptWords
from api.rendering import Json, Paging, reference
from api.transactional import TransactionalRoute
from api.versions import MayMatch, Tagged
from customers import card, public, relationships, service
from customers.books import Books
from customers.relationships import Wish
from customers.schemas import (
    ActivationCommand,
    CardAnswer,
    CustomerAnswer,
    CustomerCommand,
    FirstActivationCommand,
    History,
)
from kit.database import Session
from kit.errors import Forbidden, Unprocessable, inside
from kit.fields import Ref
from kit.ids import IdMaker, encode


class NotYours(Unprocessable):
    word, title = "not-yours-to-say", "Channel and advisor are not for a customer to say."


router = APIRouter(prefix="/v1/customers", tags=["Customers"], route_class=TransactionalRoute)

Reference = Annotated[Ref, Path(description="The control center's pseudonymous number of the customer.")]
TELLERS = ("control_center", "supervisor", "admin")
"""Who may say what a customer is."""
Told = Annotated[Principal, requires(*TELLERS)]
Reader = Annotated[Principal, requires("control_center", "advisor", "lead", "supervisor", "auditor", "customer")]
Asker = Annotated[Principal, requires("control_center", "advisor", "lead", "supervisor", "customer")]


@router.put(
    "/{external_ref}",
    summary="Create or replace a customer",
    response_model=CustomerAnswer,
    responses={201: {"model": CustomerAnswer, "description": "The customer is new."}, **problems(409)},
)
async def put(
    _: Told,
    external_ref: Reference,
    wanted: CustomerCommand,
    session: Write,
    versions: MayMatch,
    books: KeptBooks,
    now: Now,
    new_id: NewId,
) -> Response:
    """The whole customer as it should be; what is left out has its default. A customer stays in their market."""
    if versions.given:
        present = await service.held(session, external_ref)
        versions.check(None if present is None else public.customer(present))
    shelf = await books.current(session, now)
    written = await service.put(session, shelf, external_ref, wanted, now, new_id)
    answer = versions.of(public.customer(await service.get(session, external_ref)))
    return Json(answer, 201 if written.outcome == "created" else 200)


@router.get("/{external_ref}", summary="Read a customer")
async def get(
    _: Annotated[Principal, requires("control_center", "supervisor", "auditor")],
    external_ref: Reference,
    session: Read,
    versions: Tagged,
) -> CustomerAnswer:
    """What we know about a customer; their advisor is at `…/advisor`."""
    return versions.of(public.customer(await service.get(session, external_ref)))


@router.post("/{external_ref}/token", status_code=201, summary="Ask for a token of the customer")
@keyless("one token more does no harm, and an answer that is kept would keep a secret")
async def token(
    principal: Annotated[Principal, requires("control_center")],
    external_ref: Reference,
    session: Read,
    services: FromServices,
    now: Now,
) -> CustomerToken:
    """Lets the portal's page act for this customer alone, for 15 minutes or until the key that asked ends."""
    await service.get(session, external_ref)
    made, expires_at = services.customer_tokens.issue(external_ref, principal.id, now)
    return CustomerToken(token=made, expires_at=expires_at)


@router.post(
    "/{external_ref}/advisor",
    status_code=201,
    summary="Activate the personal advisor",
    response_model=CardAnswer,
    responses={200: {"model": CardAnswer, "description": "The customer had an advisor."}, **problems(409)},
)
async def activate(
    principal: Asker,
    external_ref: Reference,
    wanted: FirstActivationCommand,
    session: Write,
    books: KeptBooks,
    catalogue: KeptWords,
    remember: Remember,
    now: Now,
    new_id: NewId,
) -> Response:
    """Finds an advisor who fits, with a direct dial number, at once. Whoever has one keeps them (200). With
    `customer` whoever may put customers needs no call before this one.

    409 `no-advisor-fits` names the rule that stands in the way; 409 `number-pool-empty` when nobody who fits has a
    number and none is left; in both cases nothing is created.
    """
    if wanted.customer is not None:
        await _introduced(principal, external_ref, wanted.customer, session, books, now, new_id)
    activated = await relationships.activate(session, books, _wish(principal, external_ref, wanted), now, new_id)
    remember.subjects.append(encode("cus", activated.customer_id))
    answer = await card.read(session, catalogue, external_ref, now)
    return Json(answer, 201 if activated.created else 200)


@router.get("/{external_ref}/advisor", summary="Read a customer's advisor")
async def read_card(
    _: Reader, external_ref: Reference, session: Read, catalogue: KeptWords, now: Now
) -> CardAnswer:
    """The advisor as the customer sees them: presence in words, return, number, and why this one."""
    return await card.read(session, catalogue, external_ref, now)


@router.post(
    "/{external_ref}/advisor/change",
    status_code=201,
    summary="Change the advisor",
    responses=problems(409),
)
async def change(
    principal: Asker,
    external_ref: Reference,
    wanted: ActivationCommand,
    session: Write,
    books: KeptBooks,
    catalogue: KeptWords,
    remember: Remember,
    now: Now,
    new_id: NewId,
) -> CardAnswer:
    """Another advisor, without a reason, once in 30 days (the market's policy); else 409 `changed-lately` with
    `next_possible_at`. Where nobody else fits the present advisor stays."""
    changed = await relationships.change(session, books, _wish(principal, external_ref, wanted), now, new_id)
    remember.subjects.append(encode("cus", changed.customer_id))
    return await card.read(session, catalogue, external_ref, now)


@router.delete("/{external_ref}/advisor", status_code=204, summary="End the relationship", response_class=Response)
async def end(
    _: Annotated[Principal, requires("control_center", "supervisor", "customer")],
    external_ref: Reference,
    session: Write,
    now: Now,
) -> None:
    """The customer has no advisor any more, until they activate one again."""
    await relationships.end(session, external_ref, now)


@router.get("/{external_ref}/advisor/history", summary="Read who was whose advisor")
async def history(
    _: Annotated[Principal, requires("control_center", "supervisor", "auditor")],
    external_ref: Reference,
    session: Read,
    page: Paging,
) -> History:
    """Every relationship of the customer, the newest first, without gaps that nobody wanted."""
    rows = await relationships.history(session, external_ref, page.after_start(), page.limit)
    return History(
        items=[public.relationship(row) for row in rows],
        next=page.next_after(rows, lambda row: [row["starts_at"], row["id"]]),
    )


async def _introduced(
    principal: Principal,
    external_ref: str,
    customer: CustomerCommand,
    session: Session,
    books: Books,
    now: datetime,
    new_id: IdMaker,
) -> None:
    """The customer as `PUT` would have it. Raises `Forbidden` for those who may not tell."""
    if principal.grants.isdisjoint(TELLERS):
        raise Forbidden
    with inside("customer"):
        await service.put(session, await books.current(session, now), external_ref, customer, now, new_id)


def _wish(principal: Principal, external_ref: str, wanted: ActivationCommand) -> Wish:
    """An advisor who asks does so on the customer's behalf, and for nobody else's account; customers ask for
    themselves, in the portal."""
    if principal.customer_ref is not None and (wanted.channel != "portal" or wanted.on_behalf_by is not None):
        raise NotYours
    behalf = principal.advisor_id or reference("adv", wanted.on_behalf_by, "/on_behalf_by")
    return Wish(external_ref, wanted.channel, tuple(wanted.wishes.languages), behalf)
