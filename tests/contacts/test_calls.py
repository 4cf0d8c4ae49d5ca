"""The life of an inbound call, step by step, on a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from advisors.models import Advisor
from kit.clock import VirtualClock
from kit.database import Session
from telephony.verbs import Dial, Gather, Hangup, Wait
from tests.support.builders import (
    a_closure,
    a_customer,
    a_desk_group,
    a_number,
    a_policy,
    a_private_number,
    an_absence,
    an_advisor,
)
from tests.support.world import Call, World

MARKET_NUMBER = "+493023125900"


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def anna_and_ben(world: World, **anna: object) -> tuple[Advisor, Advisor]:
    """Two colleagues of one desk group that is also the market's general one."""
    group = await a_desk_group(world.session, general_for="DE")
    first = await an_advisor(world.session, name="Anna Berger", group=group, skills={"hosting": 3}, **anna)  # type: ignore[arg-type]
    second = await an_advisor(world.session, name="Ben Krüger", group=group, skills={"hosting": 3})
    await a_number(world.session, number=MARKET_NUMBER, kind="general")
    return first, second


async def a_caller(world: World, advisor: Advisor, **more: object) -> str:
    phone = a_private_number()
    await a_customer(world.session, advisor=advisor, phones=(phone,), **more)  # type: ignore[arg-type]
    return phone


async def ring_out(call: Call) -> None:
    await call.hear("ringing")
    await call.hear("no_answer")


async def test_own_advisor_who_is_free_is_rung(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    phone = await a_caller(world, anna)

    call = await world.call(phone, MARKET_NUMBER)

    call.left_with(Dial)
    assert call.verb.timeout_s == 20
    assert (await call.row())["advisor_id"] == anna.id
    assert await world.presence(anna) == "offered"


async def test_answered_call_connects_wraps_up_and_completes(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)

    await call.answered()
    assert (await call.state(), await world.presence(anna)) == ("connected", "in_contact")
    await call.hangs_up()
    assert (await call.state(), await world.presence(anna)) == ("wrapping", "wrap_up")
    await world.pass_time(31)

    assert (await call.state(), await world.presence(anna)) == ("completed", "available")


async def test_absent_advisor_is_explained_with_the_return_and_a_choice(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await an_absence(world.session, anna, kind="sick", ends_at=world.now + timedelta(days=2))
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)

    call.left_with(Gather)
    assert dict(call.verb.choices) == {"1": "colleague", "2": "callback"}
    assert "Anna ist zurzeit nicht erreichbar" in call.said
    assert "krank" not in call.said
    assert call.answer.absence is not None
    assert call.answer.absence.returns_at == world.now + timedelta(days=2)
    assert await call.state() == "choosing"


async def test_colleague_of_the_desk_group_takes_the_call(world: World) -> None:
    anna, ben = await anna_and_ben(world, state="break")
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)

    await call.digits("1")

    call.left_with(Dial)
    assert (await call.row())["advisor_id"] == ben.id


async def test_no_choice_twice_means_a_colleague(world: World) -> None:
    anna, ben = await anna_and_ben(world, state="break")
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)

    await call.digits("")
    call.left_with(Gather)
    await call.digits("9")

    assert (await call.row())["advisor_id"] == ben.id


async def test_callback_is_stored_before_thank_you_is_said(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)

    await call.digits("2")

    (promise,) = await world.promises()
    assert (promise["state"], promise["advisor_id"], promise["owner_state"]) == ("scheduled", anna.id, "own")
    assert promise["window_starts_at"] >= world.now + timedelta(minutes=15)
    assert "Danke" in call.said
    await call.hangs_up()
    await world.pass_time(2)
    assert await call.state() == "promised"


