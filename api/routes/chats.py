"""A customer's chats: opened and written in by the portal, or by the control center on the customer's behalf."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path

from accounts.principal import Principal
from api.dependencies import FromServices, Now, Remember, Remembered, Write, requires
from api.errors import problems
from api.exchange import exchange_of
from api.rendering import Paging
from api.services import Services
from api.transactional import TransactionalRoute
from contacts import arrivals, chats
from contacts.chat_view import ChatIn, ChatOut, ChoiceIn, chat, first_names
from contacts.situation import Scene
from contacts.writing import Contact
from correspondence import queries
from correspondence.schemas import MessagesOut, TextIn, WrittenOut, shown, stored
from kit.database import Session
from kit.fields import Ref
from kit.ids import decode, encode
from kit.words import Words

router = APIRouter(prefix="/v1/customers/{external_ref}/chats", tags=["Chats"], route_class=TransactionalRoute)

Reference = Annotated[Ref, Path(description="The control center's pseudonymous number of the customer.")]
Writer = Annotated[Principal, requires("control_center", "customer")]


async def _scene(session: Session, services: Services, now: datetime) -> Scene:
    return await arrivals.scene_for(session, exchange_of(services), now)


def _about(remember: Remembered, row: Contact) -> None:
    """The answer is kept for repeats, and an erasure of the customer must find it."""
    remember.subjects.append(encode("cus", row["customer_id"]))


@router.post("", status_code=201, summary="Open a chat", responses=problems(404, 409))
async def open_chat(
    _: Writer,
    external_ref: Reference,
    wanted: ChatIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> ChatOut:
    """The own advisor is asked first; where they can't answer, the answer says why and what may be chosen. A
    customer has one chat at a time (409 `chat-under-way`)."""
    scene = await _scene(session, services, now)
    row = await chats.open_chat(scene, external_ref, wanted.text)
    _about(remember, row)
    return chat(scene, row)


@router.get("/{chat_id}", summary="A chat", responses=problems(404))
async def read(
    _: Writer, external_ref: Reference, chat_id: str, session: Write, services: FromServices, now: Now
) -> ChatOut:
    """Who is there, what may be chosen."""
    row = await chats.of_customer(session, external_ref, decode("con", chat_id))
    return chat(await _scene(session, services, now), row)


@router.get("/{chat_id}/messages", summary="Messages of a chat", responses=problems(404))
async def messages(
    _: Writer, external_ref: Reference, chat_id: str, session: Write, services: FromServices, page: Paging, now: Now
) -> MessagesOut:
    """The oldest first; `next` is where to go on, also when more is written later."""
    row = await chats.of_customer(session, external_ref, decode("con", chat_id))
    scene = await _scene(session, services, now)
    rows = await queries.messages(session, row["thread_id"], row["market_id"], page.after_number(), page.limit)
    words = Words(scene.exchange.catalogue, row["language"], scene.market(row).hours.zone, now)
    names = first_names(scene)
    items = [shown(one, lambda code: words.say(f"thread.{code}"), names) for one in rows]
    return MessagesOut(items=items, next=page.cursor(rows[-1]["ordinal"]) if rows else None)


@router.post("/{chat_id}/messages", status_code=201, summary="Write in a chat", responses=problems(404, 409))
async def write(
    _: Writer,
    external_ref: Reference,
    chat_id: str,
    wanted: TextIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> WrittenOut:
    """Stored before it is answered; 409 `chat-over` when the chat has ended."""
    row = await chats.of_customer(session, external_ref, decode("con", chat_id))
    _about(remember, row)
    return stored(await chats.say(await _scene(session, services, now), row, wanted.text))


@router.post("/{chat_id}/choose", summary="Choose what to do meanwhile", responses=problems(404, 409))
async def choose(
    _: Writer,
    external_ref: Reference,
    chat_id: str,
    wanted: ChoiceIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> ChatOut:
    """A colleague now, a callback in the earliest window, holding for the own advisor, or leaving what was written
    as a message; of these what `choices` names."""
    scene = await _scene(session, services, now)
    row = await chats.of_customer(session, external_ref, decode("con", chat_id))
    _about(remember, row)
    return chat(scene, await chats.choose(scene, row, external_ref, wanted.choice))


@router.post("/{chat_id}/leave", summary="Leave a chat", responses=problems(404))
async def leave(
    _: Writer,
    external_ref: Reference,
    chat_id: str,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> ChatOut:
    """The chat is over. What has become a message is still answered."""
    scene = await _scene(session, services, now)
    row = await chats.of_customer(session, external_ref, decode("con", chat_id))
    _about(remember, row)
    return chat(scene, await chats.leave(scene, row))
