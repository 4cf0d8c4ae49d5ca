"""What two replicas want at the same instant only one of them gets, and the other goes on with the next best.

Each race begins behind a barrier, inside of two transactions, with a handicap of a few statements drawn anew each
time. Nothing but a refusal may come out of it; in particular no deadlock, since all code locks in one order:
ledger, contact or promise, attempt, offer, presence.

    DURCHWAHL_RACES=10000 pytest tests/races
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from advisors.models import Advisor
from callbacks import queries as callback_queries
from contacts import desk, keeping, wishes
from contacts.answers import Answer
from contacts.situation import Scene
from kit.database import Session
from kit.errors import Fault
from telephony.inbound import InboundCall, Signal
from tests.races.replicas import Replica, Replicas, Work, dispatches, hears, in_scene, receives, treats
from tests.support.builders import a_customer, a_desk_group, a_number, a_policy, a_private_number, an_advisor

pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]

RACES = int(os.environ.get("DURCHWAHL_RACES", "500"))
OTHERS = max(20, RACES // 10)
"""Races of each other kind."""
MARKET_NUMBER = "+493023125900"


@dataclass(frozen=True)
class Desk:
    anna: Advisor
    ben: Advisor
    phones: tuple[str, str]
    """Of two customers of Anna's."""


@pytest.fixture
async def company(replicas: Replicas) -> Desk:
    async with replicas.first.database.transaction() as session:
        await a_policy(session, ask_customer_number=False)
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, name="Anna", group=group)
        ben = await an_advisor(session, name="Ben", group=group)
        await a_number(session, number=MARKET_NUMBER, kind="general")
        phones = a_private_number(), a_private_number()
        for n, phone in enumerate(phones):
            await a_customer(session, advisor=anna, phones=(phone,), external_ref=f"K-{n}")
    return Desk(anna, ben, phones)


async def offered_to(replicas: Replicas) -> list[UUID]:
    rows = await replicas.look("SELECT advisor_id FROM offers WHERE state = 'open' ORDER BY advisor_id")
    return [row["advisor_id"] for row in rows]


async def state_of(replicas: Replicas, call_id: str) -> str:
    (row,) = await replicas.look("SELECT state FROM contacts WHERE switch_call_id = $1", call_id)
    return str(row["state"])


async def presence(replicas: Replicas, advisor: Advisor) -> str:
    (row,) = await replicas.look("SELECT state FROM presences WHERE advisor_id = $1", advisor.id)
    return str(row["state"])


async def open_offer(replicas: Replicas) -> UUID:
    (row,) = await replicas.look("SELECT id FROM offers WHERE state = 'open'")
    return row["id"]  # type: ignore[no-any-return]


async def two_calls(replicas: Replicas, callers: tuple[str | None, str | None]) -> list[str]:
    ids = [replicas.new_call_id() for _ in callers]
    await replicas.race(*(receives(i, caller, MARKET_NUMBER) for i, caller in zip(ids, callers, strict=True)))
    return ids


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
        await _free(replicas, company.anna)

        await replicas.race(dispatches, dispatches)

        assert await offered_to(replicas) == [company.anna.id]
        assert sorted([await state_of(replicas, call_id) for call_id in calls]) == ["offered", "waiting"]
        await replicas.check()
    assert replicas.seen == {}


async def _free(replicas: Replicas, advisor: Advisor) -> None:
    """As if the advisor had become free a moment ago, and nobody had looked yet."""
    async with replicas.first.database.transaction() as session:
        await session.execute("UPDATE presences SET state = 'available' WHERE advisor_id = $1", advisor.id)


def chooses(advisor: Advisor, state: str) -> Work:
    async def work(replica: Replica, session: Session) -> Any:
        return await desk.choose(session, replica.exchange, advisor.id, state, replica.clock.now())

    return work


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


# --- promises


def wishes_for(ref: str) -> Work:
    async def promise(scene: Scene) -> Any:
        found = await wishes.slots(scene, ref)
        return await wishes.promise(scene, ref, found[0].slot.starts_at, None, None)

    return in_scene(promise)


async def open_promises(replicas: Replicas) -> list[dict[str, Any]]:
    return await replicas.look("SELECT * FROM callbacks WHERE final_at IS NULL ORDER BY created_at")


