"""The figures of the day, counted on calls that were really made."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kit.clock import VirtualClock
from kit.database import Session
from reporting import figures
from reporting.figures import Figures, TooFarBack
from tests.support.builders import a_customer, a_desk_group, a_number, a_policy, a_private_number, an_advisor
from tests.support.world import World

pytestmark = pytest.mark.database

NUMBER = "+493023125900"


async def counted(world: World, since: datetime) -> Figures:
    await world.session.flush()
    return await figures.since(world.session, since, world.now)


async def test_calls_and_who_answered_them(session: Session, clock: VirtualClock) -> None:
    world, began = World(session, clock), clock.now()
    group = await a_desk_group(session, general_for="DE")
    phone = a_private_number()
    anna = await an_advisor(session, name="Anna", group=group)
    await an_advisor(session, name="Ben", group=group)
    await a_customer(session, advisor=anna, phones=(phone,))
    await a_number(session, number=NUMBER, kind="general")

    with_anna = await world.call(phone, NUMBER)
    await with_anna.answered()
    with_ben = await world.call(phone, NUMBER)
    await with_ben.digits("1")
    await with_ben.answered()
    stranger = await world.call(None, NUMBER)
    await stranger.hangs_up()
    await world.pass_time(5)

    calls = (await counted(world, began)).calls
    assert (calls.calls, calls.answered, calls.known, calls.own, calls.abandoned) == (3, 2, 2, 1, 1)


async def test_promises_kept_and_overdue(session: Session, clock: VirtualClock) -> None:
    world, began = World(session, clock), clock.now()
    await a_policy(session, callback={"slot_minutes": 5, "lead_minutes": 0, "expected_minutes": 1, "share": 1})
    group = await a_desk_group(session, general_for="DE")
    phone = a_private_number()
    anna = await an_advisor(session, name="Anna", group=group, state="break")
    await a_customer(session, advisor=anna, phones=(phone,))
    await a_number(session, number=NUMBER, kind="general")
    call = await world.call(phone, NUMBER)
    await call.digits("2")
    await call.hangs_up()

    await world.pass_time(60)
    promised = await counted(world, began)
    assert promised.calls.promised == 1
    assert (promised.callbacks.open, promised.callbacks.overdue) == (1, 0)

    await world.pass_time(600)
    assert (await counted(world, began)).callbacks.overdue == 1


async def test_what_was_before_is_left_out(session: Session, clock: VirtualClock) -> None:
    world = World(session, clock)
    await a_number(session, number=NUMBER, kind="general")
    await a_desk_group(session, general_for="DE")
    await world.call(None, NUMBER)
    clock.advance(60)

    assert (await counted(world, clock.now())).calls.calls == 0
    assert (await counted(world, clock.now() - timedelta(minutes=2))).calls.calls == 1


async def test_live_figures_reach_back_a_week(session: Session, clock: VirtualClock) -> None:
    with pytest.raises(TooFarBack):
        await figures.since(session, clock.now() - timedelta(days=8), clock.now())
