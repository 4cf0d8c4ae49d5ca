"""Customers and their advisor: what the control center, the portal and advisors on a customer's behalf ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from accounts.principal import Principal
from api.dependencies import NewId, Now, Read, Remember, Write, requires
from api.errors import problems
from api.kept import KeptBooks, KeptWords
from api.rendering import Json, reference
from api.transactional import TransactionalRoute
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
from kit.errors import Forbidden, inside
from kit.fields import Ref
from kit.ids import IdMaker, encode

router = APIRouter(prefix="/v1/customers", tags=["Customers"], route_class=TransactionalRoute)

Reference = Annotated[Ref, Path(description="The control center's pseudonymous number of the customer.")]
TELLERS = ("control_center", "supervisor", "admin")
"""Who may say what a customer is."""
Told = Annotated[Principal, requires(*TELLERS)]
Reader = Annotated[Principal, requires("control_center", "advisor", "lead", "supervisor", "auditor")]
Asker = Annotated[Principal, requires("control_center", "advisor", "lead", "supervisor")]


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
    books: KeptBooks,
    now: Now,
    new_id: NewId,
) -> Response:
    """The whole customer as it should be; what is left out has its default. A customer stays in their market."""
    shelf = await books.current(session, now)
    written = await service.put(session, shelf, external_ref, wanted, now, new_id)
    answer = public.customer(await service.get(session, external_ref))
    return Json(answer, 201 if written.outcome == "created" else 200)


@router.get("/{external_ref}", summary="Read a customer")
async def get(
    _: Annotated[Principal, requires("control_center", "supervisor", "auditor")],
    external_ref: Reference,
    session: Read,
) -> CustomerAnswer:
    """What we know about a customer; their advisor is at `…/advisor`."""
    return public.customer(await service.get(session, external_ref))


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
    _: Annotated[Principal, requires("control_center", "supervisor")],
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
) -> History:
    """Every relationship of the customer, the newest first, without gaps that nobody wanted."""
    rows = await relationships.history(session, external_ref)
    return History(items=[public.relationship(row) for row in rows])


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
    """An advisor who asks does so on the customer's behalf, and for nobody else's account."""
    behalf = principal.advisor_id or reference("adv", wanted.on_behalf_by, "/on_behalf_by")
    return Wish(external_ref, wanted.channel, tuple(wanted.wishes.languages), behalf)
