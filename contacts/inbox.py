"""What advisors do with chats and mails: take them, write, hand them over, end them.

Contacts are locked before promises, promises before presences, as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from advisors import presence_queries
from contacts import arrivals, channels, offer_queries, queries, slot_queries
from contacts.chats import idle_at
from contacts.conversations import close_offer
from contacts.desk import OfferExpired, WrapUp
from contacts.exchange import Exchange
from contacts.placing import Placed, carry_out, plan_for
from contacts.situation import Case, Scene, person
from contacts.writing import Contact, finish, got_through, taken, write
from correspondence import letters
from correspondence import queries as threads
from correspondence.service import NewMessage
from kit.database import Row, Session
from kit.errors import Conflict, NotFound
from kit.ids import encode
from notifications import service as notifications
from routing.plan import Explanation, Offer, Reason, Trail
from routing.problem import Need
from routing.rules import Asked, veto


class AnsweredByPhone(Conflict):
    word, title = "answered-by-phone", "A call is taken by picking up the phone."


class NotInWriting(Conflict):
    word, title = "not-in-writing", "That is a call: nobody writes in it."


class NotUnderWay(Conflict):
    word, title = "not-under-way", "Nobody has taken this contact, or it is over."


class NobodyFree(Conflict):
    """Told with the rule that stands in the way, where somebody was named."""

    word, title = "nobody-free", "Nobody who may take it is free."


async def accept(session: Session, exchange: Exchange, advisor_id: UUID, offer_id: UUID, now: datetime) -> Contact:
    """Take a chat or a mail. Raises `NotFound`, `AnsweredByPhone`, `OfferExpired`."""
    seen = await offer_queries.offer(session, offer_id)
    if seen is None or seen["advisor_id"] != advisor_id:
        raise NotFound
    if seen["channel"] == "phone":
        raise AnsweredByPhone
    row = await queries.lock(session, seen["contact_id"])
    assert row is not None  # never deleted
    scene = await arrivals.scene_for(session, exchange, now)
    if row["channel"] == "chat":
        await got_through(scene, row)
    return await _accept(scene, row, seen)


async def _accept(scene: Scene, row: Contact, offer: Mapping[str, Any]) -> Contact:
    if not await close_offer(scene, offer, "accepted", None):
        closed = await offer_queries.offer(scene.session, offer["id"])
        raise OfferExpired(present_state=closed["state"] if closed is not None else None)
    return await taken(scene, row)


async def reply(
    session: Session,
    exchange: Exchange,
    advisor_id: UUID,
    contact_id: UUID,
    text: str,
    now: datetime,
    *,
    ends: bool | None = None,
) -> tuple[Contact, Row]:
    """Write to the customer; whoever answers what is offered to them takes it by that. `ends`: nothing more is to
    be said; None: true for a mail, false for a chat. Raises `NotFound`, `NotUnderWay`."""
    scene, row = await _own(session, exchange, advisor_id, contact_id, now)
    if row["answered_at"] is None:
        await got_through(scene, row)
    if row["state"] == "offered":
        row = await _accept(scene, row, await _open_offer(session, row))
    if row["state"] != "connected":
        raise NotUnderWay(present_state=row["state"])
    changes: dict[str, Any] = {"answered_at": row["answered_at"] or now, "last_signal_at": now}
    if row["channel"] == "chat":
        changes["deadline_at"] = idle_at(scene, row)
    row = await queries.save(session, row, **changes)
    stored = await write(scene, row, await _leaving(scene, row, NewMessage("advisor", text, advisor_id=advisor_id)))
    assert stored is not None  # no mail, so never a repeat
    done = row["channel"] == "email" if ends is None else ends
    return (await finish(scene, row, "served") if done else row), stored


async def _leaving(scene: Scene, row: Contact, new: NewMessage) -> NewMessage:
    """An answer to a mail leaves as one; in a chat it is read where it is."""
    if row["channel"] != "email":
        return new
    thread = await threads.thread(scene.session, row["thread_id"])
    assert thread is not None  # deleted with its contacts' customer alone
    message_id = scene.exchange.new_id(scene.now)
    letter = letters.answer(thread, message_id, encode("tms", message_id))
    (queued,) = await notifications.queue(scene.session, [letter], scene.now, scene.exchange.new_id)
    return replace(new, id=message_id, outbox_id=queued["id"], delivery="waiting")


async def _open_offer(session: Session, row: Contact) -> Row:
    offer = await offer_queries.open_offer(session, row["id"])
    if offer is None or offer["advisor_id"] != row["advisor_id"]:
        raise NotUnderWay(present_state=row["state"])
    return offer


async def end(
    session: Session, exchange: Exchange, advisor_id: UUID, contact_id: UUID, done: WrapUp, now: datetime
) -> Contact:
    """It is over; what it was about may be said now or later. Raises `NotFound`, `NotUnderWay`."""
    scene, row = await _own(session, exchange, advisor_id, contact_id, now)
    if row["state"] not in ("connected", "completed"):
        raise NotUnderWay(present_state=row["state"])
    row = await queries.save(session, row, disposition=done.disposition, solved=done.solved, note=done.note)
    return row if row["state"] == "completed" else await finish(scene, row, "served")


async def hand_over(
    session: Session, exchange: Exchange, advisor_id: UUID, contact_id: UUID, to: UUID | None, now: datetime
) -> Contact:
    """Offer it to a colleague: the one named, else the best of the desk group. Raises `NotFound`, `NotUnderWay`,
    `NobodyFree`; then everything stays as it was."""
    scene, row = await _own(session, exchange, advisor_id, contact_id, now)
    if row["state"] != "connected":
        raise NotUnderWay(present_state=row["state"])
    return await pass_on(scene, row, to)


async def pass_on(scene: Scene, row: Contact, to: UUID | None = None) -> Contact:
    """From its advisor to a colleague. Raises `NobodyFree`, and then the transaction must not stand."""
    await channels.free(scene, row["id"])
    case = Case.stored(row, None, tried=[row["advisor_id"]], choice="colleague", own_until=scene.now)
    plan = await plan_for(scene, case) if to is None else await _named(scene, row, to)
    if not isinstance(plan, Offer) or plan.advisor not in await channels.claim(scene, {plan.advisor: row}):
        raise NobodyFree
    await carry_out(scene, [Placed(case, row, plan)])
    return case.row


async def _named(scene: Scene, row: Contact, to: UUID) -> Offer:
    """The plan that offers it to this colleague, if no rule stands against it."""
    entry = scene.directory.advisors.get(to)
    if entry is None or to == row["advisor_id"]:
        raise NobodyFree
    presence = (await presence_queries.of_advisors(scene.session, [to])).get(to)
    full = await slot_queries.full(scene.session, row["channel"])
    who = person(scene, entry, presence, channel=row["channel"], full=full)
    needs = tuple(Need(skill, level) for skill, level in sorted(row["needs"].items()))
    against = veto(who, Asked(row["market_id"], (row["language"],), needs))
    if against is not None:
        raise NobodyFree(rule=against.rule)
    ring_s = scene.market(row).policy(scene.now).routing.ring_timeout_s
    return Offer((Reason("handed_over"),), Trail(Explanation), to, ring_s, own=to == row["own_advisor_id"])


async def _own(
    session: Session, exchange: Exchange, advisor_id: UUID, contact_id: UUID, now: datetime
) -> tuple[Scene, Contact]:
    """The advisor's contact in writing, locked; somebody else's is not there."""
    row = await queries.lock(session, contact_id)
    if row is None or row["advisor_id"] != advisor_id:
        raise NotFound
    if row["thread_id"] is None:
        raise NotInWriting
    return await arrivals.scene_for(session, exchange, now), row
