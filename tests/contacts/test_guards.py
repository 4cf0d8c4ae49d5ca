"""Nobody makes us dial at will: how often one number, one customer, and how many new numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from callbacks import queries as callback_queries
from callbacks.guards import TooManyCallbacks
from contacts import arrivals, wishes
from contacts.situation import Scene
from kit.clock import VirtualClock
from kit.database import Row, Session
from kit.phone_numbers import NumberNotAllowed
from markets import service as markets
from markets.schemas import PolicyCommand
from tests.contacts.test_calls import MARKET_NUMBER, a_caller, anna_and_ben
from tests.contacts.test_promises import a_promise, state_of, the_dial, until_due
from tests.support.builders import a_customer, a_private_number
from tests.support.world import World

pytestmark = pytest.mark.database

FILMED = [f"+493023125{number:03}" for number in range(500, 520)]


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def declared(world: World, **dialling: Any) -> None:
    """The market's policy from now on."""
    wanted = PolicyCommand.model_validate({"rules": {"dialling": dialling}})
    await markets.declare(world.session, "DE", wanted, world.now)
    await world.session.flush()


async def scene_of(world: World) -> Scene:
    return await arrivals.scene_for(world.session, world.exchange, world.now)


async def wished(world: World, ref: str, number: str | None = None, by: str = "key_1") -> Row:
    """A callback through the portal, at the earliest window; the phone does not ring meanwhile."""
    scene = await scene_of(world)
    slot = (await wishes.slots(scene, ref))[0].slot
    return await wishes.promise(scene, ref, slot.starts_at, number, None, asked_by=by)


async def alarms(world: World) -> list[dict[str, Any]]:
    await world.session.flush()
    rows = await world.session.fetch("SELECT data FROM events WHERE type = 'dial_limit.reached' ORDER BY id")
    return [row["data"]["dial_limit"] for row in rows]


async def test_one_number_is_promised_so_many_callbacks_a_day_whoever_asks(world: World) -> None:
    await anna_and_ben(world)
    await declared(world, callbacks_per_number_a_day=2)
    customers = [await a_customer(world.session) for _ in range(3)]
    for customer in customers[:2]:
        await wished(world, customer.external_ref, FILMED[0])

    with pytest.raises(TooManyCallbacks) as refused:
        await wished(world, customers[2].external_ref, FILMED[0], by="key_2")
    await wished(world, customers[2].external_ref, FILMED[1])

    assert refused.value.facts == {"limit": "number_a_day"}
    assert refused.value.retry_after_s == timedelta(days=1).total_seconds() + 1
    assert refused.value.alarm is not None
    assert FILMED[0] not in str(refused.value.alarm)


async def test_room_comes_back_with_time(world: World) -> None:
    await anna_and_ben(world)
    await declared(world, callbacks_per_customer_a_day=1)
    customer = await a_customer(world.session)
    await wished(world, customer.external_ref)

    with pytest.raises(TooManyCallbacks):
        await wished(world, customer.external_ref)
    world.clock.advance(timedelta(days=1).total_seconds())

    assert (await wished(world, customer.external_ref))["state"] == "scheduled"


async def test_one_customer_is_promised_so_many_callbacks_a_day_whatever_the_number(world: World) -> None:
    await anna_and_ben(world)
    await declared(world, callbacks_per_customer_a_day=2)
    customer = await a_customer(world.session)
    for number in FILMED[:2]:
        await wished(world, customer.external_ref, number)

    with pytest.raises(TooManyCallbacks) as refused:
        await wished(world, customer.external_ref, FILMED[2])

    assert refused.value.facts == {"limit": "customer_a_day"}


async def test_who_asks_may_have_so_many_new_numbers_called_an_hour(world: World) -> None:
    await anna_and_ben(world)
    await declared(world, new_numbers_an_hour=2)
    customers = [await a_customer(world.session) for _ in range(5)]
    for customer, number in zip(customers[:2], FILMED, strict=False):
        await wished(world, customer.external_ref, number)

    with pytest.raises(TooManyCallbacks) as refused:
        await wished(world, customers[2].external_ref, FILMED[5])
    known = await wished(world, customers[2].external_ref)
    again = await wished(world, customers[3].external_ref, FILMED[0])
    another = await wished(world, customers[4].external_ref, FILMED[5], by="key_2")

    assert refused.value.facts == {"limit": "new_numbers_an_hour"}
    assert [row["new_number"] for row in (known, again, another)] == [False, True, True]


