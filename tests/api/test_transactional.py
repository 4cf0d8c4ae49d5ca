"""One request, one transaction, committed before the answer: what was told has happened, and nothing else has."""

from __future__ import annotations

import asyncpg
import pytest

from api.services import Services
from kit.database import DatabaseAway
from tests.api.test_bad_input import problem
from tests.api.toys import how_many
from tests.support.api import Client


def services_of(client: Client) -> Services:
    found: Services = client.app.state.services
    return found


async def toys_in(client: Client) -> int:
    async with services_of(client).database.reading() as session:
        return await how_many(session)


async def test_what_is_answered_201_is_there_for_everybody(toy_client: Client) -> None:
    answer = await toy_client.as_("control_center").post("/v1/toys", json={"name": "ball"})

    assert (answer.status_code, answer.json()) == (201, {"name": "ball", "ordinal": 1})
    assert await toys_in(toy_client) == 1


async def test_commit_that_fails_is_never_answered_with_2xx(toy_client: Client) -> None:
    answer = await toy_client.as_("control_center").post("/v1/toys", json={"name": "fails at commit"})

    assert answer.status_code == 500
    assert problem(answer)["type"].endswith("/internal")
    assert await toys_in(toy_client) == 0


async def test_refusal_undoes_what_was_done_before(toy_client: Client) -> None:
    answer = await toy_client.as_("control_center").post("/v1/toys/refused", json={"name": "ball"})

    assert (answer.status_code, problem(answer)["title"]) == (409, "Not like that.")
    assert await toys_in(toy_client) == 0


async def test_unexpected_failure_undoes_everything_and_says_nothing(toy_client: Client) -> None:
    answer = await toy_client.as_("control_center").post("/v1/toys/broken", json={"name": "Anna-Canary"})

    assert answer.status_code == 500
    assert set(problem(answer)) == {"type", "title", "status", "instance"}
    assert "Canary" not in answer.text
    assert await toys_in(toy_client) == 0


async def test_endpoint_that_answers_5xx_itself_leaves_nothing(toy_client: Client) -> None:
    answer = await toy_client.as_("control_center").post("/v1/toys/answers-503", json={"name": "ball"})

    assert answer.status_code == 503
    assert await toys_in(toy_client) == 0


async def test_victim_of_a_deadlock_is_tried_again_with_the_same_body(toy_client: Client) -> None:
    answer = await toy_client.as_("control_center").post("/v1/toys/deadlocked", json={"name": "ball"})

    assert (answer.status_code, answer.json()) == (200, {"name": "ball", "ordinal": 1})
    assert services_of(toy_client).extras["attempts"] == ["ball"] * 3


@pytest.mark.parametrize(("name", "status"), [("checked", 422), ("unique", 409)])
async def test_constraint_that_nobody_translated_is_no_500(toy_client: Client, name: str, status: int) -> None:
    caller = toy_client.as_("control_center")
    if name == "unique":
        await caller.post("/v1/toys", json={"name": name})

    answer = await caller.post("/v1/toys", json={"name": name})

    assert answer.status_code == status
    assert "toys" not in problem(answer)["title"]


async def test_reading_sees_what_is_committed(toy_client: Client) -> None:
    await toy_client.as_("control_center").post("/v1/toys", json={"name": "ball"})

    answer = await toy_client.as_("advisor").get("/v1/toys/ball")

    assert answer.json() == {"name": "ball", "ordinal": 1}


@pytest.mark.parametrize(
    "failure",
    [
        DatabaseAway(retry_after_s=1),
        ConnectionResetError(),
        asyncpg.AdminShutdownError("57P01"),
        asyncpg.QueryCanceledError("statement timeout"),
        TimeoutError(),
    ],
)
async def test_database_away_is_503_with_retry_after(
    toy_client: Client, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    async def fail(*_: object) -> None:
        raise failure

    await toy_client.as_("control_center").get("/v1/toys/known")  # the caller is remembered now
    monkeypatch.setattr("tests.api.toys.put", fail)

    answer = await toy_client.as_("control_center").post("/v1/toys", json={"name": "ball"})

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    problem(answer)


async def test_database_that_does_not_listen_is_503_also_for_who_comes_in(
    toy_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise ConnectionRefusedError

    services = services_of(toy_client)
    await services.database.close()
    monkeypatch.setattr("asyncpg.connect", lambda *_, **__: refuse())

    answer = await toy_client.as_("control_center").post("/v1/toys", json={"name": "ball"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert problem(answer)["type"].endswith("/database-away")
