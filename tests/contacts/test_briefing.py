"""What a colleague reads before saying hello, in one statement that goes by indexes."""

from __future__ import annotations

import pytest

from contacts import briefing, desk, offer_queries
from contacts.briefing import Briefing
from contacts.desk import WrapUp
from customers import remarks
from kit.catalogue import Catalogue
from kit.clock import VirtualClock
from kit.database import Session
from kit.errors import NotFound
from tests.contacts.test_calls import MARKET_NUMBER, a_caller, anna_and_ben
from tests.support.world import Call, World

pytestmark = pytest.mark.database

WORDS = Catalogue.load(strict=True)


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def brief(world: World, call: Call) -> Briefing | None:
    offer = await offer_queries.open_offer(world.session, (await call.row())["id"])
    assert offer is not None
    row = await briefing.read(world.session, offer["id"])
    assert row is not None
    return briefing.of(row, WORDS)


async def test_colleague_reads_all_that_the_owner_would_know(world: World) -> None:
    anna, ben = await anna_and_ben(world)
    phone = await a_caller(world, anna, external_ref="K-7", name="Erika Beispiel", products=["hosting"])
    first = await world.call(phone, MARKET_NUMBER)
    await first.answered()
    await first.hangs_up()
    done = WrapUp("billing", False, "Rechnung wird geprüft")
    await desk.wrap_up(world.session, world.exchange, anna.id, (await first.row())["id"], done, world.now)
    await world.after_commit()
    row = await remarks.locked(world.session, "K-7", anna.id)
    await remarks.write(world.session, row, "Ruft lieber morgens an", anna.id, world.now)
    await world.choose(anna, "break")
    world.clock.advance(60)
    second = await world.call(phone, MARKET_NUMBER)
    await second.digits("1")

    told = await brief(world, second)

    assert told is not None
    assert told.customer is not None
    assert (told.customer.external_ref, told.customer.name) == ("K-7", "Erika Beispiel")
    assert told.own_advisor is not None
    assert told.own_advisor.name == "Anna Berger"
    assert told.remarks == "Ruft lieber morgens an"
    (earlier,) = told.contacts
    assert (earlier.disposition, earlier.solved, earlier.note) == ("billing", False, "Rechnung wird geprüft")
    assert earlier.advisor is not None
    assert earlier.advisor.name == "Anna Berger"
    assert told.unsolved == [earlier.id]
    assert [reason.code for reason in told.because] != []
    assert all(set(reason.words) == {"de", "en"} and all(reason.words.values()) for reason in told.because)
    assert (await second.row())["own_advisor_id"] == anna.id != ben.id


async def test_open_promises_are_open_matters(world: World) -> None:
    anna, _ = await anna_and_ben(world, state="break")
    phone = await a_caller(world, anna)
    promised = await world.call(phone, MARKET_NUMBER)
    await promised.digits("2")
    await promised.hangs_up()
    await world.pass_time(2)
    again = await world.call(phone, MARKET_NUMBER)
    await again.digits("1")

    told = await brief(world, again)

    assert told is not None
    assert [one.state for one in told.promises] == ["scheduled"]
    assert [one.state for one in told.contacts] == ["promised"]


async def test_stranger_is_nobody_and_the_reasons_are_there(world: World) -> None:
    await anna_and_ben(world)
    call = await world.call("+498999998123", MARKET_NUMBER)
    await call.digits("")

    told = await brief(world, call)

    assert told is not None
    assert (told.customer, told.contacts, told.promises, told.remarks) == (None, [], [], None)
    assert told.because


async def test_briefing_is_over_with_the_matter(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    call = await world.call(await a_caller(world, anna), MARKET_NUMBER)
    offer = await offer_queries.open_offer(world.session, (await call.row())["id"])
    assert offer is not None
    await call.answered()
    during = await briefing.read(world.session, offer["id"])
    await call.hangs_up()
    await world.pass_time(31)
    after = await briefing.read(world.session, offer["id"])

    assert during is not None
    assert after is not None
    assert briefing.of(during, WORDS) is not None
    assert briefing.of(after, WORDS) is None


async def test_statement_goes_by_indexes(session: Session) -> None:
    """Sequential scans are switched off as far as may be: one that is left has no index that would do."""
    from uuid import UUID

    rows = await session.fetch(f"EXPLAIN {briefing.READ}", UUID(int=1), briefing.AROUND)
    plan = "\n".join(row["QUERY PLAN"] for row in rows)

    assert "Seq Scan" not in plan, plan


async def test_remarks_are_the_own_advisors(world: World) -> None:
    anna, ben = await anna_and_ben(world)
    await a_caller(world, anna, external_ref="K-7")

    with pytest.raises(NotFound):
        await remarks.get(world.session, "K-7", ben.id)
    row = await remarks.locked(world.session, "K-7", anna.id)
    await remarks.write(world.session, row, "x", anna.id, world.now)
    await remarks.write(world.session, row, None, anna.id, world.now)
    await world.session.flush()

    assert (await remarks.get(world.session, "K-7", None))["text"] is None
    told = await world.session.fetch_value("SELECT count(*) FROM events WHERE type = 'customer.remarked'")
    assert told == 2
