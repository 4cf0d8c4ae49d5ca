"""The ledger of promises: figures about all, a list for those who lead, and the history of one."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from accounts.principal import Principal
from accounts.roles import DESK
from api.dependencies import Read, Report, requires
from api.errors import problems
from api.rendering import Paging
from api.transactional import TransactionalRoute
from kit.database import ReadSession
from kit.errors import NotFound
from kit.ids import decode, encode
from kit.wire import Moment
from reporting import ledger, ledger_queries, ledger_schemas
from reporting.ledger_schemas import HistoryOut, LedgerOut, PromisesOut

router = APIRouter(prefix="/v1/callbacks", tags=["Callbacks"], route_class=TransactionalRoute)

Leader = Annotated[Principal, requires("lead", "supervisor", "auditor")]
State = Literal[
    "requested",
    "scheduled",
    "due",
    "offered",
    "dialling",
    "missed",
    "done",
    "failed",
    "settled",
    "cancelled",
    "merged",
]


@router.get("/ledger", summary="Read the ledger of promises")
async def read(
    _: Annotated[Principal, requires(*DESK, "admin", "auditor")],
    session: Report,
    since: Annotated[Moment, Query(description="Promises given from then on.")],
    until: Annotated[Moment, Query(description="And before then; at most 92 days later.")],
) -> LedgerOut:
    """Promised, kept, late, moved, broken, and why; by day, market and desk group of five people or more."""
    return ledger_schemas.ledger(await ledger.lines(session, since, until))


@router.get("/ledger/promises", summary="List promises")
async def listed(
    principal: Leader, session: Read, page: Paging, state: State | None = None, market: str | None = None
) -> PromisesOut:
    """The newest first; leads see those of their groups."""
    lead = _only(principal)
    rows = await ledger_queries.listed(session, state, market, lead, page.after_id(), page.limit)
    return PromisesOut(
        callbacks=[ledger_schemas.promise(row) for row in rows], next=page.next_after(rows, lambda row: [row["id"]])
    )


@router.get("/{callback_id}/history", summary="Read the history of a promise", responses=problems(404))
async def history(principal: Leader, callback_id: str, session: Read) -> HistoryOut:
    """Every change with its reason and who made it, as long as events are kept."""
    identifier = decode("cb", callback_id)
    await _check_seen(session, principal, identifier)
    rows = await ledger_queries.history(session, encode("cb", identifier))
    if not rows:
        raise NotFound
    return HistoryOut(changes=[ledger_schemas.change(row) for row in rows])


def _only(principal: Principal) -> UUID | None:
    """Whose groups alone are seen; a lead without an advisor leads nobody."""
    if principal.role != "lead":
        return None
    return principal.advisor_id or UUID(int=0)


async def _check_seen(session: ReadSession, principal: Principal, callback_id: UUID) -> None:
    lead = _only(principal)
    if lead is not None and not await ledger_queries.is_of_lead(session, callback_id, lead):
        raise NotFound
