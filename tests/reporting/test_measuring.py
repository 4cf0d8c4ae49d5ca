"""What operators look at is measured by one replica at a time, kept for all, and shown by each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit import invariants
from kit.clock import VirtualClock
from kit.database import Database, DatabaseAway
from kit.metrics import Metrics
from reporting import measure_queries
from reporting.board import Board
from reporting.measures import FIGURES, HISTORIES_EVERY, SETTLING, Kind, kinds
from reporting.measuring import Measuring
from tests.support.builders import a_customer, a_desk_group, a_number, a_policy, a_private_number, an_advisor
from tests.support.world import World

pytestmark = pytest.mark.database

NUMBER = "+493023125900"


@pytest.fixture
def measuring(database: Database, clock: VirtualClock) -> Measuring:
    return Measuring(database, clock.now)


async def shown(database: Database, clock: VirtualClock, name: str, **labels: str) -> float | None:
    """What a replica that has just started shows."""
    metrics = Metrics()
    await Board(clock, database, metrics).refresh()
    return metrics.registry.get_sample_value(f"durchwahl_{name}", labels)


async def measure_everything(measuring: Measuring, clock: VirtualClock) -> None:
    clock.advance(HISTORIES_EVERY.total_seconds())
    while await measuring.run_once():
        pass


async def a_promise(world: World) -> Any:
    """Anna has promised to call; the customer has hung up, and somebody else waits."""
    await a_policy(
        world.session, callback={"slot_minutes": 5, "lead_minutes": 0, "expected_minutes": 1, "share": 1}
    )
    group = await a_desk_group(world.session, general_for="DE")
    phone = a_private_number()
    anna = await an_advisor(world.session, name="Anna", group=group, state="break")
    await a_customer(world.session, advisor=anna, phones=(phone,))
    await a_number(world.session, number=NUMBER, kind="general")
    call = await world.call(phone, NUMBER)
    await call.digits("2")
    await call.hangs_up()
    other = a_private_number()
    await a_customer(world.session, advisor=anna, phones=(other,))
    waiting = await world.call(other, NUMBER)
    await waiting.digits("1")
    assert await waiting.state() == "waiting"
    return anna


async def test_the_present_is_measured_and_shown_by_every_replica(
    measuring: Measuring, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        await a_promise(World(session, clock))
    clock.advance(7)

    await measuring.run_once()

    assert await shown(database, clock, "advisors", state="break") == 1
    assert await shown(database, clock, "waiting_contacts", market="DE") == 1
    assert await shown(database, clock, "oldest_wait_seconds", market="DE") == 7
    assert await shown(database, clock, "promises", state="open") == 1
    assert await shown(database, clock, "promises", state="overdue") == 0
    assert await shown(database, clock, "promises_ended_total", outcome="kept") == 0


async def test_promise_that_nobody_began_within_five_minutes_counts_as_late_once(
    measuring: Measuring, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        await a_promise(World(session, clock))
    await measuring.run_once()
    clock.advance(timedelta(minutes=20).total_seconds())

    await measuring.run_once()
    clock.advance(60)
    await measuring.run_once()

    assert await shown(database, clock, "first_attempts_total", when="late") == 1
    assert await shown(database, clock, "first_attempts_total", when="in_time") == 0


async def test_promise_that_ended_is_counted_once_and_only_when_it_has_settled(
    measuring: Measuring, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        await a_promise(World(session, clock))
    await measuring.run_once()
    clock.advance(60)
    async with database.transaction() as session:
        await session.execute(
            "UPDATE callbacks SET state = 'cancelled', final_reason = 'x', final_at = $1, next_action_at = NULL",
            clock.now(),
        )

    counts = []
    for seconds in (1, 30 + SETTLING.total_seconds(), 60):
        clock.advance(seconds)
        await measuring.run_once()
        counts.append(await shown(database, clock, "promises_ended_total", outcome="cancelled"))

    assert counts == [0, 1, 1]


async def test_broken_invariant_is_counted_under_its_id(
    measuring: Measuring, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        anna = await a_promise(World(session, clock))
        await session.execute("UPDATE books SET load_s = load_s + 1 WHERE advisor_id = $1", anna.id)

    await measure_everything(measuring, clock)

    measured = {name: await shown(database, clock, "invariant_violations", id=name) for name in invariants.load()}
    assert measured["I14"] == 1
    assert measured["I19"] == 0
    assert None not in measured.values()


async def test_two_replicas_measure_each_kind_once(database: Database, clock: VirtualClock) -> None:
    one, other = Measuring(database, clock.now), Measuring(database, clock.now)

    first, second = await one.run_once(), await other.run_once()

    assert {"live", "counted", "present", "stock"} <= set(first)
    assert set(first).isdisjoint(second)


async def test_only_one_history_is_read_in_a_turn(measuring: Measuring) -> None:
    slow = {kind.name for kind in kinds() if kind.is_slow}

    turns = [set(await measuring.run_once()) for _ in range(3)]

    assert [len(turn & slow) for turn in turns] == [1, 1, 1]


async def test_statement_that_fails_delays_none_of_the_others(
    measuring: Measuring, database: Database, clock: VirtualClock
) -> None:
    measuring._kinds = [Kind("broken", timedelta(seconds=1), statements=("SELECT 1/0, $1::text",)), *kinds()]

    assert "live" in await measuring.run_once()


async def test_figures_that_nobody_has_measured_for_long_are_left_out(
    measuring: Measuring, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        await a_promise(World(session, clock))
    await measuring.run_once()
    assert await shown(database, clock, "waiting_contacts", market="DE") == 1

    clock.advance(101)

    assert await shown(database, clock, "waiting_contacts", market="DE") is None
    assert await shown(database, clock, "measured_age_seconds", kind="live") == 101


async def test_count_that_somebody_else_has_continued_is_not_counted_twice(
    database: Database, clock: VirtualClock
) -> None:
    now = clock.now()
    async with database.transaction() as session:
        await measure_queries.claim(session, "counted", now, now + timedelta(seconds=30))
        await measure_queries.keep(session, "counted", now, {"x": 1}, now, None)
        await measure_queries.keep(session, "counted", now, {"x": 2}, now, None)

        kept = await measure_queries.kept(session)

    assert [row["figures"] for row in kept] == [{"x": 1}]


async def test_report_may_take_longer_than_the_days_work(database: Database) -> None:
    async with database.report(timedelta(seconds=20)) as session:
        assert await session.fetch_value("SHOW statement_timeout") == "20s"
    async with database.reading() as session:
        assert await session.fetch_value("SHOW statement_timeout") == "3s"


async def test_report_ends_when_its_time_is_over(database: Database) -> None:
    with pytest.raises(DatabaseAway):
        async with database.report(timedelta(milliseconds=20)) as session:
            await session.fetch_value("SELECT pg_sleep(5)")


def test_every_figure_has_words() -> None:
    assert [name for name, figure in FIGURES.items() if not figure.words.endswith(".")] == []
