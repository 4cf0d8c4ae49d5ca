"""Promises that are due yield to callers until their window runs out, and are made for quiet hours if they can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from advisors.models import Advisor
from callbacks import service as callbacks
from kit.clock import VirtualClock
from kit.database import Row, Session
from tests.contacts.test_calls import MARKET_NUMBER, a_caller, anna_and_ben
from tests.support.builders import MONDAY_MORNING, a_policy
from tests.support.world import World


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def a_promise_by_anna(world: World) -> tuple[Advisor, Advisor, Row]:
    """Anna is in a meeting while a customer of hers is promised a callback; Ben is at work."""
    anna, ben = await anna_and_ben(world, state="meeting")
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.digits("2")
    await call.hangs_up()
    await world.pass_time(2)
    (promise,) = await world.promises()
    return anna, ben, promise


async def until(world: World, instant: datetime) -> None:
    await world.pass_time((instant - world.now).total_seconds())


async def test_the_last_who_is_free_is_left_to_callers_for_a_moment(world: World) -> None:
    anna, ben, promise = await a_promise_by_anna(world)
    await world.choose(ben, "break")
    await until(world, promise["window_starts_at"])

    await world.choose(anna, "available")
    assert await world.presence(anna) == "available"
    await world.pass_time(44)
    assert await world.presence(anna) == "available"
    await world.pass_time(1)

    assert await world.presence(anna) == "offered"


async def test_with_a_colleague_free_as_well_the_promise_is_kept_at_once(world: World) -> None:
    anna, ben, promise = await a_promise_by_anna(world)
    await until(world, promise["window_starts_at"])

    await world.choose(anna, "available")

    assert (await world.presence(anna), await world.presence(ben)) == ("offered", "available")


async def test_shortly_before_its_window_ends_a_promise_waits_for_nothing(world: World) -> None:
    anna, ben, promise = await a_promise_by_anna(world)
    await world.choose(ben, "break")
    await until(world, promise["window_ends_at"] - timedelta(minutes=10))

    await world.choose(anna, "available")

    assert await world.presence(anna) == "offered"


async def test_a_caller_who_waits_goes_before_a_promise_that_can_wait(world: World) -> None:
    anna, ben, promise = await a_promise_by_anna(world)
    await world.choose(ben, "break")
    await until(world, promise["window_starts_at"])
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.digits("1")
    assert await call.state() == "waiting"

    await world.choose(anna, "available")

    assert await call.state() == "offered"


async def test_somebody_keeps_their_own_promise_before_one_of_the_desk_group(world: World) -> None:
    anna, ben, own = await a_promise_by_anna(world)
    await world.choose(ben, "meeting")
    call = await world.call(await a_caller(world, ben), MARKET_NUMBER)
    await call.digits("2")
    await call.hangs_up()
    await world.pass_time(2)
    (groups,) = [one for one in await world.promises() if one["id"] != own["id"]]
    await callbacks.hand_to_group(world.session, groups, "own_advisor_away", world.now)
    await until(world, max(own["window_ends_at"], groups["window_ends_at"]) - timedelta(minutes=1))

    await world.choose(anna, "available")

    assert {one["id"]: one["state"] for one in await world.promises()} == {
        own["id"]: "offered",
        groups["id"]: "due",
    }


async def test_a_window_in_a_quiet_hour_of_the_next_day_comes_first(world: World) -> None:
    await a_policy(world.session, callback={"quiet_hours": [["14:00", "15:00"]]})

    _, _, promise = await a_promise_by_anna(world)

    assert promise["window_starts_at"] == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


async def test_without_room_in_the_quiet_hours_the_earliest_window_is_promised(world: World) -> None:
    await a_policy(world.session, callback={"quiet_hours": [["03:00", "04:00"]]})

    _, _, promise = await a_promise_by_anna(world)

    assert promise["window_starts_at"] - MONDAY_MORNING < timedelta(hours=1)