@pytest.mark.parametrize(
    "number", ["+4319999", f"0{900} {1234567}", f"0{800} {1234567}", "+870 773111632", "00431999999999"]
)
async def test_number_that_is_not_dialled_is_not_promised(world: World, number: str) -> None:
    await anna_and_ben(world)
    customer = await a_customer(world.session)

    with pytest.raises(NumberNotAllowed):
        await wished(world, customer.external_ref, number)

    assert await world.promises() == []


async def test_country_is_called_where_the_policy_names_it(world: World) -> None:
    await anna_and_ben(world)
    customer = await a_customer(world.session)
    vienna = "+43" + "15123456"
    with pytest.raises(NumberNotAllowed):
        await wished(world, customer.external_ref, vienna)

    await declared(world, countries=["DE", "AT"])

    assert (await wished(world, customer.external_ref, vienna))["number"] == vienna


async def test_callers_who_type_numbers_are_limited_together_and_reach_a_colleague_instead(world: World) -> None:
    _, ben = await anna_and_ben(world, state="meeting")
    await world.choose(ben, "meeting")
    await declared(world, new_numbers_an_hour=1)
    for number in FILMED[:2]:
        call = await world.call(None, MARKET_NUMBER)
        for digits in ("", "", "2", number.replace("+49", "0")):
            await call.digits(digits)

    assert [row["number"] for row in await world.promises()] == FILMED[:1]
    assert [(alarm["limit"], alarm["by"]) for alarm in await alarms(world)] == [("new_numbers_an_hour", "calls:DE")]


async def test_number_that_was_dialled_often_enough_today_is_dialled_tomorrow(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    await declared(world, dials_per_number_a_day=1)
    _, promise = await a_promise(world, anna)
    await world.choose(anna, "available")
    await until_due(world, promise)
    dial = await the_dial(world)
    await world.hear_dial(dial["token"], "answered", "advisor")
    await world.hear_dial(dial["token"], "no_answer", "caller")
    promise = await state_of(world, promise)
    await keep_at_work(world, promise["window_ends_at"])

    await until_due(world, promise)

    postponed = await state_of(world, promise)
    assert await callback_queries.hand_out(world.session, world.now, 10) == []
    assert postponed["state"] == "scheduled"
    assert postponed["window_starts_at"] >= dial["committed_at"] + timedelta(days=1)
    assert await world.presence(anna) == "available"
    assert [alarm["limit"] for alarm in await alarms(world)] == ["dials_to_number_a_day"]


async def keep_at_work(world: World, until: datetime) -> None:
    await world.session.execute("UPDATE presences SET lease_until = $1", until)


async def test_promise_to_a_country_that_was_forbidden_since_ends_with_the_reason(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    _, promise = await a_promise(world, anna)
    await world.choose(anna, "available")
    await declared(world, countries=["AT"])

    await until_due(world, promise)

    ended = await state_of(world, promise)
    assert (ended["state"], ended["final_reason"]) == ("cancelled", "number_not_allowed")
    assert await world.presence(anna) == "available"
    assert [alarm["limit"] for alarm in await alarms(world)] == ["number_not_allowed"]


async def test_caller_from_a_country_that_is_not_called_is_asked_for_another_number(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    phone = await a_caller(world, anna)
    await declared(world, countries=["AT"])
    call = await world.call(phone, MARKET_NUMBER)

    await call.digits("2")

    assert (await call.row())["step"] == "callback_number"
    assert await world.promises() == []


async def test_builders_make_numbers_that_may_be_called(world: World) -> None:
    await anna_and_ben(world)
    customer = await a_customer(world.session, phones=(a_private_number(),))

    assert (await wished(world, customer.external_ref))["new_number"] is False
