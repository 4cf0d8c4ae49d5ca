"""`kill -9` between sending and noting: the letter comes a second time, and whoever gets it can tell."""

from __future__ import annotations

import asyncio
import sys

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.invariants import violations
from notifications import delivery
from notifications.states import LEASE
from tests.house.repository import ROOT
from tests.notifications.mailbox import OfSmtp, a_mail_server
from tests.notifications.victim import write
from tests.support.builders import a_message, an_advisor

pytestmark = pytest.mark.database


async def killed(uri: str, server: OfSmtp) -> int:
    """How the process that sends has ended."""
    arguments = (sys.executable, "-m", "tests.notifications.victim", uri, str(server.courier.port))
    return await (await asyncio.create_subprocess_exec(*arguments, cwd=ROOT)).wait()


async def test_letter_of_a_killed_process_comes_again_under_the_same_id(
    database: Database, database_uri: str, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        await a_message(session, await an_advisor(session, available=False), template="toy")
    async with a_mail_server() as server:
        assert await killed(database_uri, server) == -9
        assert len(server.letters()) == 1
        assert await delivery.run_once(database, server.courier, {"toy": write}, clock.now) == {}

        clock.advance(LEASE.total_seconds())
        assert await delivery.run_once(database, server.courier, {"toy": write}, clock.now) == {"sent": 1}

        first, second = server.letters()
    assert first["Message-ID"] == second["Message-ID"]
    async with database.reading() as session:
        row = await session.fetch_row("SELECT state, attempts, error FROM messages")
        assert row == {"state": "sent", "attempts": 2, "error": "lost"}
        assert await violations(session, clock.now(), only=("I27", "I40")) == {}
