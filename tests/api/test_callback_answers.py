"""The link in a customer's letter, and what the staff see before an absence is entered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.services import Services
from callbacks import links
from contacts.deadlines import DUE_WORK
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode, new_id
from tests.support.api import Client
from tests.support.builders import a_customer, a_desk_group, an_advisor
from tests.support.world import an_exchange

TEN = "2026-11-24T10:00:00+01:00"


@pytest.fixture
async def anna(database: Database) -> str:
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE", minimum_presence=1)
        advisor = await an_advisor(session, name="Anna", group=group)
        await a_customer(session, external_ref="K-1", advisor=advisor, email="erika@home.example")
    return encode("adv", advisor.id)


async def promised(client: Client) -> Any:
    answer = await client.as_("control_center").post("/v1/customers/K-1/callbacks", json={"slot_starts_at": TEN})
    assert answer.status_code == 201
    return answer.json()


async def asked(client: Client, anna: str, database: Database, clock: VirtualClock, services: Services) -> str:
    """Anna is ill tomorrow, her customer is asked; returns where the link leads."""
    day = {"starts_at": "2026-11-24T00:00:00+01:00", "ends_at": "2026-11-26T00:00:00+01:00", "kind": "sick"}
    assert (await client.as_("supervisor").post(f"/v1/advisors/{anna}/absences", json=day)).status_code == 201
    exchange = an_exchange()
    for work in DUE_WORK:
        async with database.transaction() as session:
            for identifier in await work.find(session, clock.now()):
                await work.treat(session, exchange, identifier, clock.now())
    async with database.reading() as session:
        (question,) = await session.fetch("SELECT id FROM callback_questions")
    return f"/v1/callback-answers/{links.written(services.secret, question['id'])}"


async def test_customer_reads_and_answers_without_signing_in(
    client: Client, anna: str, database: Database, clock: VirtualClock, services: Services
) -> None:
    await promised(client)
    path = await asked(client, anna, database, clock, services)

    question = (await client.get(path)).json()
    chosen = {"answer": "move", "slot_starts_at": question["choices"][0]["starts_at"]}
    moved = await client.post(path, json=chosen)
    again = await client.post(path, json={"answer": "cancel"})

    assert (question["state"], question["advisor"], question["window"]["starts_at"]) == (
        "open",
        "Anna",
        "2026-11-24T09:00:00Z",
    )
    assert (moved.status_code, moved.json()["state"], moved.json()["answer"]) == (200, "answered", "move")
    assert moved.json()["window"] == question["choices"][0]
    async with database.reading() as session:
        (noted,) = await session.fetch("SELECT request_id FROM audit WHERE action = 'callback.moved'")
    assert noted["request_id"] == moved.headers["x-request-id"]
    assert (again.status_code, again.json()["present_state"]) == (409, "answered")
    assert "sick" not in str(question)


async def test_link_that_is_not_ours_opens_nothing(client: Client, services: Services, clock: VirtualClock) -> None:
    known = links.written(services.secret, new_id(clock.now()))
    for token in ("x", "%00", known, known[:-1], links.written(b"somebody else's", new_id(clock.now()))):
        assert (await client.get(f"/v1/callback-answers/{token}")).status_code == 404
        answer = await client.post(f"/v1/callback-answers/{token}", json={"answer": "keep"})
        assert answer.status_code == 404


async def test_window_that_can_not_be_kept_is_refused_and_the_question_stays_open(
    client: Client, anna: str, database: Database, clock: VirtualClock, services: Services
) -> None:
    await promised(client)
    path = await asked(client, anna, database, clock, services)

    for starts_at, code in (
        ("2026-11-24T11:00:00+01:00", "away"),
        (None, "missing"),
        ("2026-11-26T11:00:00", "no_time_zone"),
    ):
        answer = await client.post(path, json={"answer": "move", "slot_starts_at": starts_at})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)

    assert (await client.get(path)).json()["state"] == "open"


async def test_preview_shows_promises_and_days_below_the_minimum(
    client: Client, anna: str, database: Database
) -> None:
    promise = await promised(client)
    period = {"starts_at": "2026-11-24T00:00:00+01:00", "ends_at": "2026-11-26T00:00:00+01:00"}

    shown = (await client.as_("supervisor").get(f"/v1/advisors/{anna}/absences/preview", params=period)).json()

    (broken,) = shown["promises"]
    assert (broken["id"], broken["customer"], broken["outcome"]) == (promise["id"], "K-1", "asked")
    assert [one["day"] for one in shown["thin_days"]] == ["2026-11-24", "2026-11-25"]
    async with database.reading() as session:
        assert await session.fetch("SELECT 1 FROM absences") == []


async def test_preview_is_for_those_concerned_alone(client: Client, anna: str, clock: VirtualClock) -> None:
    path, now = f"/v1/advisors/{anna}/absences/preview", clock.now()
    period = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=1)).isoformat()}

    assert (await client.as_("advisor").get(path, params=period)).status_code == 403
    nobody = "/v1/advisors/adv_01J00000000000000000000000/absences/preview"
    assert (await client.as_("supervisor").get(nobody, params=period)).status_code == 404
    backwards = {"starts_at": period["ends_at"], "ends_at": period["starts_at"]}
    assert (await client.as_("supervisor").get(path, params=backwards)).status_code == 422
