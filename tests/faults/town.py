"""A small company that is open day and night, its replicas behind a proxy, and everybody who comes to them by HTTP.

Callers, their switch, advisors at their desks and a portal, all in a hurry: a call lasts seconds. Nobody here is
told anything that a real client would not be told, and what they are told goes into the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from kit import invariants
from kit.clock import LiveClock
from kit.database import Database
from kit.settings import Settings
from telephony.simulated import QUIET, Away, Caller, Noise, Phone, Played, SimulatedSwitch, Target
from tests.faults.ledger import Balancer, Insisting, Ledger
from tests.faults.own_server import OwnServer, through
from tests.faults.proxy import Proxy
from tests.faults.replicas import Replica, running
from tests.support.api import a_key, a_person
from tests.support.builders import (
    ALWAYS,
    a_customer,
    a_desk_group,
    a_market,
    a_number,
    a_policy,
    an_advisor,
)

GENERAL = "+493023125900"
ADVISORS, CUSTOMERS = 6, 24
PATIENCE_S = 6.0
"""How long a client waits for an answer: one that is frozen is given up, and another asked."""
NOISY = Noise(repeat=0.1, reorder=0.1, lose=0.03, silent=0.02, lie=0.03)
POLICY: dict[str, Any] = {
    "routing": {"ring_timeout_s": 4, "choice_timeout_s": 2, "neighbours_after_s": 2, "max_wait_s": 60},
    "callback": {"lead_minutes": 0, "leave_one_free_s": 0, "retry_minutes": 60, "share": 1.0, "horizon_days": 60},
    "wrap_up_limit_s": 1,
    "silence_ask_s": 8,
    "silence_end_s": 12,
    "ask_customer_number": False,
}
BRING_FORWARD = """
UPDATE callbacks SET window_starts_at = $1::timestamptz - interval '1 min', next_action_at = $1::timestamptz,
    window_ends_at = $1::timestamptz + interval '30 min'
