"""What others call: put messages into the outbox, in the transaction that gives the reason; send one again.

A message is ids, codes, counts and instants. What it says in words, and where it goes, is found when it is sent,
so that nothing personal waits in the outbox and nobody is written to at an address of last week.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from kit.database import Row, Session
from kit.errors import NotFound
from kit.ids import IdMaker
from kit.states import IllegalTransition
from notifications import events, queries
from notifications.states import MESSAGE, MOST_ATTEMPTS

Argument: TypeAlias = UUID | datetime | int | str

CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)


class NotACode(ValueError):
    """Words have no place in the outbox: they may be somebody's."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """To one customer (with their market), one advisor, or whoever writes in one thread. Raises `NotACode` for an
    argument that is none.

    `once` names what is said: a second message of that name is never made. `language` is a BCP 47 tag. Without
    `due_at` it is due at once.
    """

    template: str
    once: str
    language: str
    args: Mapping[str, Argument] = field(default_factory=dict)
    customer_id: UUID | None = None
    advisor_id: UUID | None = None
    thread_id: UUID | None = None
    market_id: str | None = None
    due_at: datetime | None = None
    channel: str = "email"

    def __post_init__(self) -> None:
        for name, value in self.args.items():
            if isinstance(value, str) and not CODE.fullmatch(value):
                raise NotACode(name)


async def queue(session: Session, messages: Sequence[NewMessage], now: datetime, new_id: IdMaker) -> list[Row]:
    """Those that are new, as rows, in one statement; what has been queued before is passed over in silence."""
    rows = await queries.put(session, [_row(one, now, new_id) for one in messages]) if messages else []
    for row in rows:
        session.announce(events.queued(row, now))
    if rows:
        session.wakes.add("messages")
    return rows


async def send_again(session: Session, message_id: UUID, now: datetime) -> Row:
    """A message that failed is due now, with as many attempts as a new one. Raises `NotFound`,
    `IllegalTransition`."""
    row = await queries.again(session, message_id, now, MOST_ATTEMPTS)
    if row is None:
        found = await queries.get(session, message_id)
        if found is None:
            raise NotFound
        raise IllegalTransition(MESSAGE.name, found["state"], "waiting")
    session.announce(events.requeued(row, now))
    session.wakes.add("messages")
    return row


def _row(message: NewMessage, now: datetime, new_id: IdMaker) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "market_id": message.market_id,
        "customer_id": message.customer_id,
        "advisor_id": message.advisor_id,
        "thread_id": message.thread_id,
        "template": message.template,
        "args": dict(message.args),
        "language": message.language,
        "channel": message.channel,
        "once": message.once,
        "state": "waiting",
        "due_at": message.due_at or now,
        "attempts": 0,
        "most_attempts": MOST_ATTEMPTS,
        "created_at": now,
    }
