"""A workshop for tests: the solve runs in this process, and whoever works is one replica among others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from books import service, work
from books.computing import Workshop
from books.service import Asked
from customers.books import Books
from kit.clock import VirtualClock
from kit.database import Database, Row
from tests.support.builders import new_id


class Here:
    """In place of a process of its own: the same calls in a thread. `fails` is raised by the first ones."""

    def __init__(self, *fails: BaseException) -> None:
        self.fails = list(fails)

    async def run(self, work: Callable[..., Any], *arguments: Any, limit_s: float) -> Any:
        if self.fails:
            raise self.fails.pop(0)
        return await asyncio.to_thread(work, *arguments)


@dataclass
class Shop:
    database: Database
    clock: VirtualClock
    here: Here = field(default_factory=Here)
    books: Books = field(default_factory=Books)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def workshop(self) -> Workshop:
        return Workshop(self.database, self.here, self.clock, new_id)

    async def ask(self, kind: str = "rebalance", **more: Any) -> Row:
        """A run, computed."""
        async with self.database.transaction() as session:
            run = await service.request(session, Asked(kind, **more), self.now, new_id)
        await self.work()
        return await self.run(run["id"])

    async def apply(self, run: Row) -> Row:
        async with self.database.transaction() as session:
            await service.apply(session, run["id"], self.now)
        await self.work()
        return await self.run(run["id"])

    async def undo(self, run: Row) -> Row:
        async with self.database.transaction() as session:
            await service.undo(session, run["id"], self.now)
        await self.work()
        return await self.run(run["id"])

    async def work(self) -> int:
        return await work.run_once(self.workshop, self.books)

    async def run(self, run_id: UUID) -> Row:
        async with self.database.reading() as session:
            return await service.get(session, run_id)

    async def advisors_of_all(self) -> dict[UUID, UUID]:
        """Customer → present advisor."""
        async with self.database.reading() as session:
            rows = await session.fetch("SELECT customer_id, advisor_id FROM relationships WHERE ends_at IS NULL")
        return {row["customer_id"]: row["advisor_id"] for row in rows}

    async def loads(self) -> dict[UUID, int]:
        async with self.database.reading() as session:
            rows = await session.fetch("SELECT advisor_id, load_s FROM books")
        return {row["advisor_id"]: row["load_s"] for row in rows}
