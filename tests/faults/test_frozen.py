"""A replica that is frozen in the middle of a transaction holds up nobody for long, and changes nothing later."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.faults.own_server import OwnServer
from tests.faults.replicas import Replica
from tests.faults.town import GENERAL, Town, a_town

pytestmark = [pytest.mark.database, pytest.mark.acceptance, pytest.mark.timeout(240)]

LOCKS_ARE_FREE_S = 5.0
FROZEN_S = 15.0
SHARED_S = 3.0
CALL = "pbx-frozen"


@pytest.fixture
async def town(own_server: OwnServer, tmp_path: Path) -> AsyncIterator[Town]:
    async with a_town(own_server, tmp_path, seed=3) as found:
        await back_at_work(found)
        yield found


async def back_at_work(town: Town) -> None:
    for token in town.people.desks:
        async with town.client(token) as desk:
            assert (await desk.put("/v1/desk/presence", json={"state": "available"})).is_success


WAITING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'durchwahl' AND wait_event_type = 'Lock'
"""


async def freeze_with_a_lock(town: Town, frozen: Replica) -> None:
    """A call in a transaction of this replica wants its advisor; the replica is frozen, and then gets the lock."""
    async with town.database.transaction() as session, town.database.reading() as onlooker:
        await session.fetch("SELECT advisor_id FROM presences FOR UPDATE")
        asking = asyncio.create_task(ask(town, frozen.port, CALL, 0.5))
        async with asyncio.timeout(2):
            while not await onlooker.fetch(WAITING):  # noqa: ASYNC110 - the database gives no signal
                await asyncio.sleep(0.01)
        frozen.send(signal.SIGSTOP)
    assert await asking is None


async def ask(town: Town, port: int, call_id: str, timeout_s: float) -> httpx2.Response | None:
    headers = {"authorization": f"Bearer {town.people.telephony}"}
    body: dict[str, Any] = {"call_id": call_id, "from": town.people.phones[0], "to": GENERAL}
    async with httpx2.AsyncClient(headers=headers, timeout=timeout_s) as http:
        try:
            return await http.post(f"http://127.0.0.1:{port}/v1/telephony/calls", json=body)
        except httpx2.TransportError:
            return None


async def test_frozen_replica_frees_its_locks_and_writes_nothing_later(town: Town) -> None:
    frozen, other = town.replicas
    await freeze_with_a_lock(town, frozen)
    began = time.monotonic()
    while (answer := await ask(town, other.port, CALL, 4)) is None or not answer.is_success:
        assert time.monotonic() - began < LOCKS_ARE_FREE_S + SHARED_S
    waited_s = time.monotonic() - began
    stood = await state(town)

    await asyncio.sleep(max(0.0, FROZEN_S - waited_s))
    frozen.send(signal.SIGCONT)
    await frozen.ready(10)
    again = await ask(town, frozen.port, CALL, 4)

    assert again is not None
    assert again.json()["contact_id"] == answer.json()["contact_id"]
    assert await state(town) == stood
    assert await town.broken() == {}


async def state(town: Town) -> list[dict[str, Any]]:
    """What a late write would change."""
    async with town.database.reading() as session:
        return await session.fetch(
            "SELECT c.id, c.switch_call_id, c.received_at, o.id AS offer, o.advisor_id, o.made_at "
            "FROM contacts c LEFT JOIN offers o ON o.contact_id = c.id ORDER BY c.id, o.made_at LIMIT 2"
        )
