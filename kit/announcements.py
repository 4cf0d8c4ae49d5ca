"""What a transaction will announce: gathered while it works, written in one statement right before its commit.

`session.announce(NewEvent(…))` is called by the one function that makes the change (change, record, announce).
The payload carries ids and states, never names, numbers or words of people. The same statement writes the row of
the audit: who did it, by which request, and the digest of what was announced. `session.audit(…)` writes a row of
its own for what is done without an announcement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import to_json

from kit.actors import Actor

INSERT = """
WITH told AS (
    INSERT INTO events (at, type, subject, market_id, desk_group_id, advisor_id, data)
    SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::jsonb[])
    RETURNING id, at, xid, type, subject, market_id, data
)
INSERT INTO audit (epoch, xid, at, actor, request_id, action, subject, market_id, event_id, digest)
SELECT (SELECT max(epoch) FROM event_epoch), xid, at, $8, coalesce($9::jsonb ->> subject, $10), type, subject,
       market_id, id, sha256(convert_to(data::text, 'UTF8'))
FROM told
"""

AUDIT = """
INSERT INTO audit (epoch, at, actor, request_id, action, subject, market_id, changed)
SELECT (SELECT max(epoch) FROM event_epoch), at, $1, $2, action, subject, market_id, changed
FROM unnest($3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
     AS done (at, action, subject, market_id, changed)
"""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One announcement. `type` is `noun.verb_in_the_past` (`contact.offered`), `subject` its encoded id.

    `data` maps a noun to the public state of that thing after the change: {"contact": {"id": …, "state": …}}.
    `market_id`, `desk_group_id` and `advisor_id` decide who may see it and on which topic.
    """

    type: str
    at: datetime
    subject: str
    data: Mapping[str, Any]
    market_id: str | None = None
    desk_group_id: UUID | None = None
    advisor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done that nobody else is told of; `changed` holds ids, codes and counts."""

    action: str
    at: datetime
    subject: str
    market_id: str | None
    changed: Mapping[str, Any]


class Executes(Protocol):
    async def execute(self, sql: str, *arguments: Any) -> str: ...


async def write(
    session: Executes, events: Sequence[NewEvent], actor: Actor, requests: Mapping[str, str] | None = None
) -> None:
    """One statement for all; their order is the order of their ids.

    `requests` tells by subject which request an event is due to, where a transaction serves several of them.
    """
    await session.execute(
        INSERT,
        [event.at for event in events],
        [event.type for event in events],
        [event.subject for event in events],
        [event.market_id for event in events],
        [event.desk_group_id for event in events],
        [event.advisor_id for event in events],
        [to_json(event.data).decode() for event in events],
        actor.who,
        to_json(requests).decode() if requests else None,
        actor.request_id,
    )


async def note(session: Executes, deeds: Sequence[Deed], actor: Actor) -> None:
    """Rows of the audit for what was not announced."""
    await session.execute(
        AUDIT,
        actor.who,
        actor.request_id,
        [deed.at for deed in deeds],
        [deed.action for deed in deeds],
        [deed.subject for deed in deeds],
        [deed.market_id for deed in deeds],
        [to_json(deed.changed).decode() for deed in deeds],
    )
