"""Health tells of this replica alone; figures tell of routes, never of people."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, cast

import pytest

from api.vitals import FULL_TICKS, Vitals
from kit.database import Database, DatabaseAway
from kit.heartbeats import Heartbeats
from kit.metrics import Metrics
from kit.pool import Pool
from tests.api.test_bad_input import problem
from tests.api.test_doors import clock_of
from tests.api.test_transactional import services_of
from tests.support.api import Client


async def away(client: Client) -> None:
    """The database is gone, and nobody can connect to it."""
    await services_of(client).database.close()


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def vitals(shared_database: Database, ticks: Ticks) -> Vitals:
    return Vitals(shared_database, Metrics(), ticks)


def test_loop_that_turned_ten_seconds_ago_is_alive_no_longer(vitals: Vitals, ticks: Ticks) -> None:
    vitals.note(0.0)
    ticks.seconds += 9.9
    assert vitals.alive()

    ticks.seconds += 0.1
    assert not vitals.alive()


@pytest.mark.parametrize(("lag_s", "hindrances"), [(0.0, []), (0.99, []), (1.0, ["loop_lag"])])
def test_event_loop_a_second_late_takes_no_work(vitals: Vitals, lag_s: float, hindrances: list[str]) -> None:
    vitals.note(lag_s)

    assert vitals.hindrances() == hindrances


def test_silent_loop_takes_no_work_until_it_beats_or_ends(vitals: Vitals, ticks: Ticks) -> None:
    vitals.heartbeats.beat("callbacks")
    vitals.heartbeats.beat("deadlines")
    ticks.seconds += 31
    vitals.heartbeats.beat("deadlines")
    assert vitals.hindrances() == ["silent:callbacks"]

    vitals.heartbeats.end("callbacks")
    assert vitals.hindrances() == []


def test_pool_that_was_full_for_a_moment_is_busy_and_for_five_seconds_exhausted(
    vitals: Vitals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.vitals.is_full", lambda _: True)
    for _ in range(FULL_TICKS - 1):
        vitals.note(0.0)
    assert vitals.hindrances() == []

    vitals.note(0.0)
    assert vitals.hindrances() == ["pool_exhausted"]


def test_heartbeat_is_silent_only_after_the_time_given(ticks: Ticks) -> None:
    heartbeats = Heartbeats(ticks)
    heartbeats.beat("a")
    ticks.seconds += 30

    assert heartbeats.silent(timedelta(seconds=31)) == []
    assert heartbeats.silent(timedelta(seconds=30)) == ["a"]


async def test_live_and_ready(steady: Client) -> None:
    answers = [await steady.get(path) for path in ("/livez", "/readyz")]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"status": "ok"})] * 2


async def test_replica_that_leaves_is_not_ready_but_alive(client: Client) -> None:
    services_of(client).vitals.drain()

    ready, live = await client.get("/readyz"), await client.get("/livez")

    assert (ready.status_code, problem(ready)["hindrances"], live.status_code) == (503, ["draining"], 200)


async def test_database_that_is_away_leaves_the_replica_ready_and_shows_in_the_figures(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise ConnectionRefusedError

    before = (await client.get("/metrics")).text
    await services_of(client).database.close()
    monkeypatch.setattr("asyncpg.connect", lambda *_, **__: refuse())
    clock_of(client).advance(10)
    after = await client.get("/metrics")

    assert (await client.get("/readyz")).status_code == 200
    assert "durchwahl_db_writable 1.0" in before
    assert (after.status_code, "durchwahl_db_writable 0.0" in after.text) == (200, True)


async def test_disk_that_is_full_for_somebody_is_not_writable_until_nobody_is_told_so(client: Client) -> None:
    with pytest.raises(DatabaseAway):
        async with services_of(client).database.transaction() as session:
            await session.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$")
    full = (await client.get("/metrics")).text
    clock_of(client).advance(10)
    later = (await client.get("/metrics")).text

    assert "durchwahl_db_writable 0.0" in full
    assert "durchwahl_db_writable 1.0" in later


async def test_database_is_written_at_most_every_ten_seconds_for_the_figures(client: Client) -> None:
    async def written_at() -> object:
        async with services_of(client).database.reading() as session:
            return await session.fetch_value("SELECT kept_until FROM stored_answers WHERE principal = 'durchwahl'")

    await client.get("/metrics")
    first = await written_at()
    clock_of(client).advance(9)
    await client.get("/metrics")
    second = await written_at()
    clock_of(client).advance(1)
    await client.get("/metrics")

    assert first == second != await written_at()


async def test_figures_name_templates_of_routes_and_nothing_that_was_sent(client: Client) -> None:
    await client.as_("admin").delete("/v1/machine-keys/key_Anna-Canary")
    await client.get("/Anna-Canary")
    await client.request("CANARY", "/livez")

    text = (await client.get("/metrics")).text

    labels = 'durchwahl_http_requests_total{method="DELETE",route="/v1/machine-keys/{key_id}",status="404"} 1.0'
    assert labels in text
    assert 'route="unmatched"' in text
    assert 'method="OTHER"' in text
    assert "canary" not in text.lower()
    assert "durchwahl_http_request_duration_seconds_bucket" in text


async def test_two_applications_in_one_process_do_not_share_figures(client: Client) -> None:
    assert Metrics().registry is not services_of(client).metrics.registry


async def test_connections_that_are_only_being_opened_exhaust_no_pool() -> None:
    """While a database can't be reached everybody waits for it; that empties no load balancer."""
    opening = asyncio.Event()

    class Engine:
        async def connect(self) -> object:
            await opening.wait()
            raise ConnectionRefusedError

    pool = Pool(cast(Any, Engine()), 1, 5.0)
    taking = asyncio.create_task(pool.take())
    await asyncio.sleep(0)

    assert not pool.exhausted

    opening.set()
    with pytest.raises(ConnectionRefusedError):
        await taking
    assert (pool.lent, pool.refused) == (0, 0)


async def test_lent_connections_exhaust_the_pool_until_one_is_given_back(shared_database: Database) -> None:
    pool = shared_database.pool
    async with AsyncExitStack() as stack:
        for _ in range(pool.size):
            await stack.enter_async_context(shared_database.lane())
        assert (shared_database.exhausted, pool.lent) == (True, pool.size)

    assert (shared_database.exhausted, pool.lent) == (False, 0)