async def test_a_customer_is_promised_a_callback_twice_at_once(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        await replicas.do(chooses(company.anna, "meeting"))
        call_id = await replicas.call(company.phones[0], MARKET_NUMBER)

        await replicas.race(wishes_for("K-0"), hears(call_id, "digits", "caller", digits="2", ordinal=1))

        (promise,) = await open_promises(replicas)
        await replicas.check()
        moved = hears(call_id, "digits", "caller", identity="later", digits="1", ordinal=2)
        await replicas.race(wishes_for("K-0"), moved)

        (later,) = await open_promises(replicas)
        assert later["created_at"] >= promise["created_at"]
        await replicas.check()
    assert replicas.seen == {}


async def a_due_promise(replicas: Replicas, company: Desk, ref: str = "K-0") -> dict[str, Any]:
    """Anna's phone would ring for it now, if she were free."""
    promise: dict[str, Any] = await replicas.do(wishes_for(ref))
    async with replicas.first.database.transaction() as session:
        await session.execute(
            "UPDATE callbacks SET state = 'due', window_starts_at = $2, next_action_at = window_ends_at "
            "WHERE id = $1",
            promise["id"],
            replicas.now,
        )
    return promise


async def test_the_customer_gets_through_in_the_moment_the_promise_is_offered(
    replicas: Replicas, company: Desk
) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        await replicas.do(chooses(company.anna, "meeting"))
        call_id = await replicas.call(company.phones[0], MARKET_NUMBER)
        await replicas.do(hears(call_id, "digits", "caller", digits="1", ordinal=1))
        assert await offered_to(replicas) == [company.ben.id]
        promise = await a_due_promise(replicas, company)
        await _free(replicas, company.anna)

        await replicas.race(hears(call_id, "answered"), dispatches)

        (settled,) = await replicas.look("SELECT state FROM callbacks WHERE id = $1", promise["id"])
        assert settled["state"] == "settled"
        assert await presence(replicas, company.anna) == "available"
        assert await presence(replicas, company.ben) == "in_contact"
        await replicas.check()
    assert replicas.seen == {}


async def test_two_promises_for_one_number_fall_due_at_once(replicas: Replicas, company: Desk) -> None:
    shared = (
        "UPDATE callbacks SET number = $1, desk_group_id = $2, owner_state = 'handed_to_group', owner_reason = 'x'"
    )
    (member,) = await replicas.look("SELECT desk_group_id FROM desk_group_members LIMIT 1")
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        for advisor in (company.anna, company.ben):
            await replicas.do(chooses(advisor, "meeting"))
        for ref in ("K-0", "K-1"):
            await a_due_promise(replicas, company, ref)
        async with replicas.first.database.transaction() as session:
            await session.execute(f"{shared} WHERE final_at IS NULL", company.phones[0], member["desk_group_id"])
        for advisor in (company.anna, company.ben):
            await _free(replicas, advisor)

        await replicas.race(dispatches, dispatches)

        assert len(await offered_to(replicas)) == 1
        await replicas.check()
    assert replicas.seen == {}


async def the_dial(replicas: Replicas) -> UUID:
    async with replicas.first.database.transaction() as session:
        (attempt,) = await callback_queries.hand_out(session, replicas.now, 10)
    return attempt["token"]  # type: ignore[no-any-return]


def hears_of_dial(token: UUID, type: str, leg: str = "advisor") -> Work:  # noqa: A002 - it is called so
    signal = Signal(identity=f"{leg}-{type}", type=type, leg=leg)  # type: ignore[arg-type]

    async def work(replica: Replica, session: Session) -> Any:
        return await keeping.hear(session, replica.exchange, token, signal, replica.clock.now())

    return work


async def test_a_dial_is_handed_out_once(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        await a_due_promise(replicas, company)
        await replicas.do(dispatches)

        async def takes(replica: Replica, session: Session) -> Any:
            return await callback_queries.hand_out(session, replica.clock.now(), 10)

        taken = await replicas.race(takes, takes)

        assert sorted(len(dials) for dials in taken) == [0, 1]
        await replicas.check()
    assert replicas.seen == {}


RIVALS = ("answered", "times_out", "falls_silent", "cancelled", "gets_through", "refused")


@pytest.mark.parametrize("rival", RIVALS)
async def test_a_promise_that_rings_meets_something_else(replicas: Replicas, company: Desk, rival: str) -> None:
    for _ in range(max(10, OTHERS // 3)):
        await replicas.everybody_is_free()
        await replicas.do(chooses(company.anna, "meeting"))
        call_id = await replicas.call(company.phones[0], MARKET_NUMBER)
        await replicas.do(hears(call_id, "digits", "caller", digits="1", ordinal=1))
        promise = await a_due_promise(replicas, company)
        await _free(replicas, company.anna)
        await replicas.do(dispatches)
        (offer,) = await replicas.look("SELECT id FROM offers WHERE state = 'open' AND callback_id IS NOT NULL")
        token = await the_dial(replicas)
        replicas.clock.advance(26)

        async def cancels(scene: Scene, promise_id: UUID = promise["id"]) -> Any:
            return await wishes.cancel(scene, "K-0", promise_id, "asked_to")

        async def refuses(replica: Replica, session: Session, offer_id: UUID = offer["id"]) -> Any:
            now = replica.clock.now()
            return await desk.reject(session, replica.exchange, company.anna.id, offer_id, None, now)

        other: dict[str, Work] = {
            "answered": hears_of_dial(token, "answered"),
            "times_out": treats("offers", offer["id"]),
            "falls_silent": treats("silent_dials", token),
            "cancelled": in_scene(cancels),
            "gets_through": hears(call_id, "answered"),
            "refused": refuses,
        }
        mine = hears_of_dial(token, "no_answer") if rival == "answered" else hears_of_dial(token, "answered")
        await replicas.race(mine, other[rival])

        await replicas.check()
        await replicas.settle()
        await replicas.check()
    assert replicas.seen == {}
