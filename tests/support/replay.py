"""Proves that a verb tells everything: the old snapshot and the verb's events make the new snapshot.

    async with told(session):
        await service.promise(session, …)

Checked for `all` and for every market, desk group and advisor there is, so that somebody who loses sight of a thing
hears of it as well as somebody who gets it. Works in the test's own transaction; nothing has to commit.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from kit.database import Session
from kit.ids import encode
from realtime import snapshot
from realtime.envelope import cloud_event
from realtime.fold import Data, View
from realtime.log import Logged, logged
from realtime.topics import ALL, Topics, audience

TOLD_HERE = """
SELECT xid, id, at, type, subject, market_id, desk_group_id, advisor_id, data::text AS data
FROM events WHERE id > $1 ORDER BY id
"""


@dataclass
class Told:
    """What the block announced, in order, once it has ended."""

    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


@contextlib.asynccontextmanager
async def told(session: Session) -> AsyncIterator[Told]:
    """Fail unless, on every topic, old snapshot + events = new snapshot."""
    await session.flush()
    before = {topic: await read(session, topic) for topic in await all_topics(session)}
    last = await session.fetch_value("SELECT coalesce(max(id), 0) FROM events")
    found = Told()
    yield found
    await session.flush()
    rows = [logged(row) for row in await session.fetch(TOLD_HERE, last)]
    found.events = [cloud_event(row, 1) for row in rows]
    for topic in await all_topics(session):
        expected = await read(session, topic)
        assert folded(topic, before.get(topic, {}), rows) == expected, f"the events tell {topic} something else"


async def read(session: Session, topic: str) -> Data:
    return await snapshot.read(session, frozenset([topic]))


def folded(topic: str, before: Data, rows: list[Logged]) -> Data:
    """What a listener to `topic` makes of those events that it is sent."""
    view = View.of([topic], before)
    for row in rows:
        event = cloud_event(row, 1)
        if topic in audience(event["data"], row.market_id, row.desk_group_id, row.advisor_id):
            view.apply(event)
    return view.data


async def all_topics(session: Session) -> Topics:
    markets = await session.fetch("SELECT id FROM markets")
    groups = await session.fetch("SELECT id FROM desk_groups")
    advisors = await session.fetch("SELECT id FROM advisors")
    return frozenset(
        [
            ALL,
            *(f"market:{row['id']}" for row in markets),
            *(f"desk:{encode('grp', row['id'])}" for row in groups),
            *(f"me:{encode('adv', row['id'])}" for row in advisors),
        ]
    )
