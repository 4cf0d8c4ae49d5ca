"""Exports, and erasures that take two persons."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from accounts.principal import Principal
from accounts.roles import EVERYBODY
from api.dependencies import FromServices, NewId, Now, Read, Write, requires
from api.errors import problems
from api.exchange import exchange_of
from api.rendering import Json, Paging
from api.transactional import TransactionalRoute
from kit.fields import Ref
from kit.ids import decode
from privacy import erasures, queries, schemas, service
from privacy.schemas import ErasureAnswer, ErasureCommand, Erasures, ExportAnswer, State

router = APIRouter(prefix="/v1", tags=["Privacy"], route_class=TransactionalRoute)

Reference = Annotated[Ref, Path(description="The control center's pseudonymous number of the customer.")]
Asker = Annotated[Principal, requires("control_center", "supervisor", "admin", "auditor")]
Decider = Annotated[Principal, requires("admin", "auditor")]


@router.get("/customers/{external_ref}/export", summary="Everything about a customer", response_model=ExportAnswer)
async def export(
    _: Annotated[Principal, requires("control_center", "admin", "auditor")],
    external_ref: Reference,
    session: Read,
    now: Now,
) -> Response:
    """Every column that concerns the customer, of every table, with why and for how long it is kept."""
    return Json(await service.export_customer(session, external_ref, now))


@router.get("/sessions/current/export", summary="Everything about me", response_model=ExportAnswer)
async def export_own(principal: Annotated[Principal, requires(*EVERYBODY)], session: Read, now: Now) -> Response:
    """The account of whoever is signed in, and the advisor where they are one."""
    return Json(await service.export_own(session, principal.id, principal.advisor_id, now))


@router.post(
    "/customers/{external_ref}/erase",
    status_code=202,
    summary="Ask for an erasure",
    responses=problems(404),
)
async def ask(
    principal: Asker,
    external_ref: Reference,
    wanted: ErasureCommand,
    session: Write,
    now: Now,
    new_id: NewId,
) -> ErasureAnswer:
    """Nothing is erased before somebody else approves. Asked again, the open request is answered."""
    row = await erasures.request(session, external_ref, wanted.reason, principal.name_for_keys, now, new_id)
    return schemas.erasure(row)


@router.get("/erasures", summary="List erasures")
async def listed(
    _: Decider,
    session: Read,
    page: Paging,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
) -> Erasures:
    """In the order in which they were asked for."""
    rows = await queries.erasures(session, state, page.after_id(), page.limit)
    return Erasures(
        items=[schemas.erasure(row) for row in rows], next=page.next_after(rows, lambda row: [row["id"]])
    )


@router.post("/erasures/{erasure_id}/approve", summary="Approve an erasure", responses=problems(404, 409))
async def approve(
    principal: Decider, erasure_id: str, session: Write, services: FromServices, now: Now
) -> ErasureAnswer:
    """Erases at once. 409 `same-person` for whoever asked; 409 `call-under-way` while somebody speaks with the
    customer: try again later. Open callbacks are cancelled."""
    exchange = exchange_of(services)
    row = await erasures.approve(session, exchange, decode("era", erasure_id), principal.name_for_keys, now)
    return schemas.erasure(row)


@router.post("/erasures/{erasure_id}/decline", summary="Decline an erasure", responses=problems(404, 409))
async def decline(principal: Decider, erasure_id: str, session: Write, now: Now) -> ErasureAnswer:
    """Everything stays as it is; it may be asked for again."""
    return schemas.erasure(await erasures.decline(session, decode("era", erasure_id), principal.name_for_keys, now))
