"""Reminders, numbers that are read back, and what a customer says suits them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from advisors.models import Advisor
from callbacks.letters import Letters
from contacts import wishes
from contacts.arrivals import scene_for
from kit.clock import VirtualClock
from kit.database import Row, Session
from kit.intervals import Interval
from notifications.letters import Letter, Nobody
from tests.contacts.test_calls import MARKET_NUMBER, anna_and_ben
from tests.support.builders import PLENTY, a_customer, a_policy
from tests.support.world import World


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def a_promise(world: World, anna: Advisor, hours: int = 24) -> Row:
    await a_customer(world.session, external_ref="K-1", advisor=anna, email="erika@home.example")
    scene = await scene_for(world.session, world.exchange, world.now)
    return await wishes.promise(scene, "K-1", world.now + timedelta(hours=hours), None, None)


async def reminders(world: World) -> list[Row]:
    return await world.session.fetch("SELECT * FROM messages WHERE template = 'callback_reminder'")


async def test_customer_is_reminded_once_where_the_market_wants_it(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_policy(world.session, version=2, dialling=PLENTY, callback={"remind_minutes": 60})
    promise = await a_promise(world, anna)

    await world.pass_time(22 * 3600)
    assert await reminders(world) == []
    await world.pass_time(3601)
    await world.pass_time(60)

    (message,) = await reminders(world)
    letter = await Letters(world.exchange.catalogue).writers()["callback_reminder"](message, world.session)
    assert isinstance(letter, Letter)
    assert "Anna Berger ruft Sie an: Dienstag, 24. November 2026, 10 Uhr - 10 Uhr 30." in letter.text
    assert message["customer_id"] == promise["customer_id"]


async def test_nobody_is_reminded_where_the_market_says_nothing(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_promise(world, anna)

    await world.pass_time(23.5 * 3600)

    assert await reminders(world) == []


async def test_who_was_promised_it_a_moment_ago_needs_no_reminder(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_policy(world.session, version=2, dialling=PLENTY, callback={"remind_minutes": 120})
    await a_promise(world, anna, hours=1)

    await world.pass_time(60)

    assert await reminders(world) == []


async def test_reminder_of_what_has_changed_meanwhile_is_not_sent(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_policy(world.session, version=2, dialling=PLENTY, callback={"remind_minutes": 60})
    promise = await a_promise(world, anna)
    await world.pass_time(23.5 * 3600)
    (message,) = await reminders(world)
    scene = await scene_for(world.session, world.exchange, world.now)
    await wishes.move(scene, "K-1", promise["id"], promise["window_starts_at"] + timedelta(hours=2))

    written = await Letters(world.exchange.catalogue).writers()["callback_reminder"](message, world.session)

    assert written == Nobody("out_of_date")


async def test_typed_number_is_read_back_by_its_end_and_may_be_typed_again(world: World) -> None:
    _, ben = await anna_and_ben(world, state="meeting")
    await world.choose(ben, "meeting")
    call = await world.call(None, MARKET_NUMBER)
    for digits in ("", "", "2", "03023125123"):
        await call.digits(digits)
    assert "auf 1 2 3 endet" in call.said

    await call.digits("2")
    await call.digits("03023125456")

    first, second = sorted(await world.promises(), key=lambda promise: str(promise["state"]))
    assert (first["state"], first["merged_into"], second["state"]) == ("merged", second["id"], "scheduled")
    assert "auf 4 5 6 endet" in call.said


async def test_what_suits_the_customer_and_their_word_for_the_number_are_kept(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_customer(world.session, external_ref="K-1", advisor=anna)
    scene = await scene_for(world.session, world.exchange, world.now)
    begins = world.now + timedelta(hours=24)
    morning = Interval(begins, begins + timedelta(hours=2))

    row = await wishes.promise(scene, "K-1", begins, None, None, number_confirmed=True, suits=morning)

    assert (row["wish_from"], row["wish_until"], row["number_confirmed"]) == (*morning, True)
