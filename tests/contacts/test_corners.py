"""Corners in which calls and promises got stuck once, found by letting anything happen in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from advisors.models import Advisor
from contacts import arrivals, desk, wishes
from contacts.desk import OfferExpired
from kit.clock import VirtualClock
from kit.database import Session
from telephony.inbound import Signal
from tests.contacts.test_calls import MARKET_NUMBER, a_caller, anna_and_ben
from tests.contacts.test_promises import state_of, the_dial, until_due
from tests.support.builders import a_closure, a_customer, a_number, a_private_number
from tests.support.replay import told
from tests.support.world import World

pytestmark = pytest.mark.database


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def a_wish(world: World, ref: str) -> dict[str, Any]:
    """A callback by the portal, in the first window there is."""
    scene = await arrivals.scene_for(world.session, world.exchange, world.now)
    found = await wishes.slots(scene, ref)
    return await wishes.promise(scene, ref, found[0].slot.starts_at, None, None)


async def a_customer_of(world: World, advisor: Advisor, ref: str, phone: str | None = None) -> str:
    number = phone or a_private_number()
    await a_customer(world.session, advisor=advisor, phones=(number,), external_ref=ref)
    return number


async def test_stranger_whose_call_rings_out_after_a_closure_is_sent_off(world: World) -> None:
    _, ben = await anna_and_ben(world)
    number = await a_number(world.session, advisor=ben)
    call = await world.call(None, number.number)
    await call.digits("")
    assert await call.state() == "offered"
    await a_closure(world.session, starts_at=world.now)

    await call.hear("no_answer")

    assert (await call.state(), await world.presence(ben)) == ("closed_hours", "not_responding")


async def test_cancelled_while_it_rings_the_advisor_is_free_again(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_customer_of(world, anna, "K-1")
    promise = await a_wish(world, "K-1")
    await until_due(world, promise)
    assert await world.presence(anna) == "offered"

    scene = await arrivals.scene_for(world.session, world.exchange, world.now)
    await wishes.cancel(scene, "K-1", promise["id"], "asked_to")

    assert await world.presence(anna) == "available"
    assert (await state_of(world, promise))["state"] == "cancelled"


async def test_one_number_is_rung_for_one_promise_at_a_time(world: World) -> None:
    anna, ben = await anna_and_ben(world)
    phone = await a_customer_of(world, anna, "K-1")
    await a_customer_of(world, ben, "K-2", phone)
    first, second = await a_wish(world, "K-1"), await a_wish(world, "K-2")

    await until_due(world, max(first, second, key=lambda promise: promise["window_starts_at"]))

    states = sorted([(await state_of(world, promise))["state"] for promise in (first, second)])
    assert states == ["due", "offered"]
    assert sorted([await world.presence(anna), await world.presence(ben)]) == ["available", "offered"]


async def test_desk_closed_in_a_wrap_up_ends_it_and_the_next_call_is_taken(world: World) -> None:
    anna, _ = await anna_and_ben(world, lease_until=world.now + timedelta(seconds=25))
    phone = await a_caller(world, anna)
    call = await world.call(phone, MARKET_NUMBER)
    await call.answered()
    await call.hangs_up()

    await world.pass_time(26)
    assert (await call.state(), await world.presence(anna)) == ("completed", "offline")

    await world.choose(anna, "available")
    following = await world.call(phone, MARKET_NUMBER)
    await following.answered()
    assert await following.state() == "connected"


async def test_call_that_says_the_same_again_is_alive(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.answered()
    alive = Signal("caller:alive:1", "alive", "caller")

    for _ in range(4):
        await world.pass_time(50)
        await call.repeat(alive)

    assert await call.state() == "connected"


async def test_customer_who_calls_while_their_phone_rings_is_not_called_again(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    phone = await a_customer_of(world, anna, "K-1")
    promise = await a_wish(world, "K-1")
    await until_due(world, promise)
    dial = await the_dial(world)
    await world.hear_dial(dial["token"], "answered")
    call = await world.call(phone, MARKET_NUMBER)
    await call.digits("1")
    world.clock.advance(1)
    await call.answered()

    await world.hear_dial(dial["token"], "busy", "caller")

    assert (await state_of(world, promise))["state"] == "settled"


async def test_dial_is_told_of_in_another_order(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_customer_of(world, anna, "K-1")
    promise = await a_wish(world, "K-1")
    await until_due(world, promise)
    dial = await the_dial(world)

    for type_, leg in (("hangup", "caller"), ("answered", "caller"), ("answered", "advisor")):
        await world.hear_dial(dial["token"], type_, leg)

    assert (await state_of(world, promise))["state"] == "done"
    assert await world.presence(anna) == "wrap_up"


async def test_owner_of_the_number_hears_that_the_caller_is_somebody_elses_customer(world: World) -> None:
    anna, ben = await anna_and_ben(world)
    await a_customer(world.session, external_ref="4711", advisor=anna, phones=())
    number = await a_number(world.session, advisor=ben)
    call = await world.call(None, number.number)

    async with told(world.session):
        await call.digits("4711#")

    assert (await call.row())["own_advisor_id"] == anna.id


async def test_offer_can_be_refused_once(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await world.call(await a_caller(world, anna), MARKET_NUMBER)
    offer_id = await world.session.fetch_value("SELECT id FROM offers WHERE state = 'open'")
    await desk.reject(world.session, world.exchange, anna.id, offer_id, None, world.now)

    with pytest.raises(OfferExpired):
        await desk.reject(world.session, world.exchange, anna.id, offer_id, None, world.now)
