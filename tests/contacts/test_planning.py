"""Exact times for the next day's callbacks: within their windows, one after the other, and again when one moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from advisors.models import Advisor
from contacts import planning, wishes
from contacts.arrivals import scene_for
from kit.apart import Died
from kit.clock import VirtualClock
from kit.database import Row, Session
from tests.contacts.test_calls import anna_and_ben
from tests.support.builders import a_customer, a_policy
from tests.support.world import World

T = TypeVar("T")


class Here:
    """The solver in this very process."""

    async def run(self, work: Callable[..., T], /, *arguments: Any, limit_s: float) -> T:
        del limit_s
        return work(*arguments)


class Gone:
    async def run(self, work: Callable[..., T], /, *arguments: Any, limit_s: float) -> T:
        del work, arguments, limit_s
        raise Died


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    world = World(session, clock)
    await a_policy(session, version=2, callback={"slot_minutes": 60, "expected_minutes": 10, "share": 0.5})
    return world


async def promised(world: World, anna: Advisor, ref: str, hours: int = 2, minutes: int | None = None) -> Row:
    await a_customer(world.session, external_ref=ref, advisor=anna)
    scene = await scene_for(world.session, world.exchange, world.now)
    begins = world.now + timedelta(hours=hours)
    return await wishes.promise(scene, ref, begins, None, None, expected_minutes=minutes)


async def plan(world: World, row: Row, solver: Any = None) -> int:
    """What the loop does with one group, in the story's transaction."""
    problem = await planning.read(world.exchange, row["desk_group_id"], world.now, world.session)
    assert problem is not None
    places = await planning.placed(solver or Here(), problem)
    return await planning.write(row["desk_group_id"], problem, places, world.now, world.session)


async def times(world: World) -> dict[str, float]:
    """Minutes after the beginning of the window, by customer."""
    rows = await world.session.fetch(
        "SELECT cu.external_ref, c.planned_at, c.window_starts_at FROM callbacks c "
        "JOIN customers cu ON cu.id = c.customer_id WHERE c.planned_at IS NOT NULL"
    )
    return {row["external_ref"]: (row["planned_at"] - row["window_starts_at"]).total_seconds() / 60 for row in rows}


async def test_calls_of_one_length_follow_each_other_within_their_window(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    for ref in ("K-1", "K-2", "K-3"):
        row = await promised(world, anna, ref)

    assert await plan(world, row, Gone()) == 3
    assert sorted((await times(world)).values()) == [0, 20, 40]
    assert await plan(world, row) == 0


async def test_calls_of_different_lengths_are_solved_together(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await promised(world, anna, "K-1", minutes=20)
    row = await promised(world, anna, "K-2")

    assert await plan(world, row) == 2
    assert await times(world) == {"K-1": 20, "K-2": 0}


async def test_without_a_solver_there_is_a_plan_all_the_same(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await promised(world, anna, "K-1", minutes=20)
    row = await promised(world, anna, "K-2")

    assert await plan(world, row, Gone()) == 2
    assert all(0 <= minutes < 60 for minutes in (await times(world)).values())


async def test_promise_that_has_moved_gets_another_time(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    row = await promised(world, anna, "K-1")
    await plan(world, row)
    scene = await scene_for(world.session, world.exchange, world.now)
    moved = await wishes.move(scene, "K-1", row["id"], world.now + timedelta(hours=4))
    assert moved["planned_at"] is None

    assert await plan(world, row) == 1
    assert await times(world) == {"K-1": 0}


async def test_what_has_changed_while_the_solver_worked_is_left_to_the_next_round(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    row = await promised(world, anna, "K-1")
    problem = await planning.read(world.exchange, row["desk_group_id"], world.now, world.session)
    assert problem is not None
    scene = await scene_for(world.session, world.exchange, world.now)
    await wishes.move(scene, "K-1", row["id"], world.now + timedelta(hours=4))

    places = await planning.placed(Here(), problem)

    assert await planning.write(row["desk_group_id"], problem, places, world.now, world.session) == 0
    assert await times(world) == {}