async def test_caller_chooses_a_later_window(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.digits("2")
    (first,) = await world.promises()

    await call.digits("1")

    (moved,) = await world.promises()
    assert moved["id"] == first["id"]
    assert moved["window_starts_at"] >= first["window_ends_at"]


async def test_caller_holds_for_the_own_advisor_and_gets_her_when_she_is_free(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    other = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await other.answered()
    await other.hangs_up()
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    call.left_with(Gather)
    assert call.verb.choices["3"] == "hold"

    await call.digits("3")
    call.left_with(Wait)
    assert call.verb.whom == "own"
    await world.pass_time(31)
    await call.poll()

    call.left_with(Dial)
    assert (await call.row())["advisor_id"] == anna.id


async def test_nobody_free_waits_with_a_position_and_is_offered_who_becomes_free(world: World) -> None:
    anna, ben = await anna_and_ben(world, state="break")
    busy = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await busy.digits("1")
    await busy.answered()
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)

    await call.digits("1")
    call.left_with(Wait)
    assert call.verb.position == 1
    assert call.verb.expected_wait_s is not None
    await busy.hangs_up()
    await world.choose(ben, "available")
    await call.poll()

    call.left_with(Dial)
    assert (await call.row())["advisor_id"] == ben.id


async def test_ring_without_answer_keeps_the_age_and_explains(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    age = (await call.row())["age_at"]
    world.clock.advance(20)

    await ring_out(call)

    call.left_with(Gather)
    assert await world.presence(anna) == "not_responding"
    assert (await call.row())["age_at"] == age


async def test_offer_nobody_speaks_of_ends_at_its_deadline(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)

    await world.pass_time(26)

    assert await call.state() == "choosing"
    assert await world.presence(anna) == "not_responding"


async def test_caller_who_hangs_up_while_it_rings_frees_the_advisor(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)

    await call.hangs_up()
    await world.pass_time(1)

    assert await call.state() == "abandoned"
    assert await world.presence(anna) == "available"


async def test_unknown_caller_is_asked_for_the_customer_number(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_customer(world.session, external_ref="4711", advisor=anna, phones=())
    call = await world.call(None, MARKET_NUMBER)
    call.left_with(Gather)
    assert call.verb.asks_for == "customer_number"

    await call.digits("4711#")

    assert (await call.row())["advisor_id"] == anna.id


async def test_unknown_caller_reaches_the_owner_of_the_number(world: World) -> None:
    _, ben = await anna_and_ben(world)
    number = await a_number(world.session, advisor=ben)
    call = await world.call(a_private_number(), number.number)

    await call.digits("")

    call.left_with(Dial)
    assert (await call.row())["advisor_id"] == ben.id


async def test_relationship_decides_not_the_number_dialled(world: World) -> None:
    anna, ben = await anna_and_ben(world)
    number = await a_number(world.session, advisor=ben)

    call = await world.call(await a_caller(world, anna), number.number)

    assert (await call.row())["advisor_id"] == anna.id


async def test_closed_hours_say_when_we_are_back(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    phone = await a_caller(world, anna)
    world.clock.advance(10 * 3600)

    call = await world.call(phone, MARKET_NUMBER)

    assert "außerhalb unserer Servicezeiten" in call.said
    assert "morgen" in call.said
    await call.digits("")
    assert await call.state() == "closed_hours"
    call.left_with(Hangup)


async def test_emergency_closure_holds_at_once(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    phone = await a_caller(world, anna)
    await world.call(phone, MARKET_NUMBER)
    await a_closure(world.session, kind="emergency", starts_at=world.now)

    call = await world.call(phone, MARKET_NUMBER)

    assert "dringenden Grund" in call.said


async def test_sickness_entered_now_holds_for_the_next_call(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    phone = await a_caller(world, anna)
    await an_absence(world.session, anna, kind="sick", starts_at=world.now)

    call = await world.call(phone, MARKET_NUMBER)

    assert await call.state() == "choosing"


async def test_repeated_call_gets_the_same_answer(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    phone = await a_caller(world, anna)
    first = await world.call(phone, MARKET_NUMBER, "pbx-7")

    again = await world.call(phone, MARKET_NUMBER, "pbx-7")

    assert again.answer == first.answer
    assert await world.session.fetch_value("SELECT count(*) FROM contacts") == 1


async def test_switch_that_falls_silent_frees_the_advisor(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.answered()

    await world.pass_time(60)
    assert (await call.row())["asked_after_at"] is not None
    await world.pass_time(30)

    assert await call.state() == "lost_signal"
    assert await world.presence(anna) == "available"


@pytest.mark.parametrize(("ask_s", "end_s"), [(8, 12), (50, 80)])
async def test_market_says_how_long_a_switch_may_be_silent(world: World, ask_s: int, end_s: int) -> None:
    anna, _ = await anna_and_ben(world)
    await a_policy(world.session, silence_ask_s=ask_s, silence_end_s=end_s)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.hear("answered")

    await world.pass_time(ask_s - 1)
    before = (await call.row())["asked_after_at"]
    await world.pass_time(1)
    asked = (await call.row())["asked_after_at"]
    await world.pass_time(end_s - ask_s - 1)
    still = await call.state()
    await world.pass_time(1)

    assert (before, asked is not None) == (None, True)
    assert (still, await call.state()) == ("connected", "lost_signal")
