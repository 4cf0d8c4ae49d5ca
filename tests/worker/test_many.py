"""Several processes on one database, each with all its loops: what is to be done is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from contacts import service
from kit.actors import acting
from kit.clock import VirtualClock
from kit.database import Database
from kit.invariants import violations
from kit.loops import Loop
from kit.settings import Settings
from notifications.console import Console
from telephony.inbound import InboundCall
from tests.support.builders import a_customer, a_desk_group, a_number, a_private_number, an_advisor
from tests.support.world import an_exchange
from tests.webhooks.company import INSTALLATION, House, Receivers
from worker.loops import Worker

pytestmark = pytest.mark.database

MARKET_NUMBER = "+493023125900"
URL = "https://crm.example/hooks"
REPLICAS = 3


class Replica:
    """What one process has for itself: its pool, its courier, its way to subscribers, its loops."""

    def __init__(self, uri: str, settings: Settings, clock: VirtualClock, receivers: Receivers) -> None:
        small = settings.model_copy(update={"pool_size": 4})
        self.database = Database(uri, small, application="replica")
        self.courier = Console()
        self.worker = Worker(self.database, an_exchange(), clock, small, self.courier, receivers)
        self.worker.sender._installation = lambda: INSTALLATION
        self.loops = [loop for loop in self.worker.loops() if loop.name != "books"]

    async def turn(self) -> list[str]:
        """All loops at once; the names of those that failed."""
        done = await asyncio.gather(*(loop.turn() for loop in self.loops))
        await self.worker.sender.settled()
        return [loop.name for loop, well in zip(self.loops, done, strict=True) if not well]


async def calls(database: Database, clock: VirtualClock, count: int) -> None:
    """So many customers call at once for two advisors: some ring, the others wait or choose."""
    exchange = an_exchange()
    phones = [a_private_number() for _ in range(count)]
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        people = [
            await an_advisor(session, name=name, group=group, skills={"hosting": 3}) for name in ("Anna", "Ben")
        ]
        for place, phone in enumerate(phones):
            await a_customer(session, advisor=people[place % 2], phones=(phone,))
        await a_number(session, number=MARKET_NUMBER, kind="general")
    for place, phone in enumerate(phones):
        with acting("key_switch"):
            async with database.transaction() as session:
                call = InboundCall(f"pbx-{place}", phone, MARKET_NUMBER)
                await service.receive_call(session, exchange, call, clock.now())


async def test_all_loops_of_several_processes_at_once(
    database: Database, database_uri: str, clock: VirtualClock, settings: Settings
) -> None:
    house, receivers = House(database, clock, settings), Receivers()
    await house.subscribe(URL)
    await calls(database, clock, 6)
    replicas = [Replica(database_uri, settings, clock, receivers) for _ in range(REPLICAS)]
    failed: list[str] = []
    for seconds in (0, 1, 30, 60, 90, 120, 10, 1):
        clock.advance(seconds)
        await house.readable()
        for outcome in await asyncio.gather(*(replica.turn() for replica in replicas)):
            failed += outcome
    for _ in range(3):
        clock.advance(11)
        await house.readable()
        failed += await replicas[0].turn()

    assert failed == []
    assert twice(receivers.got[URL]) == []
    async with database.reading() as session:
        told = await session.fetch_value("SELECT count(*) FROM events WHERE type NOT LIKE 'webhook.%'")
        open_calls = await session.fetch_value("SELECT count(*) FROM contacts WHERE ended_at IS NULL")
        broken = await violations(session, clock.now(), only=("I1", "I2", "I3", "I7", "I27", "I29", "I32"))
    assert (len(receivers.got[URL]), open_calls, broken) == (told, 0, {})
    for replica in replicas:
        await replica.database.close()


def twice(events: Sequence[dict[str, Any]]) -> list[str]:
    ids = [event["id"] for event in events]
    return sorted({one for one in ids if ids.count(one) > 1})


def test_every_loop_has_a_word_in_the_record(database: Database, clock: VirtualClock) -> None:
    """What keeps two processes apart is said of each loop."""
    from tests.house.repository import ROOT

    loops: list[Loop] = Worker(database, an_exchange(), clock).loops()
    record = (ROOT / "docs" / "decisions" / "0035-leases-where-rows-cannot-be-shared.md").read_text()

    assert [loop.name for loop in loops if f"`{loop.name}`" not in record] == []
