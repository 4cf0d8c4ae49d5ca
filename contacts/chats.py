"""What customers do in a chat: open it, write, choose, leave.

Promises
- What was written is stored before it is answered, whatever becomes of the chat.
- A customer has at most one open chat; a guard of the database holds.
- Nobody is left without an answer: a chat that nobody takes, and a choice that is not made, become a message, which
  is answered as a mail is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from contacts import queries, wishes
from contacts.conversations import place_again, rescind, step
from contacts.situation import Scene
from contacts.writing import Contact, becomes_message, begin, draft, finish, give_up, spoken, write
from correspondence import service as correspondence
from correspondence.service import NewMessage, NewThread
from kit.database import Row, Session
from kit.errors import Conflict, NotFound

Choice = Literal["colleague", "callback", "hold", "message"]


class ChatUnderWay(Conflict):
    word, title = "chat-under-way", "This customer has a chat that is not over."


class ChatOver(Conflict):
    word, title = "chat-over", "This chat is over."


class NotOffered(Conflict):
    word, title = "choice-not-offered", "That choice is not offered now."


async def open_chat(scene: Scene, external_ref: str, text: str) -> Contact:
    """Own advisor first, as a call would be. Raises `NotFound`, `ChatUnderWay`."""
    session = scene.session
    customer = await _locked_customer(session, external_ref)
    under_way = await queries.open_chat_of(session, customer["customer_id"])
    if under_way is not None:
        raise ChatUnderWay(present_state=under_way["state"])
    market = scene.directory.markets[customer["market_id"]]
    new = NewThread(
        market_id=market.id,
        channel="chat",
        language=spoken(market, customer),
        customer_id=customer["customer_id"],
        advisor_id=customer["related_advisor_id"],
    )
    thread = await correspondence.open_thread(session, new, scene.now, scene.exchange.new_id)
    return await begin(scene, draft(scene, market, "chat", thread, customer), NewMessage("customer", text))


async def _locked_customer(session: Session, external_ref: str) -> Row:
    """Nobody opens another chat for them meanwhile, or erases them."""
    customer = await queries.customer(session, external_ref)
    if customer is None or not await queries.hold_customer(session, customer["customer_id"]):
        raise NotFound
    return customer


async def of_customer(session: Session, external_ref: str, contact_id: UUID) -> Contact:
    """The customer's chat, locked; somebody else's is not there, and neither is a call."""
    row = await queries.lock(session, contact_id)
    customer = await queries.customer(session, external_ref)
    if row is None or customer is None or row["customer_id"] != customer["customer_id"] or row["thread_id"] is None:
        raise NotFound
    return row


async def say(scene: Scene, row: Contact, text: str) -> Row:
    """Another message of the customer's. Raises `ChatOver`."""
    _still_open(row)
    changes: dict[str, Any] = {"last_signal_at": scene.now}
    if row["state"] == "connected" and row["channel"] == "chat":
        changes["deadline_at"] = idle_at(scene, row)
    row = await queries.save(scene.session, row, **changes)
    stored = await write(scene, row, NewMessage("customer", text))
    assert stored is not None  # no mail, so never a repeat
    return stored


def idle_at(scene: Scene, row: Contact) -> datetime:
    return scene.now + timedelta(minutes=scene.market(row).policy(scene.now).writing.chat_idle_minutes)


async def choose(scene: Scene, row: Contact, external_ref: str, choice: Choice) -> Contact:
    """What the customer wants while the own advisor can't answer. Raises `ChatOver`, `NotOffered`, and for a
    callback what promising one raises."""
    _still_open(row)
    offered = (row["menu"] or {}).get("choices", ())
    while_waiting = row["state"] == "waiting" and row["channel"] == "chat" and choice in ("callback", "message")
    if not while_waiting and (row["state"] != "choosing" or choice not in offered):
        raise NotOffered(present_state=row["state"])
    if choice == "message":
        return await becomes_message(scene, row)
    if choice == "callback":
        return await _callback(scene, row, external_ref)
    told = (row["menu"].get("expected_wait_s") or {}).get("hold") if choice == "hold" else None
    return await place_again(scene, row, choice=choice, hold_told_s=told)


async def _callback(scene: Scene, row: Contact, external_ref: str) -> Contact:
    """The earliest window, which can be moved; the chat ends with it."""
    found = await wishes.slots(scene, external_ref)
    if not found:
        raise NotOffered(present_state=row["state"])
    promise = await wishes.promise(scene, external_ref, found[0].slot.starts_at, None, None)
    return await step(
        scene, row, "promised", "contact.promised",
        callback_id=promise["id"], ended_at=scene.now, ended_reason="promised", deadline_at=None,
    )  # fmt: skip


async def leave(scene: Scene, row: Contact) -> Contact:
    """The customer has closed the chat; a second time changes nothing. What became a message is still answered."""
    if row["ended_at"] is not None or row["channel"] == "email":
        return row
    if row["state"] == "connected":
        return await finish(scene, row, "left")
    await rescind(scene, row, "customer_gone")
    return await give_up(scene, row, "left")


def _still_open(row: Contact) -> None:
    if row["ended_at"] is not None:
        raise ChatOver(present_state=row["state"])
