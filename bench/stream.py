"""How late a change is seen: from before the write to the frame at each of 1,000 dashboards, at 50 events/s each.

A real server process reads the log and fans out, with tickets, sign-ins and topics; a second process writes
presences as another replica would, and rings the doorbell; the dashboards are raw sockets in this process, as a
library's client would cost more than what is measured. All three and PostgreSQL share the machine.

    python bench/stream.py [--connections 1000] [--rate 50] [--seconds 10] [--advisors 3000]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import socket
import sys
import tempfile
import time
from array import array
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from accounts import service
from accounts.models import Account
from accounts.principal import person
from accounts.tokens import digest
from advisors import presences
from bench import company
from bench.client import spread
from kit import embedded
from kit.clock import LiveClock
from kit.database import Database
from kit.ids import new_id
from kit.settings import Settings
from migrations import runner
from realtime import tickets
from realtime.doorbell import Doorbell

ROOT = Path(__file__).parent.parent
SERVE = [sys.executable, "-m", "cli.main", "serve"]
SIGN_INS = 50
WARM_UP_S = 2.0
TIME = b'"time":"'


class Dashboard(asyncio.Protocol):
    """Opens the stream, listens to everything, and notes how old each event is when it arrives."""

    def __init__(self, ticket: str, ages: array[float]) -> None:
        self._ticket, self._ages = ticket, ages
        self._buffer = b""
        self._upgraded = False
        self.events = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.snapshot_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(
            b"GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head, head
            self._upgraded, self._buffer = True, rest
            self._say(type="hello", ticket=self._ticket)
            self._say(type="subscribe", topics=["all"])
        self._take_frames(time.time())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(exc or ConnectionError("closed before the snapshot"))

    def _say(self, **message: Any) -> None:
        """A masked text frame; a mask of zeros leaves the text as it is."""
        text = json.dumps(message).encode()
        size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        self._transport.write(b"\x81" + size + bytes(4) + text)

    def _take_frames(self, now: float) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, head = buffer[at + 1], 2
            if size >= 126:
                head = 4 if size == 126 else 10
                size = int.from_bytes(buffer[at + 2 : at + head], "big")
            if len(buffer) - at < head + size:
                break
            if buffer[at] == 0x81:
                self._take(buffer[at + head : at + head + size], now)
            at += head + size
        self._buffer = buffer[at:]

    def _take(self, payload: bytes, now: float) -> None:
        if payload.startswith(b'{"type":"event"'):
            begin = payload.index(TIME) + len(TIME)
            self.events += 1
            self._ages.append(now - written_at(payload[begin : begin + 27]))
        elif payload.startswith(b'{"type":"snapshot"'):
            self.snapshot_bytes = len(payload)
            if not self.ready.done():
                self.ready.set_result(None)


_moments: dict[bytes, float] = {}


def written_at(text: bytes) -> float:
    moment = _moments.get(text)
    if moment is None:
        moment = _moments[text] = datetime.fromisoformat(text.partition(b'"')[0].decode()).timestamp()
    return moment


async def write(url: str, advisors: int, rate: float, seconds: float) -> None:
    """Change presences on schedule; prints how many events were made."""
    database, clock, dice = Database(url, Settings(environment="test")), LiveClock(), random.Random(1)
    doorbell = Doorbell(database)
    await doorbell.listen_once()
    loops = doorbell.loops()
    for loop in loops:
        loop.start()
    begin, made = time.perf_counter(), 0
    while made < rate * seconds:
        await asyncio.sleep(max(0.0, begin + made / rate - time.perf_counter()))
        advisor = UUID(f"01900000-000a-7000-8000-{dice.randint(1, advisors):012x}")
        async with database.transaction() as session:
            row = await presences.lock(session, advisor)
            state = "available" if row["state"] == "break" else "break"
            await presences.choose(session, advisor, state, clock.now())
        made += 1
    for loop in loops:
        await loop.stop()
    await doorbell.close()
    await database.close()
    print(made)


async def some_tickets(url: str, count: int) -> list[str]:
    """Tickets of supervisors who have just signed in."""
    database, now = Database(url, Settings(environment="test")), LiveClock().now()
    made = list[str]()
    async with database.transaction() as session:
        for number in range(SIGN_INS):
            account = new_id(now)
            session.orm.add(
                Account(
                    id=account, email=f"bench-{account}@desk.example", name=f"Bench {number}",
                    password_hash="none", role="supervisor", created_at=now,  # pragma: allowlist secret
                )
            )  # fmt: skip
            await session.orm.flush()
            token, _ = await service.begin(session, account, now, Settings(environment="test").session_lifetime)
            someone = person(account, "supervisor", None, digest(token.encode()))
            made += [(await tickets.issue(session, someone, now))[0] for _ in range(-(-count // SIGN_INS))]
    await database.close()
    return made[:count]


async def listen(port: int, made: list[str], ages: array[float]) -> list[Dashboard]:
    """All dashboards, each with its snapshot."""
    loop = asyncio.get_running_loop()
    dashboards = list[Dashboard]()
    for ticket in made:
        _, dashboard = await loop.create_connection(partial(Dashboard, ticket, ages), "127.0.0.1", port)
        dashboards.append(dashboard)
    await asyncio.gather(*(dashboard.ready for dashboard in dashboards))
    return dashboards


@contextlib.asynccontextmanager
async def place(data_dir: Path, advisors: int) -> AsyncIterator[tuple[str, int, int]]:
    """A company, and a server process on it: URL of the database, port, process id."""
    server = embedded.start(data_dir)
    connection = await asyncpg.connect(server.get_uri())
    await connection.execute("CREATE DATABASE stream")
    await connection.close()
    url = server.get_uri("stream")
    await runner.upgrade(url)
    connection = await asyncpg.connect(url)
    await company.fill(connection, 1, advisors)
    await connection.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ,
        "DURCHWAHL_DATABASE_URL": url,
        "DURCHWAHL_DATA_DIR": str(data_dir),
        "DURCHWAHL_LOG_LEVEL": "error",
        "DURCHWAHL_WORKERS": "false",
    }
    process = await asyncio.create_subprocess_exec(*SERVE, "--port", str(port), env=environment, cwd=ROOT)
    try:
        await _until_open(port)
        yield url, port, process.pid
    finally:
        process.terminate()
        await process.wait()


async def _until_open(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("the server didn't come up")


async def measure(connections: int, rate: float, seconds: float, advisors: int) -> dict[str, Any]:
    ages: array[float] = array("d")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with place(Path(folder), advisors) as (url, port, server):
            made = await some_tickets(url, connections)
            begin = time.perf_counter()
            dashboards = await listen(port, made, ages)
            connected_s = time.perf_counter() - begin
            await run_writer(url, advisors, rate, WARM_UP_S)
            ages, before = _fresh(dashboards), cpu_s(server)
            events = await run_writer(url, advisors, rate, seconds)
            await asyncio.sleep(1)
            used = cpu_s(server) - before
            received = sum(dashboard.events for dashboard in dashboards)
            kib = (memory_kib(server)) / connections
    return {
        "connections": connections,
        "events_per_s_each": rate,
        "seconds": seconds,
        "frames": received,
        "missing": events * connections - received,
        **spread(ages),
        "server_cores": round(used / seconds, 2),
        "all_connected_s": round(connected_s, 1),
        "snapshot_kib": dashboards[0].snapshot_bytes // 1024,
        "server_kib_per_connection": round(kib),
    }


def _fresh(dashboards: list[Dashboard]) -> array[float]:
    """Begin to count anew."""
    ages: array[float] = array("d")
    for dashboard in dashboards:
        dashboard.events, dashboard._ages = 0, ages
    return ages


async def run_writer(url: str, advisors: int, rate: float, seconds: float) -> int:
    arguments = ["--write", url, "--advisors", str(advisors), "--rate", str(rate), "--seconds", str(seconds)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    printed, _ = await process.communicate()
    return int(printed.split()[-1])


def cpu_s(process: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_kib(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--advisors", type=int, default=3_000)
    parser.add_argument("--write", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        asyncio.run(write(options.write, options.advisors, options.rate, options.seconds))
    else:
        uvloop.install()
        found = measure(options.connections, options.rate, options.seconds, options.advisors)
        print(json.dumps(asyncio.run(found)))


if __name__ == "__main__":
    main()
