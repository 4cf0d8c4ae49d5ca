"""Notes back: the own advisor hears what a colleague has done, and the colleague that it was read."""

from __future__ import annotations

from typing import Any

import pytest

from advisors.models import Advisor
from contacts import desk, notes
from contacts.desk import WrapUp
from kit.clock import VirtualClock
from kit.database import Row, Session
from kit.errors import NotFound
from kit.ids import encode
from tests.contacts.test_calls import MARKET_NUMBER, a_caller, anna_and_ben
from tests.support.builders import an_advisor
from tests.support.replay import told
from tests.support.world import Call, World

pytestmark = pytest.mark.database


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def taken_by_ben(world: World) -> tuple[Advisor, Advisor, Call]:
    """Anna is on a break, so Ben has spoken with her customer, and writes up what was said."""
    anna, ben = await anna_and_ben(world, state="break")
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    await call.digits("1")
    await call.answered()
    await call.hangs_up()
    return anna, ben, call


async def finish(world: World, ben: Advisor, call: Call, done: WrapUp) -> None:
    contact = (await call.row())["id"]
    await desk.wrap_up(world.session, world.exchange, ben.id, contact, done, world.now)
    await world.session.flush()


async def all_notes(world: World) -> list[Row]:
    return await world.session.fetch("SELECT * FROM contact_notes ORDER BY id")


async def events(world: World) -> list[Any]:
    rows = await world.session.fetch("SELECT type, advisor_id FROM events WHERE type LIKE 'note.%' ORDER BY id")
    return [(row["type"], row["advisor_id"]) for row in rows]


async def test_colleagues_contact_leaves_a_note_to_the_owner(world: World) -> None:
    anna, ben, call = await taken_by_ben(world)
    assert await all_notes(world) == []

    async with told(world.session):
        await finish(world, ben, call, WrapUp("billing", True, "Rückfrage geklärt"))

    (note,) = await all_notes(world)
    assert (note["from_advisor_id"], note["to_advisor_id"], note["state"]) == (ben.id, anna.id, "unread")
    assert await events(world) == [("note.written", anna.id)]


async def test_note_is_there_though_nothing_was_typed(world: World) -> None:
    """The wrap-up runs out."""
    anna, _, _ = await taken_by_ben(world)

    await world.pass_time(31)

    assert [note["to_advisor_id"] for note in await all_notes(world)] == [anna.id]


async def test_own_advisors_contact_and_a_strangers_leave_none(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    for phone in (await a_caller(world, anna), "+498999998123"):
        call = await world.call(phone, MARKET_NUMBER)
        await call.answered()
        await call.hangs_up()
        await world.pass_time(31)

    assert await all_notes(world) == []


async def test_reading_tells_the_colleague_once(world: World) -> None:
    anna, ben, call = await taken_by_ben(world)
    await finish(world, ben, call, WrapUp())
    (note,) = await all_notes(world)

    async with told(world.session):
        await notes.read(world.session, anna.id, note["id"], world.now)
        await world.session.flush()
    again = await notes.read(world.session, anna.id, note["id"], world.now)
    await world.session.flush()

    assert (again["state"], again["read_at"]) == ("read", world.now)
    assert await events(world) == [("note.written", anna.id), ("note.read", ben.id)]


async def test_nobody_reads_another_ones_note(world: World) -> None:
    _, ben, call = await taken_by_ben(world)
    await finish(world, ben, call, WrapUp())
    (note,) = await all_notes(world)

    with pytest.raises(NotFound):
        await notes.read(world.session, ben.id, note["id"], world.now)


async def test_unread_note_follows_the_customer_and_a_read_one_stays(world: World) -> None:
    anna, ben, call = await taken_by_ben(world)
    await finish(world, ben, call, WrapUp())
    cora = await an_advisor(world.session, name="Cora", available=False)
    await world.session.execute("UPDATE relationships SET advisor_id = $1", cora.id)

    async with told(world.session) as heard:
        assert await notes.follow(world.session, world.now) == 1
        await world.session.flush()

    (note,) = await all_notes(world)
    assert note["to_advisor_id"] == cora.id
    assert heard.types == ["note.moved"]
    await notes.read(world.session, cora.id, note["id"], world.now)
    await world.session.execute("UPDATE relationships SET advisor_id = $1", anna.id)
    assert await notes.follow(world.session, world.now) == 0


async def test_note_of_a_customer_who_is_erased_is_withdrawn(world: World) -> None:
    anna, ben, call = await taken_by_ben(world)
    await finish(world, ben, call, WrapUp())
    row = await call.row()

    async with told(world.session):
        await notes.withdraw(world.session, row["customer_id"], world.now)
        await world.session.flush()

    (note,) = await all_notes(world)
    assert note["state"] == "withdrawn"
    with pytest.raises(NotFound):
        await notes.read(world.session, anna.id, note["id"], world.now)
    assert encode("note", note["id"]).startswith("note_")
