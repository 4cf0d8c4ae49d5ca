"""`kill -9` between sending and noting: the event comes a second time, and whoever gets it can tell."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest

from kit.clock import LiveClock
from kit.database import Database
from kit.settings import Settings
from tests.house.repository import ROOT
from tests.webhooks.company import House
from tests.webhooks.receiver import listening
from tests.webhooks.test_receiver import a_courier, subscribed
from webhooks.schedule import LEASE

pytestmark = pytest.mark.database


async def test_event_of_a_killed_process_comes_again_under_the_same_id(
    database: Database, database_uri: str, settings: Settings
) -> None:
    house = House(database, LiveClock(), settings.model_copy(update={"webhook_networks": "127.0.0.0/8"}))
    house.sender = house.a_sender(a_courier())
    async with listening() as receiver:
        _, receiver.secret = await subscribed(house, receiver.url)
        await house.tell("a", "a")
        await house.follow()
        arguments = (sys.executable, "-m", "tests.webhooks.victim", database_uri)
        victim = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT)
        assert await victim.wait() == -9
        assert len(receiver.got) == 1
        await house.send()
        assert len(receiver.got) == 1

        async with database.transaction() as session:
            await session.execute("UPDATE webhook_deliveries SET next_at = next_at - $1::interval", LEASE)
        await house.send()

    assert [event["data"]["n"] for event in receiver.got] == [1, 1, 2]
    first, again, other = (re.findall(r"webhook-id: (\w+)", head)[0] for head in receiver.heads)
    assert first == again != other
    assert await house.states() == ["delivered", "delivered"]
