"""A replica that is told to leave: the last requests are answered, connections closed, and it ends with 0."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from tests.faults.replicas import Replica, running

pytestmark = [pytest.mark.database, pytest.mark.acceptance, pytest.mark.timeout(120)]

MINE = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'durchwahl'"


@pytest.fixture
async def replica(database_uri: str, tmp_path: Path) -> AsyncIterator[Replica]:
    async with running(database_uri, tmp_path, 1) as (replica,):
        yield replica


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_replica_that_is_told_to_leave_ends_with_0_and_leaves_no_connection(
    replica: Replica, database_uri: str, name: str
) -> None:
    replica.send(signal.Signals[name])
    code = await replica.ends(40)

    assert code == 0, replica.log.read_text()
    console = await asyncpg.connect(database_uri)
    try:
        for _ in range(200):  # a backend whose client is gone takes a moment to see it
            left = await console.fetchval(MINE)
            if not left:
                break
            await asyncio.sleep(0.05)
        assert left == 0
    finally:
        await console.close()


async def nobody_else_is_let_in(replica: Replica) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", replica.port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.02)


async def test_request_on_its_way_is_answered_before_the_replica_ends(replica: Replica) -> None:
    async with httpx2.AsyncClient(base_url=replica.url, timeout=30) as http:
        reader, writer = await asyncio.open_connection("127.0.0.1", replica.port)
        body = b'{"email": "nobody@durchwahl.example", "password": "not the one"}'  # pragma: allowlist secret
        head = (
            "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body[:10])  # it is being received when the word to leave comes
        await writer.drain()
        assert (await http.get("/livez")).is_success
        replica.send(signal.SIGTERM)
        await nobody_else_is_let_in(replica)
        writer.write(body[10:])
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 4"), answer[:200]
    assert await replica.ends(40) == 0
