"""Threads are opened and written in; each message is stored and announced in the transaction of its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from correspondence import events, letter_queries, queries
from correspondence.attaching import Judged
from kit.database import Row, Session
from kit.ids import IdMaker

Author = Literal["customer", "advisor", "system"]


@dataclass(frozen=True, slots=True)
class NewThread:
    """Whose it is: a customer, or an address that is no customer's."""

    market_id: str
    channel: str
    language: str
    customer_id: UUID | None = None
    advisor_id: UUID | None = None
    subject: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """`text` of a person, or `code` of the system. `mail_key` names a mail that may come more than once."""

    author: Author
    text: str | None = None
    code: str | None = None
    advisor_id: UUID | None = None
    mail_key: str | None = None
    mail_id: str | None = None
    outbox_id: UUID | None = None
    delivery: str = "here"
    id: UUID | None = None
    """Where it has to be known beforehand."""


@dataclass(frozen=True, slots=True)
class Of:
    """The contact that a message belongs to, and who is told of it."""

    contact_id: UUID
    thread_id: UUID
    market_id: str
    desk_group_id: UUID | None
    advisor_id: UUID | None

    @classmethod
    def contact(cls, row: Row) -> Of:
        return cls(
            row["id"],
            row["thread_id"],
            row["market_id"],
            row["desk_group_id"],
            row["advisor_id"] or row["own_advisor_id"],
        )


async def open_thread(session: Session, new: NewThread, now: datetime, new_id: IdMaker) -> Row:
    """A thread without messages yet."""
    return await queries.open_thread(
        session, {**asdict(new), "id": new_id(now), "opened_at": now, "last_at": now, "message_count": 0}
    )


async def attach(session: Session, message: Row, judged: Sequence[Judged], now: datetime, new_id: IdMaker) -> None:
    """What came with a message; the message has announced itself."""
    rows = [
        (new_id(now), message["market_id"], message["id"], one.name, one.type, one.size, one.sha256, one.content,
         one.refused_for)
        for one in judged
    ]  # fmt: skip
    if rows:
        await queries.attach(session, rows)


async def write(session: Session, of: Of, new: NewMessage, now: datetime, new_id: IdMaker) -> Row | None:
    """Add a message; None for a mail that has been taken in before."""
    row = asdict(new) | {
        "id": new.id or new_id(now),
        "market_id": of.market_id,
        "thread_id": of.thread_id,
        "contact_id": of.contact_id,
        "written_at": now,
        "delivered_at": None,
    }
    stored = await queries.write(session, row)
    if stored is not None:
        session.announce(events.written("thread.written", stored, now, of.desk_group_id, of.advisor_id))
    return stored


async def note_deliveries(session: Session, now: datetime, limit: int = 200) -> int:
    """What became of answers that left as mail; how many have changed."""
    rows = await letter_queries.note_deliveries(session, limit)
    for row in rows:
        kind = "thread.delivered" if row["delivery"] == "sent" else "thread.undelivered"
        session.announce(events.written(kind, row, now, None, row["advisor_id"]))
    return len(rows)
