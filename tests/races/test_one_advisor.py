"""What two replicas want at the same instant only one of them gets, and the other goes on with the next best.

Each race begins behind a barrier, inside of two transactions, with a handicap of a few statements drawn anew each
time. Nothing but a refusal may come out of it; in particular no deadlock, since all code locks in one order:
ledger, contact or promise, attempt, offer, presence.

    DURCHWAHL_RACES=10000 pytest tests/races
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from contacts import desk
from contacts.answers import Answer
from kit.database import Session
from kit.errors import Fault
from telephony.inbound import InboundCall
from tests.races.desks import (
    MARKET_NUMBER,
    OTHERS,
    RACES,
    Desk,
    chooses,
    offered_to,
    open_offer,
    presence,
    set_free,
    state_of,
    two_calls,
)
from tests.races.replicas import Replica, Replicas, dispatches, hears, receives, treats

pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]


async def test_two_strangers_want_the_same_best_advisor(replicas: Replicas, company: Desk) -> None:
    both = sorted((company.anna.id, company.ben.id))
    for _ in range(RACES):
        await replicas.everybody_is_free()

        await two_calls(replicas, (None, None))

        assert await offered_to(replicas) == both
        await replicas.check()
    assert replicas.seen == {}
    assert replicas.came_too_late > RACES // 4  # or there was no race


async def test_two_customers_want_their_own_advisor(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()

        calls = await two_calls(replicas, company.phones)

        assert await offered_to(replicas) == [company.anna.id]
        assert sorted([await state_of(replicas, call_id) for call_id in calls]) == ["choosing", "offered"]
        await replicas.check()
    assert replicas.seen == {}


async def test_the_same_call_is_received_by_both(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        call = InboundCall(replicas.new_call_id(), company.phones[0], MARKET_NUMBER)

        answers: tuple[Answer, Answer] = await asyncio.gather(
            replicas.first.gatherer.receive(call), replicas.second.gatherer.receive(call)
        )

        assert answers[0] == answers[1]
        assert await offered_to(replicas) == [company.anna.id]
        await replicas.check()


async def test_the_same_event_is_heard_by_both(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        call_id = await replicas.call(company.phones[0], MARKET_NUMBER)
        answered = hears(call_id, "answered")

        await replicas.race(answered, answered)

        assert await state_of(replicas, call_id) == "connected"
        assert await presence(replicas, company.anna) == "in_contact"
        await replicas.check()
    assert replicas.seen == {}


async def test_news_comes_while_its_call_is_being_received(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        call_id = replicas.new_call_id()

        await replicas.race(receives(call_id, company.phones[0], MARKET_NUMBER), hears(call_id, "hangup", "caller"))
        await replicas.settle(2)

        # what neither transaction saw of the other is found when it is looked at what is due
        await replicas.settle(2)
        assert await state_of(replicas, call_id) == "abandoned"
        assert await presence(replicas, company.anna) == "available"
        await replicas.check()
    assert replicas.seen == {}


async def test_two_dispatches_at_once(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        await replicas.do(chooses(company.anna, "break"))
        await replicas.do(chooses(company.ben, "break"))
        calls = [await replicas.call(None, MARKET_NUMBER) for _ in range(2)]
        await set_free(replicas, company.anna)

        await replicas.race(dispatches, dispatches)

        assert await offered_to(replicas) == [company.anna.id]
        assert sorted([await state_of(replicas, call_id) for call_id in calls]) == ["offered", "waiting"]
        await replicas.check()
    assert replicas.seen == {}


async def test_an_advisor_goes_for_a_break_in_the_moment_of_a_call(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        call_id = replicas.new_call_id()

        await replicas.race(receives(call_id, company.phones[0], MARKET_NUMBER), chooses(company.anna, "break"))

        assert await presence(replicas, company.anna) == "break"
        assert await state_of(replicas, call_id) == "choosing"
        await replicas.check()
    assert replicas.seen == {}


async def test_an_advisor_leaves_the_wrap_up_in_the_moment_it_ends(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        call_id = await replicas.call(company.phones[0], MARKET_NUMBER)
        await replicas.do(hears(call_id, "answered"))
        await replicas.do(hears(call_id, "hangup", "caller"))
        replicas.clock.advance(31)
        (contact,) = await replicas.look("SELECT id FROM contacts WHERE switch_call_id = $1", call_id)

        await replicas.race(treats("deadlines", contact["id"]), chooses(company.anna, "break"))

        assert await presence(replicas, company.anna) == "break"
        assert await state_of(replicas, call_id) == "completed"
        await replicas.check()
    assert replicas.seen == {}


async def test_an_advisor_refuses_in_the_moment_of_answering(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        call_id = await replicas.call(company.phones[0], MARKET_NUMBER)
        offer_id = await open_offer(replicas)

        async def refuses(replica: Replica, session: Session, offer_id: UUID = offer_id) -> Any:
            now = replica.clock.now()
            return await desk.reject(session, replica.exchange, company.anna.id, offer_id, None, now)

        _, refused = await replicas.race(hears(call_id, "answered"), refuses)

        expected = ("connected", "in_contact") if isinstance(refused, Fault) else ("choosing", "not_responding")
        assert (await state_of(replicas, call_id), await presence(replicas, company.anna)) == expected
        await replicas.check()
    assert replicas.seen == {}


async def test_an_offer_times_out_in_the_moment_it_is_answered(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        call_id = await replicas.call(company.phones[0], MARKET_NUMBER)
        offer_id = await open_offer(replicas)
        replicas.clock.advance(26)

        await replicas.race(hears(call_id, "answered", offer_id=offer_id), treats("offers", offer_id))

        ends = (("connected", "in_contact"), ("choosing", "not_responding"))
        assert (await state_of(replicas, call_id), await presence(replicas, company.anna)) in ends
        await replicas.check()
    assert replicas.seen == {}


@pytest.mark.parametrize("news", [("hangup", "answered"), ("answered", "hangup")], ids="-".join)
async def test_the_caller_hangs_up_in_the_moment_of_answering(
    replicas: Replicas, company: Desk, news: tuple[str, str]
) -> None:
    for n in range(OTHERS):
        await replicas.everybody_is_free()
        call_id = await replicas.call(company.phones[0], MARKET_NUMBER)
        works = {"answered": hears(call_id, "answered"), "hangup": hears(call_id, "hangup", "caller")}

        if n % 2:
            await replicas.race(*works.values())
        else:
            await replicas.do(works[news[0]])
            await replicas.settle(replicas.dice.uniform(0, 0.5))
            await replicas.do(works[news[1]])
        assert await state_of(replicas, call_id) == "wrapping"
        await replicas.settle(31)

        assert await state_of(replicas, call_id) == "completed"
        assert await presence(replicas, company.anna) == "available"
        await replicas.check()
    assert replicas.seen == {}
