"""What chats and mails have in common: how a contact in writing begins, is taken, and comes to its end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contacts import channels, queries
from contacts.arrivals import PRIORITIES, language_of
from contacts.conversations import open_promise, own_presence, place_again, rescind, settle, step
from contacts.directory import MarketEntry
from contacts.placing import place
from contacts.situation import Case, Scene
from correspondence import service as correspondence
from correspondence.service import NewMessage, Of
from kit.database import Row
from routing import written

Contact = dict[str, Any]


def draft(
    scene: Scene, market: MarketEntry, channel: str, thread: Row, customer: Mapping[str, Any] | None
) -> Contact:
    """A contact that is not stored yet, for a thread that is."""
    row: Contact = dict.fromkeys(queries.COLUMNS)
    now = scene.now
    own_id = thread["advisor_id"]
    row.update(
        id=scene.exchange.new_id(now),
        market_id=market.id,
        channel=channel,
        direction="in",
        state="received",
        since=now,
        received_at=now,
        age_at=now,
        customer_id=thread["customer_id"],
        language=thread["language"],
        needs=scene.directory.needs(customer["products"]) if customer is not None else {},
        priority=PRIORITIES.get(customer["tier"], 0) if customer is not None else 0,
        own_advisor_id=own_id,
        own_by=None if own_id is None else "relationship" if customer is not None else "number",
        choices_asked=0,
        tried=[],
        last_signal_at=now,
        thread_id=thread["id"],
    )
    return row


def spoken(market: MarketEntry, customer: Mapping[str, Any] | None) -> str:
    return language_of(market, customer["languages"] if customer is not None else ())


async def begin(scene: Scene, row: Contact, new: NewMessage) -> Contact:
    """Find a place for a new contact, and write what it began with."""
    case = Case(row, new=True, own_presence=await own_presence(scene, row))
    row = (await place(scene, [case]))[0].case.row
    await write(scene, row, new)
    return row


async def write(scene: Scene, row: Contact, new: NewMessage) -> Row | None:
    return await correspondence.write(scene.session, Of.contact(row), new, scene.now, scene.exchange.new_id)


async def note(scene: Scene, row: Contact, code: str) -> None:
    """A line of the system in the thread; its words are made for whoever reads it."""
    await write(scene, row, NewMessage("system", code=code))


async def taken(scene: Scene, row: Contact) -> Contact:
    """The advisor has accepted. A chat has got through by that, a mail by its answer."""
    now, rules = scene.now, scene.market(row).policy(scene.now).writing
    if row["channel"] == "chat":
        deadline = now + timedelta(minutes=rules.chat_idle_minutes)
        return await step(
            scene, row, "connected", "contact.connected",
            answered_at=row["answered_at"] or now, deadline_at=deadline, last_signal_at=now, tried=[],
        )  # fmt: skip
    deadline = now + timedelta(minutes=rules.email_answer_within_minutes)
    return await step(scene, row, "connected", "contact.connected", deadline_at=deadline, tried=[])


async def got_through(scene: Scene, row: Contact) -> None:
    """What was promised to this customer has lost its point."""
    promise = await open_promise(scene, row)
    if promise is not None:
        await settle(scene, promise)


def own_turn(scene: Scene, row: Mapping[str, Any]) -> datetime:
    """Until when a mail that comes now waits for its own advisor; see `routing.written.own_until`."""
    now, market = scene.now, scene.market(row)
    own = scene.directory.advisors.get(row["own_advisor_id"]) if row["own_advisor_id"] else None
    opens_at = market.hours.next_open(now)
    day_ends_at = market.hours.closes_at(opens_at) if opens_at is not None else None
    within = timedelta(minutes=market.policy(now).writing.email_own_within_minutes)
    return written.own_until(now, own.returns_at(now) if own is not None else None, day_ends_at, within)


async def becomes_message(scene: Scene, row: Contact) -> Contact:
    """Nobody was there for the chat: what was written is answered as a mail is, the own advisor first."""
    turn = own_turn(scene, row)
    learnt = {"channel": "email", "own_until": turn, "choice": None, "waiting_since": None, "tried": []}
    row = await place_again(scene, row, **learnt)
    await note(scene, row, "message_left")
    return row


async def finish(scene: Scene, row: Contact, reason: str) -> Contact:
    """The end of a contact that somebody had taken: nothing in writing needs a pause to wrap up."""
    await channels.free(scene, row["id"])
    now = scene.now
    row = await step(scene, row, "wrapping", "contact.wrapping", hung_up_at=now, deadline_at=None)
    return await step(scene, row, "completed", "contact.completed", ended_at=now, ended_reason=reason)


async def give_up(scene: Scene, row: Contact, reason: str) -> Contact:
    """The end of one that nobody has taken."""
    await channels.free(scene, row["id"])
    return await step(
        scene, row, "abandoned", "contact.abandoned", ended_at=scene.now, ended_reason=reason, deadline_at=None
    )


async def end_all(scene: Scene, customer_id: UUID, reason: str) -> None:
    """Nothing more is written to this customer: whatever is open ends."""
    for row in await queries.lock_in_writing_of(scene.session, customer_id):
        if row["state"] == "connected":
            await finish(scene, row, reason)
        else:
            await rescind(scene, row, reason)
            await give_up(scene, row, reason)
