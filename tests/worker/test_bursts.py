"""A burst through the loop: whoever waits is offered to whom they fit, whatever became of the solver."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from contacts import bursts, service
from kit import invariants
from kit.clock import VirtualClock
from kit.database import Database
from routing.matching import Pair, match
from routing.problem import Person, Waiting
from telephony.inbound import InboundCall
from tests.support.builders import a_desk_group, a_number, a_policy, an_advisor
from tests.support.world import an_exchange
from worker.loops import Worker

MARKET_NUMBER = "+493023125900"
COUNT = 4


class Matchmaker:
    """Stands for the process apart: answers as told, and remembers what it was asked."""

    def __init__(self, *, works: bool = True, meanwhile: Any = None) -> None:
        self.works, self.meanwhile = works, meanwhile
        self.asked: list[tuple[int, int]] = []

    async def solve(
        self, waiting: Sequence[Waiting], people: Sequence[Person], now: datetime
    ) -> tuple[Pair, ...] | None:
        self.asked.append((len(waiting), len(people)))
        found = match(waiting, people, now) if self.works else None
        if self.meanwhile is not None:
            await self.meanwhile()
        return found


@pytest.fixture
async def worker(database: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """Strangers wait, and everybody is free at once, as if they had come from a meeting; all bursts are large."""
    monkeypatch.setattr(bursts, "MOST_HERE", 0)
    async with database.transaction() as session:
        await a_policy(session, ask_customer_number=False)
        group = await a_desk_group(session, general_for="DE")
        for name in ("Anna", "Ben", "Carla", "David")[:COUNT]:
            await an_advisor(session, name=name, group=group, state="meeting")
        await a_number(session, number=MARKET_NUMBER, kind="general")
    worker = Worker(database, an_exchange(), clock)
    for n in range(COUNT + 1):
        async with database.transaction() as session:
            call = InboundCall(f"pbx-{n}", None, MARKET_NUMBER)
            await service.receive_call(session, worker.exchange, call, clock.now())
        clock.advance(1)
    async with database.transaction() as session:
        await session.execute("UPDATE presences SET state = 'available', idle_since = since")
    return worker


async def look(database: Database, sql: str, *arguments: Any) -> list[dict[str, Any]]:
    async with database.reading() as session:
        return await session.fetch(sql, *arguments)


async def offered(database: Database) -> set[str]:
    rows = await look(database, "SELECT switch_call_id FROM contacts WHERE state = 'offered'")
    return {row["switch_call_id"] for row in rows}


async def test_a_burst_is_matched_apart_and_the_decisions_say_so(worker: Worker, database: Database) -> None:
    worker.dispatching.solver = solver = Matchmaker()  # type: ignore[assignment]

    assert await worker.dispatching.run_once() == COUNT

    assert solver.asked == [(COUNT + 1, COUNT)]
    assert await offered(database) == {f"pbx-{n}" for n in range(COUNT)}
    rows = await look(database, "SELECT kind, data FROM decisions WHERE chosen IS NOT NULL")
    assert [row["kind"] for row in rows] == ["match"] * COUNT
    assert rows[0]["data"]["solver"] == {"name": "min_cost_flow", "contacts": COUNT + 1, "advisors": COUNT}


async def test_without_an_answer_they_are_offered_one_by_one(worker: Worker, database: Database) -> None:
    worker.dispatching.solver = solver = Matchmaker(works=False)  # type: ignore[assignment]

    assert await worker.dispatching.run_once() == COUNT

    assert len(solver.asked) == 1
    assert await offered(database) == {f"pbx-{n}" for n in range(COUNT)}
    assert {row["kind"] for row in await look(database, "SELECT kind FROM decisions WHERE chosen IS NOT NULL")} == {
        "route"
    }


async def test_what_changed_meanwhile_is_seen_when_the_plan_is_carried_out(
    worker: Worker, database: Database, clock: VirtualClock
) -> None:
    """While it was solved a caller hung up and an advisor went on a break."""
    (gone,) = await look(database, "SELECT id FROM contacts WHERE switch_call_id = 'pbx-0'")
    (away,) = await look(database, "SELECT advisor_id AS id FROM presences ORDER BY advisor_id LIMIT 1")

    async def meanwhile() -> None:
        solver.meanwhile = None
        async with database.transaction() as session:
            await session.execute("UPDATE contacts SET hung_up_at = $2 WHERE id = $1", gone["id"], clock.now())
            await session.execute("UPDATE presences SET state = 'break' WHERE advisor_id = $1", away["id"])

    worker.dispatching.solver = solver = Matchmaker(meanwhile=meanwhile)  # type: ignore[assignment]

    assert await worker.dispatching.run_once() == COUNT - 1

    assert "pbx-0" not in await offered(database)
    advisors: set[UUID] = {row["advisor_id"] for row in await look(database, "SELECT advisor_id FROM offers")}
    assert away["id"] not in advisors
    async with database.reading() as session:
        assert await invariants.violations(session, clock.now(), only=("I1", "I2", "I3", "I7", "I9")) == {}
