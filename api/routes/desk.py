"""The advisor's own desk: status, offers, wrap-up."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from accounts.principal import Principal
from advisors import presences
from advisors.public import presence_state
from api.dependencies import FromServices, Now, Read, Write, keyless, requires
from api.errors import problems
from api.exchange import exchange_of
from api.transactional import TransactionalRoute
from api.versions import unversioned
from contacts import desk, offer_queries, queries
from contacts.desk import WrapUp
from contacts.public import contact_state, offer_state
from contacts.schemas import ContactOut, DeskOut, PresenceOut, RejectIn, StatusIn, WrapUpIn
from desk_groups import queries as groups
from kit.errors import Forbidden, NotFound
from kit.ids import decode, encode

router = APIRouter(prefix="/v1", tags=["Desk"], route_class=TransactionalRoute)

Advisor = Annotated[Principal, requires("advisor", "lead")]
Staff = Annotated[Principal, requires("advisor", "lead", "supervisor", "auditor")]


class NoDesk(Forbidden):
    word, title = "no-desk", "This account doesn't belong to an advisor."


def advisor_of(principal: Principal) -> UUID:
    """Whose desk it is. Raises `NoDesk`."""
    if principal.advisor_id is None:
        raise NoDesk
    return principal.advisor_id


@router.get("/desk", summary="My desk")
async def mine(principal: Advisor, session: Write) -> DeskOut:
    """Presence, the offer that rings, the contact under way."""
    advisor_id = advisor_of(principal)
    presence = await presences.lock(session, advisor_id)
    offer = await offer_queries.open_offer_of(session, advisor_id)
    contact = await desk.current(session, advisor_id)
    group = {"desk_group_id": presence["desk_group_id"]}
    return DeskOut(
        advisor=encode("adv", advisor_id),
        presence=presence_state(presence),
        offer=offer_state({**offer, **group}) if offer is not None else None,
        contact=contact_state(contact) if contact is not None else None,
    )


@router.put("/desk/presence", summary="Choose a status", responses=problems(409))
@unversioned("nobody else chooses one's status, and the last word counts")
async def choose(
    principal: Advisor, wanted: StatusIn, session: Write, services: FromServices, now: Now
) -> PresenceOut:
    """During a contact it becomes the next status; while ringing, `break` and `meeting` refuse the offer."""
    advisor_id = advisor_of(principal)
    chosen = await desk.choose(session, exchange_of(services), advisor_id, wanted.state, now, wanted.reason)
    return PresenceOut(state=chosen.state, next_state=chosen.next_state, reason=chosen.reason)


@router.post("/desk/heartbeat", summary="The desk is open", status_code=204, response_class=Response)
@keyless("a heartbeat only prolongs a lease")
async def heartbeat(principal: Advisor, session: Write, now: Now) -> Response:
    """Every 10 s while the desk is open; after 25 s without one the advisor is offline."""
    await desk.heartbeat(session, advisor_of(principal), now)
    return Response(status_code=204)


@router.post(
    "/offers/{offer_id}/reject",
    summary="Refuse an offer",
    status_code=204,
    response_class=Response,
    responses=problems(404, 409),
)
async def reject(
    principal: Advisor, offer_id: str, wanted: RejectIn, session: Write, services: FromServices, now: Now
) -> Response:
    """The ringing ends; the contact goes on to somebody else and keeps its age."""
    offer = decode("off", offer_id)
    await desk.reject(session, exchange_of(services), advisor_of(principal), offer, wanted.reason, now)
    return Response(status_code=204)


@router.post("/contacts/{contact_id}/wrap-up", summary="Finish a wrap-up", responses=problems(404, 409))
async def wrap_up(
    principal: Advisor, contact_id: str, done: WrapUpIn, session: Write, services: FromServices, now: Now
) -> ContactOut:
    """Disposition, solved or not, and a note. Ends the wrap-up; notes may be added later too."""
    told = WrapUp(done.disposition, done.solved, done.note)
    contact = decode("con", contact_id)
    row = await desk.wrap_up(session, exchange_of(services), advisor_of(principal), contact, told, now)
    return ContactOut(contact=contact_state(row))


@router.get("/contacts/{contact_id}", summary="A contact", responses=problems(404))
async def contact(principal: Staff, contact_id: str, session: Read, services: FromServices) -> ContactOut:
    """As the stream shows it. Advisors see their own and their desk group's contacts, leads besides those of the
    groups that they lead; others are not there for them."""
    row = await queries.by_id(session, decode("con", contact_id))
    if row is None or not await may_see(principal, row, session, services):
        raise NotFound
    return ContactOut(contact=contact_state(row))


async def may_see(principal: Principal, row: dict[str, object], session: Read, services: FromServices) -> bool:
    """Whether this contact is within the reach of whoever asks."""
    if principal.role in ("supervisor", "auditor"):
        return True
    directory = await exchange_of(services).directory.current(session)
    own = directory.advisors.get(principal.advisor_id) if principal.advisor_id is not None else None
    if own is None:
        return False
    group_id = row["desk_group_id"]
    if own.id in (row["advisor_id"], row["own_advisor_id"]) or (group_id is not None and group_id == own.group_id):
        return True
    return principal.role == "lead" and isinstance(group_id, UUID) and await _leads(session, own.id, group_id)


async def _leads(session: Read, advisor_id: UUID, group_id: UUID) -> bool:
    group = await groups.one(session, group_id)
    return group is not None and group["lead_id"] == advisor_id
