"""A whole book computed and carried out in a running service, while calls come in: what its event loop feels.

A company without relationships is made, `durchwahl serve` is started on it, a supervisor asks for the assignment of
everybody and applies it, and callers call on a schedule of their own all the time.

    python bench/serving_book.py [--customers 100000] [--advisors 3000] [--rate 20] [--quiet 20] [--apply 60]

The last line is one JSON object. For each phase (quiet, computing, applying): `late` counts the looks at the event
loop (fifty a second) that came more than so many milliseconds late, `worst_ms` is the latest, `calls` are the
answers to `POST /v1/telephony/calls`. `--apply` is for how many seconds the plan is carried out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

sys.path.insert(0, str(Path(__file__).parent.parent))

from accounts import keys
from bench import activation, assigning, company
from bench.client import spread
from kit.clock import LiveClock
from kit.database import Database
from kit.ids import new_id
from kit.settings import Settings
from tests.support.api import a_person

LATE = re.compile(r'^durchwahl_loop_late_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
LAG = re.compile(r"^durchwahl_loop_lag_seconds (\S+)$", re.MULTILINE)
SEEN_S = 0.25
"""How often the lag is asked for; it is the worst of half a second."""


@dataclass
class Phase:
    """What was seen between its begin and its end."""

    worst_ms: float = 0.0
    waits_s: list[float] = field(default_factory=list)
    refused: int = 0
    late: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        calls = {**spread(self.waits_s), "number": len(self.waits_s), "refused": self.refused}
        return {"seconds": round(self.seconds, 1), "worst_ms": self.worst_ms, "late": self.late, "calls": calls}


@dataclass
class Watch:
    """Calls, and looks at the metrics, for as long as it runs; what it sees belongs to the present phase."""

    http: httpx2.AsyncClient
    switch: str
    rate: float
    phase: Phase = field(default_factory=Phase)

    async def call(self) -> None:
        number = 0
        async with asyncio.TaskGroup() as group:
            while True:
                number += 1
                group.create_task(self._call(number))
                await asyncio.sleep(1 / self.rate)

    async def _call(self, number: int) -> None:
        phase, began = self.phase, time.perf_counter()
        body = {"call_id": uuid4().hex, "from": company.caller(number), "to": company.number_of(number % 100 + 1)}
        headers = {"authorization": f"Bearer {self.switch}"}
        answer = await self.http.post("/v1/telephony/calls", json=body, headers=headers)
        phase.waits_s.append(time.perf_counter() - began)
        phase.refused += not answer.is_success

    async def look(self) -> None:
        while True:
            await asyncio.sleep(SEEN_S)
            lag = LAG.search(await self.metrics())
            self.phase.worst_ms = max(self.phase.worst_ms, round(1000 * float(lag[1]), 1)) if lag else -1.0

    async def metrics(self) -> str:
        return (await self.http.get("/metrics")).text

    @contextlib.asynccontextmanager
    async def during(self) -> AsyncIterator[Phase]:
        before, began = self._late(await self.metrics()), time.monotonic()
        self.phase = phase = Phase()
        yield phase
        phase.seconds = time.monotonic() - began
        after = self._late(await self.metrics())
        phase.late = {name: after[name] - before[name] for name in after}

    @staticmethod
    def _late(text: str) -> dict[str, int]:
        buckets = {bound: int(float(count)) for bound, count in LATE.findall(text)}
        every = buckets["+Inf"]
        told = {f"over_{round(1000 * float(b))}_ms": every - n for b, n in buckets.items() if b != "+Inf"}
        return {"looks": every, **told}


async def _let_in(url: str) -> tuple[str, str]:
    """A key for the switch, and a supervisor's token."""
    database, clock, settings = Database(url, Settings(environment="test")), LiveClock(), Settings()
    async with database.transaction() as session:
        issued = await keys.issue(session, name="bench", scopes=["telephony"], now=clock.now(), new_id=new_id)
        supervisor = await a_person(session, clock, settings, "supervisor")
    await database.close()
    return issued.secret, supervisor


async def _until(http: httpx2.AsyncClient, run: str, seconds: float, *states: str) -> dict[str, Any]:
    """The run as it is when it has come to one of the states, or the seconds are over."""
    end = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = (await http.get(f"/v1/book-runs/{run}")).json()
        if found["state"] in states or time.monotonic() > end:
            return found
        await asyncio.sleep(0.2)


async def _phases(watch: Watch, supervisor: httpx2.AsyncClient, quiet_s: float, apply_s: float) -> dict[str, Any]:
    async with watch.during() as quiet:
        await asyncio.sleep(quiet_s)
    async with watch.during() as computing:
        headers = {"idempotency-key": uuid4().hex}
        run = (await supervisor.post("/v1/book-runs", json={"kind": "assign"}, headers=headers)).json()["id"]
        computed = await _until(supervisor, run, 900, "ready", "failed")
    async with watch.during() as applying:
        await supervisor.post(f"/v1/book-runs/{run}/apply", headers={"idempotency-key": uuid4().hex})
        applied = await _until(supervisor, run, apply_s, "applied")
    return {
        "planned": computed["planned"],
        "applied": applied["done"],
        "applied_per_second": round(applied["done"] / applying.seconds),
        "quiet": quiet.told(),
        "computing": computing.told(),
        "applying": applying.told(),
    }


async def measure(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    url = await assigning._made(folder, given.customers, given.advisors)
    switch, person = await _let_in(url)
    port = activation._free_port()
    process = activation._serve(url, port, folder)
    try:
        await activation._until_open(port)
        base = f"http://127.0.0.1:{port}"
        headers = {"authorization": f"Bearer {person}"}
        async with (
            httpx2.AsyncClient(base_url=base, timeout=30) as http,
            httpx2.AsyncClient(base_url=base, timeout=30, headers=headers) as supervisor,
        ):
            watch = Watch(http, switch, given.rate)
            tasks = [asyncio.create_task(watch.call()), asyncio.create_task(watch.look())]
            figures = await _phases(watch, supervisor, given.quiet, given.apply)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        process.terminate()
        process.wait(30)
    return {"customers": given.customers, "advisors": given.advisors, "rate": given.rate, **figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--advisors", type=int, default=3_000)
    parser.add_argument("--rate", type=float, default=20.0, help="calls a second")
    parser.add_argument("--quiet", type=float, default=20.0, help="seconds before the run")
    parser.add_argument("--apply", type=float, default=60.0, help="seconds of carrying out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        print(json.dumps(asyncio.run(measure(given, Path(folder)))))


if __name__ == "__main__":
    main()
