"""A mail comes in: whose it is, which thread it belongs to, who answers it.

Promises
- A mail is taken in once, however often it is delivered; it is there when the mail server hears so.
- From is no proof of anything: it selects a customer where it is known for exactly one, and nothing of theirs is
  told because of it.
- The relationship decides, not the address written to. A stranger reaches the owner of the address, or, when that
  one has left, the market's general group.
- What machines answer (bounces, notes of absence, our own mails) opens no contact, and nothing automatic is
  answered by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from contacts import queries
from contacts.directory import MarketEntry
from contacts.situation import Scene
from contacts.writing import Contact, begin, draft, note, own_turn, spoken, write
from correspondence import letters
from correspondence import queries as threads
from correspondence import service as correspondence
from correspondence.attaching import judge
from correspondence.mail import Mail
from correspondence.service import NewMessage, NewThread
from kit.database import ReadSession, Row
from kit.errors import Conflict, Unavailable
from kit.ids import encode
from notifications import service as notifications

Outcome = Literal["opened", "added", "again", "ignored"]


class TakenInBefore(Conflict):
    """By another delivery at this very moment: what this one has begun is undone."""

    word, title = "taken-in-before", "This mail has been taken in."


class NobodyToAnswer(Unavailable):
    word, title = "nobody-to-answer", "No market can be found for this mail."


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a mail was addressed: an advisor, or whoever answers in a thread."""

    advisor_id: UUID | None = None
    thread_id: UUID | None = None


async def is_known(session: ReadSession, thread_id: UUID) -> bool:
    return await threads.thread(session, thread_id) is not None


async def receive(scene: Scene, mail: Mail, to: Recipient) -> Outcome:
    """Take in one mail. Raises `TakenInBefore`, and then the transaction must not stand."""
    if await threads.knows_mail(scene.session, mail.key):
        return "again"
    thread = await _thread(scene, mail, to)
    if (
        thread is not None
        and (contact := await queries.lock_open_of_thread(scene.session, thread["id"])) is not None
    ):
        await _stored(scene, contact, mail)
        await queries.save(scene.session, contact, last_signal_at=scene.now)
        return "added"
    if mail.answer:
        return "ignored"
    await _opened(scene, mail, to, thread)
    return "opened"


async def _thread(scene: Scene, mail: Mail, to: Recipient) -> Row | None:
    """The one addressed, else the one whose mail this answers, if it comes from whom that was sent to."""
    if to.thread_id is not None:
        return await threads.thread(scene.session, to.thread_id)
    if not mail.references or mail.address is None:
        return None
    return await threads.thread_of_references(scene.session, mail.references, mail.address)


async def _opened(scene: Scene, mail: Mail, to: Recipient, thread: Row | None) -> Contact:
    customer = await _customer(scene, mail, thread)
    market = _market(scene, customer, to.advisor_id, thread)
    if thread is None:
        thread = await _new_thread(scene, mail, market, customer, to.advisor_id)
    row = draft(scene, market, "email", thread, customer)
    own_id = customer["related_advisor_id"] if customer is not None else row["own_advisor_id"]
    row["own_advisor_id"] = own_id
    row["own_by"] = None if own_id is None else "relationship" if customer is not None else "number"
    row["own_until"] = own_turn(scene, row)
    row = await begin(scene, row, _message(mail))
    await _attached(scene, row, mail, await threads.by_mail(scene.session, mail.key))
    return row


async def _customer(scene: Scene, mail: Mail, thread: Row | None) -> Row | None:
    if thread is not None:
        return await queries.customer_by_id(scene.session, thread["customer_id"]) if thread["customer_id"] else None
    return await queries.customer_of_address(scene.session, mail.address) if mail.address else None


def _market(
    scene: Scene, customer: Mapping[str, Any] | None, advisor_id: UUID | None, thread: Row | None
) -> MarketEntry:
    """The customer's, the thread's, else the first that the advisor serves."""
    advisor = scene.directory.advisors.get(advisor_id) if advisor_id is not None else None
    known = [customer["market_id"]] if customer is not None else []
    known += [thread["market_id"]] if thread is not None else []
    known += sorted(advisor.markets) if advisor is not None else []
    found = next((scene.directory.markets[one] for one in known if one in scene.directory.markets), None)
    if found is None:
        raise NobodyToAnswer(retry_after_s=300)
    return found


async def _new_thread(
    scene: Scene, mail: Mail, market: MarketEntry, customer: Row | None, advisor_id: UUID | None
) -> Row:
    owner = advisor_id if advisor_id is not None and _is_here(scene, advisor_id) else None
    new = NewThread(
        market_id=market.id,
        channel="email",
        language=spoken(market, customer),
        customer_id=customer["customer_id"] if customer is not None else None,
        advisor_id=customer["related_advisor_id"] if customer is not None else owner,
        subject=mail.subject or None,
        address=mail.address,
    )
    return await correspondence.open_thread(scene.session, new, scene.now, scene.exchange.new_id)


def _is_here(scene: Scene, advisor_id: UUID) -> bool:
    """Whether strangers who write to this advisor still reach them."""
    entry = scene.directory.advisors.get(advisor_id)
    leaves_at = entry.working.leaving_at if entry is not None else None
    return entry is not None and (leaves_at is None or leaves_at > scene.now)


def _message(mail: Mail) -> NewMessage:
    return NewMessage("customer", mail.text, mail_key=mail.key, mail_id=mail.message_id)


async def _stored(scene: Scene, row: Contact, mail: Mail) -> None:
    await _attached(scene, row, mail, await write(scene, row, _message(mail)))


async def _attached(scene: Scene, row: Contact, mail: Mail, stored: Row | None) -> None:
    """What came with it, kept or refused; what was refused is said in the thread."""
    if stored is None or stored["contact_id"] != row["id"]:
        raise TakenInBefore
    judged = judge(mail.parts)
    await correspondence.attach(scene.session, stored, judged, scene.now, scene.exchange.new_id)
    if not mail.readable:
        await note(scene, row, "mail_unreadable")
    if any(one.refused_for is not None for one in judged):
        await note(scene, row, "attachment_refused")
        await _told(scene, row, mail, stored)


async def _told(scene: Scene, row: Contact, mail: Mail, stored: Row) -> None:
    """By mail, to a customer who has written from their own address: anybody else's may be forged, and nobody is to
    be written to by us because somebody has named them."""
    if mail.automatic or row["customer_id"] is None or mail.address is None:
        return
    known = await queries.customer_of_address(scene.session, mail.address)
    if known is None or known["customer_id"] != row["customer_id"]:
        return
    thread = await threads.thread(scene.session, row["thread_id"])
    assert thread is not None  # written in just now
    letter = letters.refused(thread, stored["id"], encode("tms", stored["id"]))
    await notifications.queue(scene.session, [letter], scene.now, scene.exchange.new_id)
