"""A database with subscribers: who they are, what they got, and the two loops that serve them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from kit.announcements import NewEvent
from kit.clock import Clock
from kit.database import Database, Row
from kit.ids import encode
from kit.invariants import violations
from kit.settings import Settings
from tests.support.builders.ground import new_id
from webhooks import service
from webhooks.fanout import Fanout
from webhooks.schedule import Answer
from webhooks.sending import Sender
from webhooks.service import EVERY, Office, Wish

INSTALLATION = b"i" * 32
TOOK_IT = Answer(204)

Says = Callable[[str, dict[str, Any]], Answer]


class Receivers:
    """In place of the outside: keeps what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        self.got: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.headers: list[Mapping[str, str]] = []
        self.says: Says = lambda _url, _event: TOOK_IT

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        event = from_json(body)
        answer = self.says(url, event)
        self.headers.append(headers)
        if 200 <= answer.status < 300:
            self.got[url].append(event)
        return answer

    def subjects(self, url: str) -> list[tuple[str, Any]]:
        return [(event["subject"], event["data"].get("n")) for event in self.got[url]]


class House:
    """One replica's share of the work, and a look at what is there."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self.database, self.clock = database, clock
        self.receivers = Receivers()
        self.office = Office(settings, INSTALLATION, new_id)
        self.fanout = self.a_fanout("first")
        self.sender = self.a_sender()

    def a_fanout(self, holder: str, clock: Clock | None = None) -> Fanout:
        return Fanout(self.database, clock or self.clock, new_id, holder)

    def a_sender(self, receivers: Any = None, **more: Any) -> Sender:
        return Sender(self.database, self.clock, receivers or self.receivers, lambda: INSTALLATION, **more)

    async def subscribe(self, url: str = "https://crm.example/hooks", **more: Any) -> UUID:
        reach = more.pop("reach", "all")
        wish = Wish("CRM", url, more.pop("types", ["*"]), **more)
        async with self.database.transaction() as session:
            row, _ = await service.add(session, self.office, wish, reach, "acc_test", self.clock.now())
        found: UUID = row["id"]
        return found

    async def tell(self, *subjects: str, kind: str = "note.made", **more: Any) -> None:
        """A committed transaction with an event for each; `n` counts those of the company."""
        async with self.database.transaction() as session:
            for subject in subjects:
                self.told = getattr(self, "told", 0) + 1
                data = {"n": self.told, **more.get("data", {})}
                rest = {name: value for name, value in more.items() if name != "data"}
                session.announce(NewEvent(kind, self.clock.now(), subject, data, **rest))

    async def readable(self) -> None:
        """Returns when all that was told can be read; transactions of other databases hold it up a little."""
        until = "SELECT coalesce(max(xid), 0) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM events"
        async with self.database.reading() as session, asyncio.timeout(30):
            while not await session.fetch_value(until):
                pass  # each look is a round trip

    async def follow(self, fanout: Fanout | None = None) -> int:
        """Read the log to its end; returns how many deliveries were written down."""
        await self.readable()
        return await (fanout or self.fanout).run_once()

    async def send(self) -> None:
        """Read the log and send until nothing more is due."""
        await self.follow()
        while await self.sender.run_once():
            await self.sender.settled()

    async def rows(self) -> list[Row]:
        async with self.database.reading() as session:
            return await session.fetch("SELECT * FROM webhook_deliveries ORDER BY position, id")

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.rows()]

    async def webhook(self, webhook_id: UUID) -> Row:
        async with self.database.reading() as session:
            return await service.get(session, webhook_id)

    async def in_transaction(self, verb: Any, webhook_id: UUID, *arguments: Any) -> Any:
        """One of the service's verbs that take the reaches and now."""
        async with self.database.transaction() as session:
            return await verb(session, webhook_id, EVERY, *arguments, self.clock.now())

    async def broken(self, now: datetime | None = None) -> Any:
        async with self.database.reading() as session:
            return await violations(session, now or self.clock.now(), only=("I29",))


def delivery_id(row: Row) -> str:
    return encode("whd", row["id"])
