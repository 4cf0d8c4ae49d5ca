"""Readers of the log beside writers whose transactions take their number early, end late, and sometimes badly."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from kit.database import Database
from realtime import log
from realtime.cursor import Cursor, parse
from tests.realtime.writing import a_note, held_open

START = Cursor(1, 0, 0)
LIMITS = (7, 50, 1000)
"""How many events each reader asks for at a time; the first one falls behind and catches up."""


@dataclass
class Reader:
    """Follows the log; now and then it comes back with its cursor as text, as a dashboard does."""

    database: Database
    limit: int
    dice: random.Random
    cursor: Cursor = START
    read: list[tuple[int, int]] = field(default_factory=list)

    async def once(self) -> int:
        async with self.database.reading() as session:
            events, self.cursor = await log.read_after(session, self.cursor, self.limit)
        self.read += [(event.xid, event.id) for event in events]
        if self.dice.random() < 0.05:
            self.cursor = parse(str(self.cursor))
        return len(events)

    async def until(self, over: Callable[[], bool]) -> None:
        while not over():
            if not await self.once():
                await asyncio.sleep(self.dice.uniform(0, 0.02))


async def write(database: Database, dice: random.Random, over: Callable[[], bool]) -> int:
    """Returns how many events stand."""
    events = 0
    while not over():
        few = dice.randrange(1, 4)
        try:
            async with held_open(database) as session:
                await session.fetch_value("SELECT pg_sleep($1)", dice.choice([0, 0, 0.002, 0.01]))
                for _ in range(few):
                    session.announce(a_note())
                await session.flush()
                await session.fetch_value("SELECT pg_sleep($1)", dice.choice([0, 0.001, 0.005]))
                if dice.random() < 0.1:
                    raise ZeroDivisionError
            events += few
        except ZeroDivisionError:
            pass
    return events


async def beside_writers(database: Database, seconds: float, seed: int, writers: int = 8) -> Counter[str]:
    """`events_written`, `events_missed` of them by any reader, `events_out_of_order`, read twice included."""
    time = asyncio.get_running_loop().time
    ends_at = time() + seconds

    def over() -> bool:
        return time() > ends_at

    readers = [Reader(database, limit, random.Random(f"{seed} {limit}")) for limit in LIMITS]
    busy = [asyncio.create_task(write(database, random.Random(f"{seed} {n}"), over)) for n in range(writers)]
    await asyncio.gather(*(reader.until(over) for reader in readers))
    written = sum(await asyncio.gather(*busy))
    patience = time() + 30
    await asyncio.gather(
        *(one.until(lambda one=one: len(one.read) >= written or time() > patience) for one in readers)  # type: ignore[misc]
    )
    return Counter(
        events_written=written,
        events_missed=sum(written - len(set(reader.read)) for reader in readers),
        events_out_of_order=sum(reader.read != sorted(set(reader.read)) for reader in readers),
    )
