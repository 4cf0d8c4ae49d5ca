"""The last place of a dial limit (record 21): two ask for it at the same instant, one gets it."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks import queries as callback_queries
from callbacks.guards import TooManyCallbacks
from contacts import wishes
from contacts.situation import Scene
from tests.races.desks import OTHERS, Desk, chooses, set_free
from tests.races.replicas import Replicas, Work, dispatches, in_scene
from tests.races.test_one_promise import a_due_promise, hears_of_dial, open_promises
from tests.support.builders import PLENTY, a_customer, a_policy, an_advisor, an_office_number

pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]


@pytest.fixture
async def _carl(replicas: Replicas, company: Desk) -> None:
    """In another group: promises of his wait for none of Anna's, so that nothing but the limit's lock decides."""
    async with replicas.first.database.transaction() as session:
        await a_customer(session, external_ref="K-2", advisor=await an_advisor(session, name="Carl"))


async def limited(replicas: Replicas, **limits: int) -> None:
    """One place of this limit, and plenty of all others."""
    async with replicas.first.database.transaction() as session:
        dialling = {**PLENTY, **limits}
        await a_policy(session, version=2, valid_from=replicas.now, ask_customer_number=False, dialling=dialling)


def wishes_for(ref: str, number: str, by: str) -> Work:
    """A callback to a number that was not known of the customer."""

    async def promise(scene: Scene) -> Any:
        found = await wishes.slots(scene, ref)
        return await wishes.promise(scene, ref, found[0].slot.starts_at, number, None, asked_by=by)

    return in_scene(promise)


def limits_of(results: list[Any]) -> list[str]:
    """By which limits somebody was refused; there is no other refusal."""
    assert [one for one in results if isinstance(one, Exception) and not isinstance(one, TooManyCallbacks)] == []
    return [one.facts["limit"] for one in results if isinstance(one, TooManyCallbacks)]


@pytest.mark.usefixtures("_carl")
async def test_two_customers_want_the_last_callback_to_one_number(replicas: Replicas) -> None:
    await limited(replicas, callbacks_per_number_a_day=1)
    for race in range(OTHERS):
        await replicas.everybody_is_free()
        number = an_office_number()

        results = await replicas.race(
            wishes_for("K-0", number, f"key_{race}a"), wishes_for("K-2", number, f"key_{race}b")
        )

        assert limits_of(results) == ["number_a_day"]
        assert [promise["number"] for promise in await open_promises(replicas)] == [number]
        await replicas.check()
    assert replicas.seen == {}


@pytest.mark.usefixtures("_carl")
async def test_one_asker_wants_the_last_new_number_for_two(replicas: Replicas) -> None:
    await limited(replicas, new_numbers_an_hour=1)
    for race in range(OTHERS):
        await replicas.everybody_is_free()
        first, second = an_office_number(), an_office_number()
        by = f"key_{race}"

        results = await replicas.race(wishes_for("K-0", first, by), wishes_for("K-2", second, by))

        assert limits_of(results) == ["new_numbers_an_hour"]
        assert len(await open_promises(replicas)) == 1
        await replicas.check()
    assert replicas.seen == {}


async def test_two_promises_want_the_last_dial_to_one_number(replicas: Replicas, company: Desk) -> None:
    """Anna's and Ben's phones would ring for it together; when the dial is over the other has to wait for room."""
    await limited(replicas, dials_per_number_a_day=1)
    (member,) = await replicas.look("SELECT desk_group_id FROM desk_group_members LIMIT 1")
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        number = an_office_number()
        await two_due_for(replicas, company, number, member["desk_group_id"])

        await replicas.race(dispatches, dispatches)
        await unanswered(replicas)
        await replicas.race(dispatches, dispatches)

        dialled = "SELECT count(*) AS times FROM callback_attempts WHERE number = $1"
        assert await replicas.look(dialled, number) == [{"times": 1}]
        waiting = [p for p in await open_promises(replicas) if p["attempts"] == 0]
        assert [(p["state"], p["window_starts_at"] > replicas.now) for p in waiting] == [("scheduled", True)]
        await replicas.check()
    assert replicas.seen == {}


async def two_due_for(replicas: Replicas, company: Desk, number: str, group_id: object) -> None:
    """Promises to two customers, whom anybody in the group may call, both at this number."""
    for advisor in (company.anna, company.ben):
        await replicas.do(chooses(advisor, "meeting"))
    for ref in ("K-0", "K-1"):
        await a_due_promise(replicas, company, ref)
    async with replicas.first.database.transaction() as session:
        await session.execute(
            "UPDATE callbacks SET number = $1, desk_group_id = $2, owner_state = 'handed_to_group', "
            "owner_reason = 'x' WHERE final_at IS NULL",
            number,
            group_id,
        )
    for advisor in (company.anna, company.ben):
        await set_free(replicas, advisor)


async def unanswered(replicas: Replicas) -> None:
    """The one dial is made, the advisor takes it, the customer does not."""
    async with replicas.first.database.transaction() as session:
        (attempt,) = await callback_queries.hand_out(session, replicas.now, 10)
    for leg, type_ in (("advisor", "answered"), ("caller", "no_answer")):
        await replicas.do(hears_of_dial(attempt["token"], type_, leg))
