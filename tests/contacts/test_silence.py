"""How long silence may last, and how long late news is awaited, is each market's own to say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contacts import due_queries
from kit.clock import VirtualClock
from kit.database import Session
from tests.contacts.test_calls import MARKET_NUMBER, a_caller, anna_and_ben
from tests.support.builders import a_policy
from tests.support.world import World


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def test_a_market_that_bears_less_silence_asks_and_ends_sooner(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_policy(world.session, silence_ask_s=10, silence_end_s=20)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.answered()

    await world.pass_time(10)
    asked, state = (await call.row())["asked_after_at"], await call.state()
    await world.pass_time(10)

    assert (asked, state) == (world.now - timedelta(seconds=10), "connected")
    assert (await call.state(), await world.presence(anna)) == ("lost_signal", "available")


async def test_a_silent_dial_is_given_up_as_soon_as_its_market_says(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    await a_policy(world.session, silence_ask_s=10, silence_end_s=20)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.digits("2")
    await call.hangs_up()
    await world.pass_time(2)
    (promise,) = await world.promises()
    await world.pass_time((promise["window_ends_at"] - world.now).total_seconds() - 60)
    await world.choose(anna, "available")
    (attempt,) = await world.session.fetch("SELECT token FROM callback_attempts")
    await world.hear_dial(attempt["token"], "answered")

    await world.pass_time(19)
    before = await world.presence(anna)
    await world.pass_time(1)

    assert (before, await world.presence(anna)) == ("in_contact", "available")


async def test_late_news_is_awaited_as_long_as_the_market_says(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_policy(world.session, settle_grace_ms=3000)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.hangs_up()

    await world.pass_time(2.9)
    before = await call.state()
    await world.pass_time(0.1)

    assert (before, await call.state()) == ("offered", "abandoned")


async def test_time_may_jump_to_what_falls_due_next_by_the_markets_own_limits(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_policy(world.session, silence_ask_s=7, silence_end_s=20, settle_grace_ms=3000)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.answered()

    due = await due_queries.next_due(world.session, world.now)

    assert (due["silent_calls"] - world.now).total_seconds() == 7
