"""Activation: the decision alone, and through HTTP with commit beside a million customers.

The decision is measured by `bench.activation_core` in this process. For HTTP a real server process works on a
database of its own in which everybody but a few thousand has an advisor; those few activate theirs at 50 a second,
each at its own time whether or not earlier ones are answered, and latency counts from when each was due. Afterwards
the database is asked for books that are too full or don't add up, and for customers without an advisor or number.

    python bench/activation.py [--customers 1000000] [--advisors 3000] [--rate 50] [--seconds 60] [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from accounts import keys  # noqa: E402
from bench import activation_core, company  # noqa: E402
from bench.client import spread  # noqa: E402
from kit import embedded  # noqa: E402
from kit.clock import LiveClock  # noqa: E402
from kit.database import Database  # noqa: E402
from kit.ids import new_id  # noqa: E402
from kit.settings import Settings  # noqa: E402
from migrations import runner  # noqa: E402

WARM_UP = 100

MAKE_ROOM = """
DELETE FROM relationships WHERE customer_id IN (SELECT pid('c', n) FROM generate_series(1, $1) n);
"""

KINDS = """
UPDATE customers c SET languages = CASE n % 3 WHEN 0 THEN '{en}'::text[] ELSE '{de,en}'::text[] END,
    calling_hours = decode(repeat('00', (n % 5)::int) || 'ff' || repeat('00', 20 - (n % 5)::int), 'hex'),
    expected_seconds = 120 + 60 * (n % 9)
FROM generate_series(1, $1) n WHERE c.id = pid('c', n)
"""

WEIGH = """
UPDATE books b SET load_s = r.seconds, target_s = $1, cap_s = $1 * 11 / 10, price = NULL
FROM (SELECT advisor_id, sum(expected_seconds) AS seconds FROM relationships GROUP BY 1) r
WHERE r.advisor_id = b.advisor_id
"""

VIOLATIONS = """
SELECT (SELECT count(*) FROM books b LEFT JOIN (
            SELECT advisor_id, sum(expected_seconds) AS seconds FROM relationships WHERE ends_at IS NULL GROUP BY 1
        ) r USING (advisor_id) WHERE b.load_s > b.cap_s OR b.load_s <> coalesce(r.seconds, 0))
     + (SELECT count(*) FROM generate_series(1, $1) n WHERE NOT EXISTS (
            SELECT FROM relationships r JOIN advisors a ON a.id = r.advisor_id
            JOIN advisor_skills s ON s.advisor_id = a.id AND s.skill = 'hosting' AND s.level >= 2
            JOIN direct_dial_numbers d ON d.advisor_id = a.id AND d.market_id = r.market_id AND d.state = 'assigned'
            WHERE r.customer_id = pid('c', n) AND r.ends_at IS NULL))
"""


@dataclass(frozen=True)
class Place:
    """A database, a server on it, a key for it; customers 1 … `without` have no advisor yet."""

    url: str
    port: int
    key: str
    without: int


class Activator:
    """Raw HTTP/1.1 over kept-alive connections, so that the generator isn't what is measured."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.statuses: Counter[int] = Counter()

    async def activate(self, ordinal: int) -> None:
        body = b'{"channel": "portal"}'
        head = (
            f"POST /v1/customers/c{ordinal}/advisor HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self._place.key}\r\nIdempotency-Key: a-{ordinal}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        reader, writer = await self._connection()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        at = answer.lower().index(b"content-length:") + 15
        await reader.readexactly(int(answer[at : answer.index(b"\r\n", at)]))
        self.statuses[int(answer[9:12])] += 1
        self._idle.append((reader, writer))

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():  # the server closes what has been idle for long
                return reader, writer
        return await asyncio.open_connection("127.0.0.1", self._place.port)

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


async def on_schedule(place: Place, rate: float) -> dict[str, Any]:
    """Everybody without an advisor activates one, after a few to warm up."""
    activator = Activator(place)
    for ordinal in range(1, WARM_UP + 1):
        await activator.activate(ordinal)
    times: list[float] = []

    async def one(ordinal: int, due: float) -> None:
        await activator.activate(ordinal)
        times.append(time.perf_counter() - due)

    begin, tasks = time.perf_counter(), []
    for n, ordinal in enumerate(range(WARM_UP + 1, place.without + 1)):
        due = begin + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(ordinal, due)))
    await asyncio.gather(*tasks)
    activator.close()
    figures = {f"http_{name}": figure for name, figure in spread(times).items()}
    return {**figures, "http_per_second": rate, "http_created": activator.statuses.pop(201, 0),
            "http_others": dict(activator.statuses)}  # fmt: skip


@contextlib.asynccontextmanager
async def place(data_dir: Path, customers: int, advisors: int, without: int) -> AsyncIterator[Place]:
    """A filled database and a server process on it."""
    url = await _filled(data_dir, customers, advisors, without)
    key, port = await _key(url), _free_port()
    process = _serve(url, port, data_dir)
    try:
        await _until_open(port)
        yield Place(url, port, key, without)
    finally:
        process.terminate()
        process.wait(10)


async def _filled(data_dir: Path, customers: int, advisors: int, without: int) -> str:
    server = embedded.start(data_dir)
    connection = await asyncpg.connect(server.get_uri())
    await connection.execute("CREATE DATABASE activation")
    await connection.close()
    url = server.get_uri("activation")
    await runner.upgrade(url)
    connection = await asyncpg.connect(url)
    await company.fill(connection, customers, advisors)
    await connection.execute(MAKE_ROOM.replace("$1", str(without)), timeout=600)
    await connection.execute(KINDS, without, timeout=600)
    await connection.execute(WEIGH, 360 * customers // advisors, timeout=600)
    await connection.execute("VACUUM ANALYZE", timeout=600)
    await connection.close()
    return url


async def _key(url: str) -> str:
    database = Database(url, Settings(environment="test"))
    async with database.transaction() as session:
        now = LiveClock().now()
        issued = await keys.issue(session, name="bench", scopes=["control_center"], now=now, new_id=new_id)
    await database.close()
    return issued.secret


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(url: str, port: int, data_dir: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DURCHWAHL_DATABASE_URL": url,
        "DURCHWAHL_DATA_DIR": str(data_dir),
        "DURCHWAHL_LOG_LEVEL": "warning",
        "DURCHWAHL_ACCESS_LOG": "false",
    }
    command = [sys.executable, "-m", "cli.main", "serve", "--port", str(port)]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


async def _until_open(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the server didn't come up")


async def through_http(customers: int, advisors: int, rate: float, seconds: float) -> dict[str, Any]:
    """Figures of activations over HTTP, and what is wrong in the database afterwards (0 expected)."""
    without = WARM_UP + int(rate * seconds)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with place(Path(folder), customers, advisors, without) as here:
            figures = await on_schedule(here, rate)
            connection = await asyncpg.connect(here.url)
            violations = await connection.fetchval(VIOLATIONS, without, timeout=600)
            await connection.close()
    return {**figures, "http_violations": violations, "http_customers": customers, "http_advisors": advisors}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--advisors", type=int, default=3_000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--quick", action="store_true", help="20,000 customers, 1,000 advisors, 10 s")
    options = parser.parse_args()
    customers, advisors, seconds = options.customers, options.advisors, options.seconds
    if options.quick:
        customers, advisors, seconds = 20_000, 1_000, 10.0
    http = asyncio.run(through_http(customers, advisors, options.rate, seconds))
    print(json.dumps(http))
    print(json.dumps({**activation_core.measure(customers, advisors), **http}))


if __name__ == "__main__":
    main()
