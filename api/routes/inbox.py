"""An advisor's chats and mails: taken, read, answered, handed over, ended."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from accounts.principal import Principal
from api.dependencies import FromServices, Now, Read, Remember, Remembered, Write, requires
from api.errors import problems
from api.exchange import exchange_of
from api.rendering import Paging, reference
from api.routes.desk import advisor_of, may_see
from api.transactional import TransactionalRoute
from contacts import inbox, queries
from contacts.desk import WrapUp
from contacts.public import contact_state
from contacts.schemas import ContactOut, HandOverIn, InboxOut, ReplyIn, WrapUpIn
from contacts.writing import Contact
from correspondence import queries as threads
from correspondence.schemas import MessagesOut, WrittenOut, shown, stored
from kit.errors import NotFound
from kit.ids import decode, encode

router = APIRouter(prefix="/v1", tags=["Inbox"], route_class=TransactionalRoute)

Advisor = Annotated[Principal, requires("advisor", "lead")]
Reader = Annotated[Principal, requires("advisor", "lead", "supervisor")]


def _about(remember: Remembered, row: Contact) -> None:
    if row["customer_id"] is not None:
        remember.subjects.append(encode("cus", row["customer_id"]))


@router.get("/desk/inbox", summary="My chats and mails")
async def mine(principal: Advisor, session: Read) -> InboxOut:
    """What is offered to me and what I have taken, the oldest first; offers come with the stream."""
    rows = await queries.in_writing_of(session, advisor_of(principal))
    return InboxOut(contacts=[contact_state(row) for row in rows])


@router.post("/offers/{offer_id}/accept", summary="Take a chat or a mail", responses=problems(404, 409))
async def accept(
    principal: Advisor, offer_id: str, session: Write, services: FromServices, remember: Remember, now: Now
) -> ContactOut:
    """A call is taken by picking up the phone (409 `answered-by-phone`)."""
    offer = decode("off", offer_id)
    row = await inbox.accept(session, exchange_of(services), advisor_of(principal), offer, now)
    _about(remember, row)
    return ContactOut(contact=contact_state(row))


@router.get("/contacts/{contact_id}/thread", summary="What was written", responses=problems(404))
async def thread(
    principal: Reader, contact_id: str, session: Read, services: FromServices, page: Paging
) -> MessagesOut:
    """The whole thread, the oldest first; of a call there is none. `next` is where to go on, also when more is
    written later."""
    row = await queries.by_id(session, decode("con", contact_id))
    if row is None or not await may_see(principal, row, session, services):
        raise NotFound
    rows = await threads.messages(session, row["thread_id"], row["market_id"], page.after_number(), page.limit)
    names = {one["advisor_id"]: encode("adv", one["advisor_id"]) for one in rows if one["advisor_id"] is not None}
    items = [shown(one, lambda code: code, names) for one in rows]
    return MessagesOut(items=items, next=page.cursor(rows[-1]["ordinal"]) if rows else None)


@router.post(
    "/contacts/{contact_id}/messages", status_code=201, summary="Answer in writing", responses=problems(404, 409)
)
async def reply(
    principal: Advisor,
    contact_id: str,
    wanted: ReplyIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> WrittenOut:
    """Whoever answers what is offered to them takes it by that. A mail is done with its answer, unless `ends` says
    otherwise; a chat goes on."""
    contact = decode("con", contact_id)
    row, written = await inbox.reply(
        session, exchange_of(services), advisor_of(principal), contact, wanted.text, now, ends=wanted.ends
    )
    _about(remember, row)
    return stored(written)


@router.post("/contacts/{contact_id}/end", summary="End a chat or a mail", responses=problems(404, 409))
async def end(
    principal: Advisor,
    contact_id: str,
    done: WrapUpIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> ContactOut:
    """What it was about and whether it was solved may be said now, or later by the same request."""
    told = WrapUp(done.disposition, done.solved, done.note)
    contact = decode("con", contact_id)
    row = await inbox.end(session, exchange_of(services), advisor_of(principal), contact, told, now)
    _about(remember, row)
    return ContactOut(contact=contact_state(row))


@router.post("/contacts/{contact_id}/hand-over", summary="Hand over a chat or a mail", responses=problems(404, 409))
async def hand_over(
    principal: Advisor,
    contact_id: str,
    wanted: HandOverIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> ContactOut:
    """It is offered to the colleague who is named, else to the best of the desk group who is free; 409
    `nobody-free` leaves it where it is."""
    to = reference("adv", wanted.advisor, "/advisor")
    contact = decode("con", contact_id)
    row = await inbox.hand_over(session, exchange_of(services), advisor_of(principal), contact, to, now)
    _about(remember, row)
    return ContactOut(contact=contact_state(row))