WHERE id IN (SELECT id FROM callbacks WHERE state = 'scheduled' AND attempts = 0 AND next_action_at > $1 LIMIT $2)
"""
"""Nobody waits for the next window in a test: it begins now."""

OPEN = """
SELECT 'contact ' || state AS what FROM contacts WHERE ended_at IS NULL AND direction = 'in'
UNION ALL
SELECT 'dial' FROM callback_attempts
WHERE ended_at IS NULL AND coalesce(last_signal_at, committed_at) < clock_timestamp() - interval '95 s'
UNION ALL
SELECT 'offer' FROM offers WHERE state = 'open' AND deadline_at < clock_timestamp() - interval '5 s'
UNION ALL
SELECT 'overdue promise' FROM callbacks
WHERE final_at IS NULL AND next_action_at < clock_timestamp() - interval '60 s'
"""
"""What should have ended when nobody calls any more; a dial of which nothing is heard has 90 s."""


@dataclass(frozen=True)
class People:
    """Tokens by advisor's external number, customers' numbers and phones, and the keys of the machines."""

    desks: Sequence[str]
    refs: Sequence[str]
    phones: Sequence[str]
    telephony: str
    control_center: str
    supervisor: str


async def found(database: Database, settings: Settings, now: datetime) -> People:
    clock = LiveClock()
    async with database.transaction() as session:
        await a_market(session, opening_hours=ALWAYS, holiday_country=None, holiday_subdivision=None)
        await a_policy(session, valid_from=now - timedelta(days=1), **POLICY)
        near = await a_desk_group(session)
        home = await a_desk_group(session, general_for="DE", neighbours=(near,))
        advisors = [
            await an_advisor(session, group=(home, near)[n % 2], working_pattern=ALWAYS, available=False, now=now)
            for n in range(ADVISORS)
        ]
        await a_number(session, number=GENERAL, kind="general", since=now - timedelta(days=1))
        phones = [f"+4922147101{n:02}" for n in range(CUSTOMERS)]
        refs = [
            (
                await a_customer(
                    session, advisor=advisors[n % ADVISORS], phones=(phone,), since=now - timedelta(days=1), now=now
                )
            ).external_ref
            for n, phone in enumerate(phones)
        ]
        desks = [await a_person(session, clock, settings, "advisor", advisor.id) for advisor in advisors]
        return People(
            desks,
            refs,
            phones,
            (await a_key(session, clock, "telephony")).secret,
            (await a_key(session, clock, "control_center")).secret,
            await a_person(session, clock, settings, "supervisor"),
        )


@dataclass
class Town:
    """`database` is the way past the proxy. `played` counts how calls and dials ended."""

    server: OwnServer
    uri: str
    proxy: Proxy
    database: Database
    replicas: Sequence[Replica]
    people: People
    dice: random.Random
    noise: Noise = QUIET
    gap_s: float = 0.4
    ledger: Ledger = field(default_factory=Ledger)
    played: Counter[str] = field(default_factory=Counter)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def client(self, token: str, way: type[Balancer] = Balancer) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url="http://127.0.0.1",
            timeout=PATIENCE_S,
            headers={"authorization": f"Bearer {token}"},
            transport=way(self.replicas, self.ledger),
        )

    # --- who comes

    @contextlib.asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Everybody does what they do until the end of the block; calls that go on then are played to their end."""
        async with self.client(self.people.telephony, Insisting) as line, contextlib.AsyncExitStack() as stack:
            switch = SimulatedSwitch(
                line, clock=LiveClock(), dice=self.dice, phones=self._phone, noise=self.noise, poll_s=2
            )
            portal = await stack.enter_async_context(self.client(self.people.control_center))
            asking = [asyncio.create_task(one) for one in (self._callers(switch), self._portal(portal))]
            lives = [asyncio.create_task(self._dials(switch))]
            for token in self.people.desks:
                desk = await stack.enter_async_context(self.client(token))
                lives.append(asyncio.create_task(self._desk(desk)))
            try:
                yield
                for one in asking:
                    one.cancel()
                await self._play_to_the_end()
            finally:
                going_on = [*asking, *lives, *self._tasks]
                for task in going_on:
                    task.cancel()
                await asyncio.gather(*going_on, return_exceptions=True)

    async def _play_to_the_end(self) -> None:
        async with asyncio.timeout(120):
            while self._tasks:
                await asyncio.wait(self._tasks, timeout=1)

    def _start(self, play: Coroutine[Any, Any, Played]) -> None:
        task = asyncio.create_task(play)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Played]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            self.played[task.result().ended] += 1

    async def _callers(self, switch: SimulatedSwitch) -> None:
        while True:
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) * self.gap_s)
            phone = self.dice.choice([None, *self.people.phones])
            if phone is None or not switch.is_in_use(phone):
                self._start(switch.call(self._caller(phone), f"pbx-{uuid4().hex}"))

    def _caller(self, phone: str | None) -> Caller:
        wants = self.dice.choice((("colleague",), ("callback",), ("hold", "colleague"), ()))
        talks_s, patience_s = self.dice.uniform(0.3, 2), self.dice.uniform(5, 12)
        return Caller(phone, GENERAL, wants, thinks_s=0.2, patience_s=patience_s, talks_s=talks_s)

    def _phone(self, _: Target) -> Phone:
        does = self.dice.choices(("answers", "no_answer", "busy", "failed"), (12, 1, 1, 1))[0]
        return Phone(does, self.dice.uniform(0.1, 1))  # type: ignore[arg-type]

    async def _dials(self, switch: SimulatedSwitch) -> None:
        while True:
            try:
                for dial in await switch.claim(1):
                    self._start(switch.keep(dial, self.dice.uniform(0.3, 1)))
            except Away:
                await asyncio.sleep(0.5)

    async def _desk(self, desk: httpx2.AsyncClient) -> None:
        """A browser: signs of life, and back to work after whatever came between."""
        while True:
            with contextlib.suppress(httpx2.TransportError):
                state = (await desk.get("/v1/desk")).json().get("presence", {}).get("state")
                if state in ("offline", "not_responding", "break", "wrap_up"):
                    await desk.put("/v1/desk/presence", json={"state": "available"})
                await desk.post("/v1/desk/heartbeat")
            await asyncio.sleep(self.dice.uniform(0.5, 1.5))

    async def _portal(self, portal: httpx2.AsyncClient) -> None:
        """Promises, each asked for with one key until it is answered; and windows that come sooner than they do."""
        while True:
            await asyncio.sleep(self.dice.uniform(0.5, 2))
            with contextlib.suppress(httpx2.TransportError, OSError, KeyError, IndexError):
                path = f"/v1/customers/{self.dice.choice(self.people.refs)}"
                slot = (await portal.get(f"{path}/callback-slots")).json()["slots"][0]["starts_at"]
                await self._insist(portal, f"{path}/callbacks", {"slot_starts_at": slot})
            with contextlib.suppress(Exception):
                async with self.database.transaction() as session:
                    await session.execute(BRING_FORWARD, datetime.now(UTC), 2)

    async def _insist(self, portal: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> None:
        key = {"Idempotency-Key": uuid4().hex}
        for _ in range(5):
            with contextlib.suppress(httpx2.TransportError):
                if (await portal.post(path, json=body, headers=key)).status_code < 429:
                    return
            await asyncio.sleep(0.5)

    # --- what must hold

    async def talking(self, within_s: float = 30.0) -> None:
        """Until somebody more has talked with an advisor: routes, loops and desks work. Raises `TimeoutError`."""
        before = self.played["talked"]
        async with asyncio.timeout(within_s):
            while self.played["talked"] == before:  # noqa: ASYNC110 - whoever calls gives no signal
                await asyncio.sleep(0.1)

    async def recovered(self, within_s: float) -> float:
        """Seconds until every replica is ready and the invariants hold again. Raises `TimeoutError`."""
        time = asyncio.get_running_loop().time
        began = time()
        async with asyncio.timeout(within_s + 30):
            await asyncio.gather(*(replica.ready(30) for replica in self.replicas))
        while broken := await self.broken():
            if time() - began > within_s:
                raise TimeoutError(f"{broken}")
            await asyncio.sleep(0.25)
        return time() - began

    async def broken(self) -> dict[str, Any]:
        async with self.database.report(timedelta(seconds=30)) as session:
            now = await session.fetch_value("SELECT clock_timestamp()")
            return dict(await invariants.violations(session, now, since=self.began_at))

    async def lost(self) -> list[str]:
        async with self.database.reading() as session:
            return await self.ledger.lost(session)

    async def unfinished(self, within_s: float) -> list[str]:
        """What is still open when nobody has called for so long, while the desks go on."""
        async with self.database.reading() as session:
            for _ in range(int(within_s)):
                if not (found := await session.fetch(OPEN)):
                    return []
                await asyncio.sleep(1)
        return [row["what"] for row in found]


@contextlib.asynccontextmanager
async def a_town(
    server: OwnServer, folder: Path, seed: int, replicas: int = 2, noise: Noise = QUIET, **more: str
) -> AsyncIterator[Town]:
    """A fresh database on the server, reached by the replicas through the proxy alone."""
    uri = await server.database()
    settings = Settings(environment="test", data_dir=folder, _env_file=None)
    async with Proxy(server.socket) as proxy:
        database = Database(uri, settings, application="onlooker")
        people = await found(database, settings, datetime.now(UTC))
        try:
            async with running(through(proxy.port, uri), folder, replicas, **more) as processes:
                yield Town(server, uri, proxy, database, processes, people, random.Random(seed), noise)
        finally:
            await database.close()
