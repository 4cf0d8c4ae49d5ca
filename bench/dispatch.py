"""How soon somebody who waits is offered to an advisor who became free.

Two processes of the service on one database, a caller who waits. First the advisor says at one of them that they
are free: from the answer until the offer is committed. Then that process is gone and the advisor is freed by a
commit that the other one is only told of by NOTIFY, or, where that is lost, finds by itself.

    python bench/dispatch.py [--samples 200]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from accounts import service as accounts
from accounts.passwords import Hashing
from bench import company
from bench.client import spread
from bench.route import serve
from kit import embedded
from kit.clock import LiveClock
from kit.database import Database
from kit.ids import new_id
from kit.settings import Settings
from migrations import runner
from realtime.doorbell import CHANNEL

ANNA = "01900000-000a-7000-8000-000000000001"
WAITS = """
INSERT INTO contacts SELECT * FROM jsonb_populate_recordset(NULL::contacts, jsonb_build_array(
    jsonb_build_object('id', $1::uuid, 'market_id', 'DE', 'channel', 'phone', 'direction', 'in', 'state', 'waiting',
        'switch_call_id', $1::text, 'since', $2::timestamptz, 'received_at', $2, 'age_at', $2, 'waiting_since', $2,
        'language', 'de', 'needs', '{}'::jsonb, 'priority', 0, 'choices_asked', 0, 'tried', '{}'::text,
        'last_signal_at', $2, 'desk_group_id', (SELECT desk_group_id FROM general_groups WHERE market_id = 'DE'))
))
"""
OVER = (
    "UPDATE offers SET state = 'rescinded', decided_at = made_at WHERE state = 'open'",
    "UPDATE contacts SET state = 'abandoned', ended_at = received_at, deadline_at = NULL WHERE ended_at IS NULL",
    "UPDATE presences SET state = 'break'",
)
LOADED = """
UPDATE books b SET load_s = r.load_s
FROM (SELECT advisor_id, sum(expected_seconds) AS load_s FROM relationships GROUP BY advisor_id) r
WHERE r.advisor_id = b.advisor_id
"""
FREED = "UPDATE presences SET state = 'available' WHERE advisor_id = $1"
OFFERED = "SELECT count(*) FROM offers WHERE contact_id = $1"
PATIENCE_S = 5.0


@dataclass
class Place:
    """The database, and a connection that looks at it."""

    url: str
    connection: asyncpg.Connection[asyncpg.Record]

    async def sample(self, free: Callable[[], Awaitable[object]]) -> float:
        """Seconds from the end of `free` to the offer; everything is as before afterwards."""
        contact = new_id(LiveClock().now())
        await self.connection.execute(WAITS, contact, LiveClock().now())
        await free()
        began = time.perf_counter()
        while not await self.connection.fetchval(OFFERED, contact):
            await asyncio.sleep(0.001)
            if time.perf_counter() - began > PATIENCE_S:
                raise TimeoutError("nobody was offered")
        took = time.perf_counter() - began
        for sql in OVER:
            await self.connection.execute(sql)
        return took

    async def samples(self, count: int, free: Callable[[], Awaitable[object]]) -> dict[str, float]:
        """Spread over the poll's 200 ms, so that it is met at any point."""
        took = []
        for n in range(count):
            await asyncio.sleep(0.05 + 0.2 * n / count)
            took.append(await self.sample(free))
        return spread(took)

    async def freed(self, *, notify: bool) -> None:
        """By somebody who does not dispatch."""
        await self.connection.execute(FREED, ANNA)
        if notify:
            await self.connection.execute(f"NOTIFY {CHANNEL}")


async def _token(url: str) -> str:
    """Of a sign-in of Anna's."""
    database, now = Database(url, Settings(environment="test")), LiveClock().now()
    async with database.transaction() as session:
        facts: dict[str, Any] = {"email": "anna@desk.example", "name": "Anna", "role": "advisor"}
        account = await accounts.create(
            session, Hashing(), **facts, now=now, new_id=new_id, password="unused here", advisor_id=UUID(ANNA)
        )
        await session.flush()
        token, _ = await accounts.begin(session, account.id, now, timedelta(hours=1))
    await database.close()
    return token


async def _ready(port: int) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=2) as http:
        for _ in range(600):
            try:
                if (await http.get("/readyz")).is_success:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError("the server didn't come up")


async def measure(samples: int, folder: Path) -> dict[str, Any]:
    server = embedded.start(folder)
    url = server.get_uri("dispatch")
    connection = await asyncpg.connect(server.get_uri())
    await connection.execute('CREATE DATABASE "dispatch"')
    await connection.close()
    await runner.upgrade(url)
    connection = await asyncpg.connect(url)
    await company.fill(connection, 1_000, 100)
    await connection.execute(OVER[2])
    await connection.execute(LOADED)
    token, own, other = await _token(url), serve(url, folder), serve(url, folder)
    try:
        await asyncio.gather(_ready(own[0]), _ready(other[0]))
        return await _measured(Place(url, connection), samples, token, own)
    finally:
        for _, process in (own, other):
            process.terminate()
            process.wait(40)
        await connection.close()


async def _measured(
    place: Place, samples: int, token: str, own: tuple[int, subprocess.Popen[bytes]]
) -> dict[str, Any]:
    port, process = own
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=5) as http:

        async def chooses() -> None:
            (await http.put("/v1/desk/presence", json={"state": "available"})).raise_for_status()

        here = await place.samples(samples, chooses)
    process.terminate()
    await asyncio.to_thread(process.wait, 40)
    told = await place.samples(samples, lambda: place.freed(notify=True))
    alone = await place.samples(samples, lambda: place.freed(notify=False))
    return {
        "own_replica_p99_ms": here["p99_ms"],
        "other_replica_p99_ms": told["p99_ms"],
        "other_replica_without_notify_p99_ms": alone["p99_ms"],
        "samples": samples,
        "own_replica": here,
        "other_replica": told,
        "other_replica_without_notify": alone,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        print(json.dumps(uvloop.run(measure(options.samples, Path(folder)))))


if __name__ == "__main__":
    main()
