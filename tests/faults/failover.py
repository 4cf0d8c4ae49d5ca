"""The primary is killed while the service works, and its synchronous standby takes over.

    async with Cluster() as cluster:
        found = await failover_cycle(cluster, settings, seed=1)
        await cluster.replace_primary()             # before the next cycle

What was acknowledged must be there afterwards; what was not is sent again under the same name, as switches and
control centers do. The write gap is measured from the kill to the first acknowledged write after it; the time that
somebody takes to notice (Patroni's `ttl`) comes on top, but for `notice_s`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from api.services import Services
from cli.assembly import with_loops
from kit import invariants
from kit.catalogue import Catalogue
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.properties import company as companies
from tests.properties.company import GENERAL
from tests.support import postgres
from tests.support.api import Client, make_app, make_client
from tests.support.builders import MONDAY_MORNING
from tests.support.cluster import Cluster
from worker.loops import ensure_months

WRITERS = 4
PAUSE_S = 0.02
BEFORE_S, AFTER_S = 1.0, 1.0
GIVE_UP_S = 30.0
LOOPS_ALIVE = timedelta(seconds=5)


@dataclass
class Failover:
    """What one cycle found; `wrong` says what, should there be anything."""

    acknowledged: int = 0
    repeated: int = 0
    lost: int = 0
    unready: int = 0
    gap_s: float = 0.0
    promotion_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        counted = {"failovers": 1, "acknowledged": self.acknowledged, "acknowledged_lost": self.lost}
        return Counter({**counted, "violations": len(self.wrong)})


@dataclass
class Writers:
    """Send calls and customers until told to stop, each again and again until it is acknowledged."""

    client: Client
    seed: int
    calls: dict[str, str] = field(default_factory=dict)
    customers: set[str] = field(default_factory=set)
    last_at: float = 0.0
    repeated: int = 0
    first_after: asyncio.Event = field(default_factory=asyncio.Event)
    killed_at: float = float("inf")
    stopping: bool = False
    answers: Counter[int] = field(default_factory=Counter)

    async def write(self, writer: int) -> None:
        number = 0
        while not self.stopping:
            number += 1
            name = f"{self.seed}-{writer}-{number}"
            await (self._call(name) if number % 2 else self._customer(name))
            await asyncio.sleep(PAUSE_S)

    async def _call(self, name: str) -> None:
        body = {"call_id": f"pbx-{name}", "from": None, "to": GENERAL}
        answer = await self._until_acknowledged("telephony", "POST", "/v1/telephony/calls", body)
        if answer is not None:
            self.calls[body["call_id"] or ""] = answer["contact_id"]

    async def _customer(self, name: str) -> None:
        body = {"market": "DE", "languages": ["de"]}
        if await self._until_acknowledged("control_center", "PUT", f"/v1/customers/K-{name}", body) is not None:
            self.customers.add(f"K-{name}")

    async def _until_acknowledged(self, who: str, method: str, path: str, body: Any) -> dict[str, Any] | None:
        while not self.stopping:
            begun = time.monotonic()
            answer = await self.client.as_(who).request(method, path, json=body)
            self.answers[answer.status_code] += 1
            if answer.is_success:
                if begun > self.killed_at:
                    self.last_at = self.last_at or time.monotonic()
                    self.first_after.set()
                told: dict[str, Any] = answer.json()
                return told
            assert answer.status_code == 503, answer.text
            self.repeated += 1
            await asyncio.sleep(PAUSE_S)
        return None


async def failover_cycle(cluster: Cluster, settings: Settings, *, seed: int = 1, notice_s: float = 0.0) -> Failover:
    """Kill the primary with -9 under load and promote the standby, which is left alone in the cluster."""
    found = Failover()
    name = f"failover_{uuid4().hex[:8]}"
    await postgres.create_database(cluster.primary.url(), name)
    async with serving(cluster.url(postgres.RUNTIME, name), settings) as (client, services):
        writers = Writers(client, seed)
        async with asyncio.TaskGroup() as group:
            for writer in range(WRITERS):
                group.create_task(writers.write(writer))
            group.create_task(_watch_readiness(client, writers, found))
            await asyncio.sleep(BEFORE_S)
            await _fail_over(cluster, writers, found, notice_s)
            writers.stopping = True
        await _look(services, writers, found)
    return found


async def _fail_over(cluster: Cluster, writers: Writers, found: Failover, notice_s: float) -> None:
    cluster.primary.kill()
    writers.killed_at = time.monotonic()
    await asyncio.sleep(notice_s)
    await cluster.standby.promote()
    found.promotion_s = time.monotonic() - writers.killed_at
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GIVE_UP_S):
            await writers.first_after.wait()
    found.gap_s = (writers.last_at or time.monotonic()) - writers.killed_at
    await asyncio.sleep(AFTER_S)


async def _watch_readiness(client: Client, writers: Writers, found: Failover) -> None:
    """A database that is away must not empty the load balancer."""
    while not writers.stopping:
        found.unready += (await client.get("/readyz")).status_code != 200
        await asyncio.sleep(0.05)


async def _look(services: Services, writers: Writers, found: Failover) -> None:
    """What stands on the new primary."""
    async with services.database.report(timedelta(seconds=30)) as session:
        calls = await session.fetch("SELECT switch_call_id, id::text FROM contacts WHERE direction = 'in'")
        customers = {row["external_ref"] for row in await session.fetch("SELECT external_ref FROM customers")}
        broken = await invariants.violations(session, services.clock.now(), since=MONDAY_MORNING)
    kept = {row["switch_call_id"] for row in calls}
    found.acknowledged = len(writers.calls) + len(writers.customers)
    found.lost = len(writers.calls.keys() - kept) + len(writers.customers - customers)
    found.repeated = writers.repeated
    found.wrong += [f"{invariant}: {len(rows)}" for invariant, rows in broken.items()]
    found.wrong += [f"silent after the failover: {loop}" for loop in services.vitals.heartbeats.silent(LOOPS_ALIVE)]
    if found.unready:
        found.wrong.append(f"not ready {found.unready} times")


@contextlib.asynccontextmanager
async def serving(url: str, settings: Settings) -> AsyncIterator[tuple[Client, Services]]:
    """The application with all its loops, in this process, on a fresh database."""
    database, clock = Database(url, settings, application="failover"), VirtualClock(MONDAY_MORNING)
    app = make_app(database, clock, settings, catalogue=Catalogue.load(strict=True))
    services: Services = app.state.services
    with_loops(services)
    await ensure_months(database, clock.now())
    async with database.transaction() as session:
        await companies.found(session)
    client = await make_client(app)
    try:
        async with app.router.lifespan_context(app):
            yield client, services
    finally:
        await database.close()
