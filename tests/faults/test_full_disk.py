"""The disk of the database is full: no work is accepted, all can still be read, and it is over by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.faults.small_disk import NoSmallDisk, SmallServer, small_disk
from tests.faults.town import GENERAL, Town, a_town

pytestmark = [pytest.mark.database, pytest.mark.acceptance, pytest.mark.timeout(240)]

BACK_WITHIN_S = 3.0
SHARED_S = 4.0
"""On top of what is promised: tests share their machine."""
MOST_CALLS = 500
"""After so many the last page of some table is full."""


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[SmallServer]:
    try:
        async with small_disk() as disk, SmallServer(disk) as found:
            yield found
    except NoSmallDisk as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
async def town(server: SmallServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with a_town(server, tmp_path_factory.mktemp("town"), seed=5, replicas=1) as found:
        yield found


async def calls(switch: httpx2.AsyncClient, call_id: str) -> httpx2.Response:
    body: dict[str, Any] = {"call_id": call_id, "from": None, "to": GENERAL}
    return await switch.post("/v1/telephony/calls", json=body)


async def refused_call(switch: httpx2.AsyncClient) -> tuple[str, httpx2.Response]:
    """The first call that finds no room."""
    for _ in range(MOST_CALLS):
        call_id = f"pbx-{uuid4().hex}"
        answer = await calls(switch, call_id)
        if not answer.is_success:
            return call_id, answer
    raise AssertionError("the disk was never full")


async def taken_after_s(switch: httpx2.AsyncClient, call_id: str) -> float:
    """Seconds until the switch, which says it again, has the call taken."""
    began = time.monotonic()
    for _ in range(200):
        if (await calls(switch, call_id)).is_success:
            return time.monotonic() - began
        await asyncio.sleep(0.05)
    raise AssertionError("it was never taken")


async def test_full_disk_is_told_while_reading_goes_on_and_ends_with_the_ballast(
    server: SmallServer, town: Town
) -> None:
    people = town.people
    async with town.client(people.telephony) as switch, town.client(people.control_center) as asks, town.living():
        await town.talking()
        server.disk.fill()
        call_id, refused = await refused_call(switch)
        read = [await asks.get(f"/v1/customers/{ref}") for ref in people.refs[:8]]
        ready, figures = await asks.get("/readyz"), (await asks.get("/metrics")).text
        server.disk.empty()
        taken_s = await taken_after_s(switch, call_id)
        await town.recovered(10)
        await town.talking()  # the loops work, not only the routes

    assert_told_to_come_back(refused)
    assert [answer.status_code for answer in (*read, ready)] == [200] * 9
    assert "durchwahl_db_writable 0.0" in figures
    assert taken_s < BACK_WITHIN_S + SHARED_S
    assert town.ledger.answers[500] == 0
    await assert_nothing_is_lost(town)


async def test_database_without_room_for_its_log_is_away_until_it_is_started_again(
    server: SmallServer, town: Town
) -> None:
    async with town.client(town.people.telephony) as switch, town.living():
        await town.talking()
        server.disk.fill()
        await server.use_up_the_log()
        call_id, refused = await refused_call(switch)
        server.disk.empty()
        await server.start()
        taken_s = await taken_after_s(switch, call_id)
        await town.recovered(10)

    assert_told_to_come_back(refused)
    assert taken_s < BACK_WITHIN_S + SHARED_S
    assert town.ledger.answers[500] == 0
    await assert_nothing_is_lost(town)


def assert_told_to_come_back(answer: httpx2.Response) -> None:
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


async def assert_nothing_is_lost(town: Town) -> None:
    assert await town.unfinished(30) == []
    assert await town.broken() == {}
    assert await town.lost() == []
