"""Callbacks from the promise to its end, on a real database."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from advisors.models import Advisor
from callbacks import queries as callback_queries
from kit.clock import VirtualClock
from kit.database import Row, Session
from tests.contacts.test_calls import MARKET_NUMBER, a_caller, anna_and_ben
from tests.support.builders import an_absence
from tests.support.world import World


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def a_promise(world: World, anna: Advisor) -> tuple[str, Row]:
    """Anna's customer has called while she was in a meeting, and was promised a callback."""
    phone = await a_caller(world, anna)
    call = await world.call(phone, MARKET_NUMBER)
    await call.digits("2")
    await call.hangs_up()
    await world.pass_time(2)
    return phone, (await world.promises())[-1]


async def until_due(world: World, promise: Row) -> None:
    await world.pass_time((promise["window_starts_at"] - world.now).total_seconds())


async def the_dial(world: World) -> Row:
    (attempt,) = await callback_queries.hand_out(world.session, world.now, 10)
    return attempt


async def state_of(world: World, promise: Row) -> dict[str, Any]:
    row = await callback_queries.by_id(world.session, promise["id"])
    assert row is not None
    return row


async def test_due_promise_is_kept_by_the_own_advisor(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    _, promise = await a_promise(world, anna)
    await world.choose(anna, "available")
    await until_due(world, promise)
    assert await world.presence(anna) == "offered"

    dial = await the_dial(world)
    await world.hear_dial(dial["token"], "answered", "advisor")
    assert (await state_of(world, promise))["state"] == "dialling"
    await world.hear_dial(dial["token"], "answered", "caller")
    await world.hear_dial(dial["token"], "hangup", "caller")

    kept = await state_of(world, promise)
    assert (kept["state"], kept["reached_by"], kept["final_reason"]) == ("done", anna.id, "reached")
    assert kept["reached_at"] <= kept["promised_until"]
    assert await world.presence(anna) == "wrap_up"


async def test_dial_is_handed_out_once(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    _, promise = await a_promise(world, anna)
    await world.choose(anna, "available")
    await until_due(world, promise)

    await the_dial(world)

    assert await callback_queries.hand_out(world.session, world.now, 10) == []


async def test_nobody_answers_and_it_is_tried_again_at_another_time_then_given_up(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    _, promise = await a_promise(world, anna)
    await world.choose(anna, "available")
    began = []
    for _ in range(4):
        promise = await state_of(world, promise)
        began.append(promise["window_starts_at"])
        await world.session.execute("UPDATE presences SET lease_until = $1", promise["window_ends_at"])
        await until_due(world, promise)
        dial = await the_dial(world)
        await world.hear_dial(dial["token"], "answered", "advisor")
        await world.hear_dial(dial["token"], "no_answer", "caller")

    ended = await state_of(world, promise)
    assert (ended["state"], ended["final_reason"], ended["attempts"]) == ("failed", "not_reached", 4)
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(began))
    assert await world.presence(anna) == "available"


async def test_customer_who_gets_through_first_settles_the_promise(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    phone, promise = await a_promise(world, anna)
    await world.choose(anna, "available")

    call = await world.call(phone, MARKET_NUMBER)
    await call.answered()

    settled = await state_of(world, promise)
    assert (settled["state"], settled["final_reason"]) == ("settled", "got_through")


async def test_second_wish_is_merged(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    phone, first = await a_promise(world, anna)

    call = await world.call(phone, MARKET_NUMBER)
    await call.digits("2")

    (second,) = [p for p in await world.promises() if p["state"] == "scheduled"]
    merged = await state_of(world, first)
    assert (merged["state"], merged["merged_into"]) == ("merged", second["id"])


async def test_advisor_who_does_not_pick_up_leaves_the_promise_due(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    _, promise = await a_promise(world, anna)
    await world.choose(anna, "available")
    await until_due(world, promise)

    dial = await the_dial(world)
    await world.hear_dial(dial["token"], "no_answer", "advisor")

    due = await state_of(world, promise)
    assert (due["state"], due["attempts"]) == ("due", 0)
    assert await world.presence(anna) == "not_responding"


async def test_promise_of_somebody_fallen_ill_is_handed_to_the_group_and_kept(world: World) -> None:
    anna, ben = await anna_and_ben(world, state="meeting")
    _, promise = await a_promise(world, anna)
    await an_absence(world.session, anna, kind="sick", starts_at=world.now, ends_at=world.now + timedelta(days=3))
    await until_due(world, promise)

    await world.pass_time(1801)

    handed = await state_of(world, promise)
    assert (handed["owner_state"], handed["owner_reason"]) == ("handed_to_group", "own_advisor_away")
    assert (handed["state"], await world.presence(ben)) == ("offered", "offered")
