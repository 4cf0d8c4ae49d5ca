"""The simulated switch against the real application and database, in virtual time.

Ben is Anna's colleague. Anna's customer calls; phones do what a test says, by the name of who owns them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import httpx2
import pytest

from advisors.models import Advisor
from api.app import Services
from api.exchange import exchange_of
from contacts import desk
from contacts.states import CONTACT
from kit.clock import VirtualClock
from kit.database import Database
from telephony.simulated import Caller, Noise, Phone, SimulatedSwitch
from tests.conftest import MONDAY_MORNING
from tests.support.api import Client
from tests.support.builders import (
    a_customer,
    a_desk_group,
    a_number,
    a_policy,
    a_private_number,
    an_advisor,
)
from worker.loops import Worker

pytestmark = pytest.mark.database

MARKET_NUMBER = "+493023125900"
ANNA, BEN = "PJSIP/anna", "PJSIP/ben"


@dataclass
class Town:
    """The application with Anna and Ben, and a clock that a sleep moves; what falls due meanwhile is done."""

    client: Client
    clock: VirtualClock
    database: Database
    worker: Worker
    customer: str
    anna: Advisor
    phones: dict[str, Phone] = field(default_factory=dict)
    plans: list[tuple[datetime, Callable[[], Awaitable[None]]]] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        due = [plan for plan in self.plans if plan[0] <= self.clock.now()]
        for plan in due:
            self.plans.remove(plan)
            await plan[1]()
        await self.worker.deadlines_once()
        await self.worker.dispatching.run_once()

    def in_(self, seconds: float, happens: Callable[[], Awaitable[None]]) -> None:
        self.plans.append((self.clock.now() + timedelta(seconds=seconds), happens))

    def phone(self, target: Mapping[str, Any]) -> Phone:
        return self.phones.get(target.get("endpoint") or target["number"], Phone(after_s=3))

    def switch(self, noise: Noise | None = None, seed: int = 7) -> SimulatedSwitch:
        http = self.client.http
        http.headers["Authorization"] = f"Bearer {self.client.tokens['telephony']}"
        return SimulatedSwitch(
            http,
            clock=self.clock,
            dice=Random(seed),
            phones=self.phone,
            sleep=self.sleep,
            noise=noise or Noise(),
            prefix=f"sim{seed}",
        )

    def caller(self, **more: Any) -> Caller:
        return Caller(self.customer, dials=MARKET_NUMBER, **more)

    async def contacts(self) -> list[tuple[str, str | None]]:
        """State and why it ended, of every contact."""
        async with self.database.reading() as session:
            rows = await session.fetch("SELECT state, ended_reason FROM contacts ORDER BY id")
        return [(row["state"], row["ended_reason"]) for row in rows]

    async def presence(self, advisor: str) -> str:
        query = "SELECT state FROM presences p JOIN advisors a ON a.id = p.advisor_id WHERE sip_endpoint = $1"
        async with self.database.reading() as session:
            return str(await session.fetch_value(query, advisor))

    async def at_break(self, *endpoints: str, state: str = "break") -> None:
        async with self.database.transaction() as session:
            await session.execute(
                "UPDATE presences SET state = $2 FROM advisors a"
                " WHERE a.id = advisor_id AND sip_endpoint = ANY($1)",
                list(endpoints),
                state,
            )

    async def back(self, endpoint: str) -> None:
        await self.at_break(endpoint, state="available")


@pytest.fixture
async def town(client: Client, services: Services, database: Database, clock: VirtualClock) -> Town:
    customer = a_private_number()
    async with database.transaction() as session:
        await a_policy(session, callback={"slot_minutes": 5, "lead_minutes": 0, "expected_minutes": 1, "share": 1})
        group = await a_desk_group(session, general_for="DE")
        people = [
            await an_advisor(session, name=name, group=group, sip_uri=f"sip:{name.lower()}@desk.example")
            for name in ("Anna", "Ben")
        ]
        for advisor in people:
            await session.execute(
                "UPDATE advisors SET sip_endpoint = $2 WHERE id = $1", advisor.id, f"PJSIP/{advisor.name.lower()}"
            )
        await a_customer(session, external_ref="4711", advisor=people[0], phones=(customer,))
        await a_number(session, number=MARKET_NUMBER, kind="general")
    worker = Worker(database, exchange_of(services), clock)
    return Town(client, clock, database, worker, customer, people[0])


async def test_caller_and_own_advisor_talk_and_hang_up(town: Town) -> None:
    played = await town.switch().call(town.caller(talks_s=100))

    assert (played.ended, played.talked_with, played.talked_s) == ("talked", ANNA, 100)
    assert played.rang == [ANNA]
    assert await town.contacts() == [("wrapping", None)]


async def test_own_advisor_who_does_not_answer_is_explained_and_a_colleague_helps(town: Town) -> None:
    town.phones[ANNA] = Phone("no_answer")

    played = await town.switch().call(town.caller(wants=("colleague",)))

    assert played.rang == [ANNA, BEN]
    assert played.typed == ["1"]
    assert (played.ended, played.talked_with) == ("talked", BEN)
    assert "Anna" in played.heard[0]
    assert await town.presence(ANNA) == "not_responding"


async def test_promise_taken_in_a_call_is_kept_by_a_dial(town: Town) -> None:
    await town.at_break(ANNA)
    switch = town.switch()

    called = await switch.call(town.caller(wants=("callback",)))
    await town.sleep(5)
    await town.back(ANNA)
    await town.sleep(300)
    (dial,) = await switch.claim()
    kept = await switch.keep(dial, talks_s=50)

    assert (called.ended, called.typed) == ("promised", ["2"])
    assert (kept.ended, kept.rang, kept.talked_s) == ("talked", [ANNA, town.customer], 50)
    assert await switch.claim() == []
    async with town.database.reading() as session:
        assert await session.fetch_value("SELECT state FROM callbacks") == "done"


async def test_customer_who_does_not_pick_up_is_missed_and_the_promise_lives_on(town: Town) -> None:
    await town.at_break(ANNA)
    switch = town.switch()
    await switch.call(town.caller(wants=("callback",)))
    await town.back(ANNA)
    await town.sleep(300)
    town.phones[town.customer] = Phone("busy")

    (dial,) = await switch.claim()
    missed = await switch.keep(dial)

    assert missed.ended == "missed"
    async with town.database.reading() as session:
        assert await session.fetch_value("SELECT state FROM callbacks") == "scheduled"


async def test_caller_loses_patience_while_waiting(town: Town) -> None:
    await town.at_break(ANNA, BEN)

    played = await town.switch().call(town.caller(wants=("colleague",), patience_s=60))
    await town.sleep(2)

    assert (played.ended, played.rang) == ("gave_up", [])
    assert await town.contacts() == [("abandoned", "hung_up")]


async def test_caller_gives_in_while_waiting_and_takes_a_callback(town: Town) -> None:
    await town.at_break(ANNA, BEN)

    played = await town.switch().call(town.caller(wants=("colleague",), gives_in_after_s=40))

    assert played.ended == "promised"
    assert played.typed == ["1", "2"]


async def test_waiting_caller_is_rung_through_when_somebody_comes_back(town: Town) -> None:
    await town.at_break(ANNA, BEN)
    town.in_(30, partial(town.back, BEN))

    played = await town.switch().call(town.caller(wants=("colleague",)))

    assert (played.ended, played.talked_with) == ("talked", BEN)


async def test_unknown_caller_types_the_customer_number(town: Town) -> None:
    played = await town.switch().call(Caller(None, dials=MARKET_NUMBER, customer_number="4711"))

    assert played.typed == ["4711"]
    assert (played.ended, played.talked_with) == ("talked", ANNA)


async def test_ringing_stops_when_the_advisor_refuses_at_the_desk(town: Town) -> None:
    town.phones[ANNA] = Phone(after_s=15)

    async def refuses() -> None:
        async with town.database.reading() as session:
            offer_id = await session.fetch_value("SELECT id FROM offers WHERE state = 'open'")
        async with town.database.transaction() as session:
            exchange = town.worker.exchange
            await desk.reject(session, exchange, town.anna.id, offer_id, "break", town.clock.now())

    town.in_(4, refuses)
    played = await town.switch().call(town.caller(wants=("colleague",)))

    assert played.rang == [ANNA, BEN]
    assert await town.presence(ANNA) == "break"


async def test_who_talks_is_busy_to_the_others(town: Town) -> None:
    switch = town.switch()
    with switch._board.using(ANNA):
        played = await switch.call(town.caller())

    assert played.rang[0] == ANNA
    assert played.talked_with == BEN


async def test_call_for_help_is_left_alone(town: Town) -> None:
    played = await town.switch().call(Caller(town.customer, dials="112"))

    assert played.ended == "untouched"
    assert await town.contacts() == []


async def test_registered_phone_keeps_its_advisor_there(town: Town) -> None:
    async with town.database.transaction() as session:
        await session.execute("UPDATE presences SET lease_until = $1", town.clock.now())

    await town.switch().register([{"endpoint": ANNA}], expires_s=120)
    await town.sleep(60)

    assert (await town.presence(ANNA), await town.presence(BEN)) == ("available", "offline")


async def test_service_that_is_away_means_the_fallback() -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(503)

    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer), base_url="http://switch.test")
    switch = SimulatedSwitch(
        http, clock=VirtualClock(MONDAY_MORNING), dice=Random(1), phones=lambda _: Phone(), sleep=sleep
    )

    played = await switch.call(Caller(None, dials=MARKET_NUMBER))

    assert played.ended == "fallback"
    assert slept == [1.0, 1.0]


# Noise: whatever the switch does wrong, what is left behind is a whole


NOISES = {
    "repeats": Noise(repeat=1),
    "reorders": Noise(reorder=0.5),
    "loses": Noise(lose=0.4),
    "falls silent": Noise(silent=1),
    "lies": Noise(lie=0.5),
    "everything": Noise(0.3, 0.3, 0.2, 0.2, 0.2),
}


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
async def test_noise_leaves_no_call_open_and_nobody_busy(town: Town, noise: Noise) -> None:
    for seed in range(4):
        switch = town.switch(noise, seed)
        await switch.call(town.caller(wants=("callback", "colleague"), patience_s=200))
        for dial in await switch.claim():
            await switch.keep(dial)
        for _ in range(10):
            await town.sleep(30)

    open_contacts = [state for state, _ in await town.contacts() if state not in CONTACT.final]
    presences = {await town.presence(ANNA), await town.presence(BEN)}
    assert open_contacts == []
    assert presences.isdisjoint({"offered", "in_contact", "wrap_up"})


async def test_repeats_count_once(town: Town) -> None:
    await town.switch(Noise(repeat=1)).call(town.caller())

    async with town.database.reading() as session:
        assert await session.fetch_value("SELECT count(*) FROM contacts") == 1
        assert await session.fetch_value("SELECT count(*) FROM offers WHERE state = 'accepted'") == 1


async def test_silent_switch_is_found_out(town: Town) -> None:
    await town.switch(Noise(silent=1)).call(town.caller(talks_s=300))
    await town.sleep(10)

    assert [state for state, _ in await town.contacts()] == ["lost_signal"]
