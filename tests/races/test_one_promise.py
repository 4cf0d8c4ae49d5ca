"""A promise, the customer who gets through first, the switch, the deadlines and two replicas: all at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from callbacks import queries as callback_queries
from contacts import desk, keeping, wishes
from contacts.situation import Scene
from kit.database import Session
from telephony.inbound import Signal
from tests.races.desks import MARKET_NUMBER, OTHERS, Desk, chooses, offered_to, presence, set_free
from tests.races.replicas import Replica, Replicas, Work, dispatches, hears, in_scene, treats

pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]


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
    """More than half of its window has gone: Anna's phone would ring for it at once, if she were free."""
    promise: dict[str, Any] = await replicas.do(wishes_for(ref))
    async with replicas.first.database.transaction() as session:
        await session.execute(
            "UPDATE callbacks SET state = 'due', window_starts_at = $2::timestamptz - interval '40 min', "
            "window_ends_at = $2::timestamptz + interval '10 min', "
            "next_action_at = $2::timestamptz + interval '10 min' WHERE id = $1",
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
        await set_free(replicas, company.anna)

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
            await set_free(replicas, advisor)

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
        await set_free(replicas, company.anna)
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
