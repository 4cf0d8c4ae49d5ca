"""What colleagues tell each other of a customer: the offer with its briefing, remarks, notes back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from accounts.principal import Principal
from api.dependencies import Now, Read, Write, keyless, requires
from api.errors import problems
from api.kept import KeptWords
from api.rendering import Paging
from api.routes.desk import advisor_of
from api.transactional import TransactionalRoute
from api.versions import MustMatch, Tagged
from contacts import briefing, note_queries, notes, offer_queries, schemas
from contacts.public import offer_state
from contacts.schemas import NoteAnswer, Notes, OfferOut, RemarksAnswer, RemarksCommand
from customers import remarks
from kit.database import Row
from kit.errors import NotFound
from kit.fields import Ref
from kit.ids import decode

router = APIRouter(prefix="/v1", tags=["Desk"], route_class=TransactionalRoute)

Advisor = Annotated[Principal, requires("advisor", "lead")]
Staff = Annotated[Principal, requires("advisor", "lead", "supervisor")]
Reference = Annotated[Ref, Path(description="The control center's pseudonymous number of the customer.")]


@router.get("/offers/{offer_id}", summary="An offer with its briefing", responses=problems(404))
async def offer(principal: Staff, offer_id: str, session: Read, catalogue: KeptWords) -> OfferOut:
    """For the advisor to whom it was made, their lead, supervisors. The briefing is null when it is over."""
    identifier = decode("off", offer_id)
    row, brief = await offer_queries.offer(session, identifier), await briefing.read(session, identifier)
    if row is None or brief is None or not _may_see(principal, brief):
        raise NotFound
    return OfferOut(offer=offer_state(row), briefing=briefing.of(brief, catalogue))


@router.get("/customers/{external_ref}/remarks", summary="Read remarks on a customer", responses=problems(404))
async def read_remarks(principal: Staff, external_ref: Reference, session: Read, versions: Tagged) -> RemarksAnswer:
    """The own advisor's, for themselves and supervisors; colleagues read them in the briefing."""
    supervises = principal.role == "supervisor"
    if principal.advisor_id is None and not supervises:
        raise NotFound
    owner = None if supervises else principal.advisor_id
    return versions.of(schemas.remarks(await remarks.get(session, external_ref, owner)))


@router.put("/customers/{external_ref}/remarks", summary="Write remarks on a customer", responses=problems(404))
async def write_remarks(
    principal: Advisor,
    external_ref: Reference,
    wanted: RemarksCommand,
    session: Write,
    versions: MustMatch,
    now: Now,
) -> RemarksAnswer:
    """For colleagues who pick up in one's place. It is the customer's data: told to them, and erased with them."""
    me = advisor_of(principal)
    row = await remarks.locked(session, external_ref, me)
    versions.check(schemas.remarks(row))
    await remarks.write(session, row, wanted.text, me, now)
    return versions.of(schemas.remarks(await remarks.get(session, external_ref, me)))


@router.get("/notes", summary="My notes")
async def listed(
    principal: Advisor,
    session: Read,
    page: Paging,
    box: Annotated[note_queries.Box, Query(description="To me, or by me with when they were read.")] = "received",
    state: Annotated[schemas.NoteState | None, Query(description="Only those.")] = None,
) -> Notes:
    """What colleagues did for my customers, the newest first."""
    rows = await note_queries.listed(session, advisor_of(principal), box, state, page.after_id(), page.limit)
    return Notes(items=[schemas.note(row) for row in rows], next=page.next_after(rows, lambda row: [row["id"]]))


@router.post("/notes/{note_id}/read", status_code=200, summary="I have read a note", responses=problems(404))
@keyless("it is read once, however often that is said")
async def read(principal: Advisor, note_id: str, session: Write, now: Now) -> NoteAnswer:
    """The colleague who wrote it hears of that."""
    note = decode("note", note_id)
    row = await notes.read(session, advisor_of(principal), note, now)
    return schemas.note_state_only(row)


def _may_see(principal: Principal, brief: Row) -> bool:
    me: UUID | None = principal.advisor_id
    if principal.role == "supervisor":
        return True
    return me is not None and (brief["advisor_id"] == me or (principal.role == "lead" and brief["lead_id"] == me))
