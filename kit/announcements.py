"""What a transaction will announce: gathered while it works, written in one statement right before its commit.

`session.announce(NewEvent(…))` is called by the one function that makes the change (change, record, announce).
The payload carries ids and states, never names, numbers or words of people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import to_json

INSERT = """
INSERT INTO events (at, type, subject, market_id, desk_group_id, advisor_id, data)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::jsonb[])
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


class Executes(Protocol):
    async def execute(self, sql: str, *arguments: Any) -> str: ...


async def write(session: Executes, events: Sequence[NewEvent]) -> None:
    """One statement for all; their order is the order of their ids."""
    await session.execute(
        INSERT,
        [event.at for event in events],
        [event.type for event in events],
        [event.subject for event in events],
        [event.market_id for event in events],
        [event.desk_group_id for event in events],
        [event.advisor_id for event in events],
        [to_json(event.data).decode() for event in events],
    )
