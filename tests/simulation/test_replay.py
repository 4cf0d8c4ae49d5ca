"""A small log through the real services on a real database, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from uuid import uuid4

import pytest

from kit import ids
from kit.database import Database
from kit.settings import Settings
from migrations import ground
from simulation import loading, side
from simulation.replay import rules
from simulation.scenario import Scenario, Span, prepare
from simulation.side import Side, Task
from tests.simulation.small_log import FIRST_DAY, a_small_log
from tests.support import postgres

pytestmark = pytest.mark.database

Replay = Callable[..., Awaitable[tuple[Side, Database]]]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    path = a_small_log(tmp_path_factory.mktemp("log"))
    return prepare(path, Span(first=FIRST_DAY + timedelta(days=2)), seed=1)[0]


@pytest.fixture
async def replay(server_uri: str, settings: Settings, scenario: Scenario) -> AsyncIterator[Replay]:
    """Replays the scenario, or another, on a database of its own; the database is there until the test ends."""
    opened: list[tuple[str, Database]] = []

    async def play(personal: bool = True, given: Scenario = scenario, **more: float) -> tuple[Side, Database]:
        name = f"replay_{uuid4().hex[:8]}"
        database = Database(await postgres.create_database(server_uri, name), settings)
        opened.append((name, database))
        new_id = partial(ids.new_id, dice=Random(1))
        loaded = await loading.load(database, given.company, rules(given), given.starts_at, new_id)
        shares = {"accept_callback": 0.6 if personal else 0.0, "reached": 0.95, **more}
        url = ground.with_database(server_uri, name)
        task = Task(given, loaded, url, personal, progress=False, settings=settings, **shares)
        return await side.run(task), database

    yield play
    for name, database in opened:
        await database.close()
        await postgres.drop_database(server_uri, name)


async def test_every_call_of_the_log_comes_to_an_end_and_no_invariant_is_broken(
    replay: Replay, scenario: Scenario
) -> None:
    went, database = await replay()

    calls = went.figures["calls"]
    assert calls["offered"] + calls["closed"] == len(scenario.arrivals)
    assert calls["answered"] + calls["abandoned"] + calls["promised"] == calls["offered"]
    assert went.violations == {}
    async with database.reading() as session:
        states = await session.fetch("SELECT DISTINCT state FROM contacts")
        away = await session.fetch_value("SELECT bool_and(state = 'offline') FROM presences")
    assert {row["state"] for row in states} <= {"completed", "abandoned", "promised", "closed_hours"}
    assert away


async def test_same_seed_same_result(replay: Replay) -> None:
    first, _ = await replay()
    again, _ = await replay()

    assert (first.figures, first.violations, first.transactions) == (
        again.figures,
        again.violations,
        again.transactions,
    )


async def test_policy_keeps_promises_and_longest_idle_makes_none(replay: Replay) -> None:
    policy, _ = await replay()
    baseline, _ = await replay(personal=False)

    assert policy.figures["known"]["known"] == baseline.figures["known"]["known"] > 20
    assert policy.figures["own_advisor_share"] > baseline.figures["own_advisor_share"]
    assert policy.figures["callbacks"]["kept"] > 0
    assert baseline.figures["callbacks"]["promised"] == baseline.figures["calls"]["promised"] == 0
    assert baseline.violations == {}


async def test_time_of_a_talk_is_the_same_whether_at_once_or_called_back(
    replay: Replay, scenario: Scenario
) -> None:
    went, database = await replay(reached=1.0)

    async with database.reading() as session:
        talked_s = await session.fetch_value(
            "SELECT sum(extract(epoch FROM hung_up_at - answered_at))::float8 FROM contacts"
        )
        lost = {row["row"] for row in await session.fetch(LOST)}
    promised_to_the_last = went.figures["callbacks"]["open"]
    asked_for_s = sum(a.service_s for a in scenario.arrivals if f"log-{a.row}" not in lost)
    assert promised_to_the_last == 0
    assert talked_s == pytest.approx(asked_for_s, abs=1)


LOST = (
    "SELECT switch_call_id AS row FROM contacts WHERE direction = 'in' AND state IN ('abandoned', 'closed_hours')"
)


async def test_nobody_takes_a_callback_where_the_share_is_nought(replay: Replay) -> None:
    went, _ = await replay(accept_callback=0.0)

    assert went.figures["callbacks"]["promised"] == 0


async def test_a_callback_that_nobody_answers_is_not_kept(replay: Replay) -> None:
    went, database = await replay(accept_callback=1.0, reached=0.0)

    async with database.reading() as session:
        missed = await session.fetch_value("SELECT count(*) FROM callback_attempts WHERE result = 'missed'")
    assert missed > 0
    assert went.figures["callbacks"]["kept"] == went.figures["callbacks"]["late"] == 0
    assert went.violations == {}


async def test_advisors_at_break_get_no_call_and_come_back(replay: Replay, scenario: Scenario) -> None:
    shift = scenario.shifts[0]
    middle = shift.starts_at + (shift.ends_at - shift.starts_at) / 2
    halves = (
        replace(shift, ends_at=middle - timedelta(minutes=10)),
        replace(shift, starts_at=middle + timedelta(minutes=10)),
    )
    went, database = await replay(given=replace(scenario, shifts=(*halves, *scenario.shifts[1:])))

    async with database.reading() as session:
        paused = await session.fetch_value(
            "SELECT count(*) FROM events WHERE data -> 'presence' ->> 'state' = 'break'"
        )
    assert paused == 1
    assert went.violations == {}
