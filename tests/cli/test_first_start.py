"""On a first start somebody gets in, and is told how once."""

from __future__ import annotations

import asyncio

import pytest

from accounts import queries
from api.services import Services
from cli import first_start
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings

pytestmark = pytest.mark.database


async def test_of_replicas_that_start_at_once_one_makes_the_admin_and_tells(
    database: Database, clock: VirtualClock, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    replicas = [Services(database, clock, settings) for _ in range(3)]

    await asyncio.gather(*(first_start.tell(replica) for replica in replicas))
    await first_start.tell(replicas[0])

    told = capsys.readouterr().err
    assert told.count("admin@durchwahl.example") == 1
    async with database.reading() as session:
        account = await queries.account_by_email(session, "admin@durchwahl.example")
    assert account is not None
    password = told.split(" with ")[1].split(" ")[0]
    assert await replicas[0].hashing.fits(password, account["password_hash"])
