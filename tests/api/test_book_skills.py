"""The report on skills through the door: who may read it, what it says, and when there is none."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from books import service
from books.service import Asked
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from tests.books.shop import Shop
from tests.support.api import Client
from tests.support.builders import a_customer, a_product, an_advisor, new_id

pytestmark = pytest.mark.database


@pytest.fixture
async def shop(database: Database, clock: VirtualClock) -> Shop:
    async with database.transaction() as session:
        until = {"dns": clock.now() + timedelta(days=20)}
        anna = await an_advisor(session, name="Anna Ahorn", skills={"dns": 3}, skills_valid_until=until)
        product = await a_product(session, skill="dns", level=3)
        await a_customer(session, advisor=anna, products=[product.id])
    return Shop(database, clock)


def path(run_id: UUID) -> str:
    return f"/v1/book-runs/{encode('run', run_id)}/skills"


@pytest.mark.parametrize("role", ["supervisor", "admin", "auditor"])
async def test_report_is_read_by_those_who_plan(client: Client, shop: Shop, role: str) -> None:
    run = await shop.ask()

    answer = await client.as_(role).get(path(run["id"]))

    assert answer.status_code == 200
    report = answer.json()
    assert report["run"] == encode("run", run["id"])
    assert [(one["skill"], one["level"], one["can"], one["short"]) for one in report["markets"]] == [
        ("dns", 3, 1, True)
    ]
    (certificate,) = report["certificates"]
    assert certificate["kinds"] == certificate["uncovered"]
    assert certificate["kinds"][0]["needs"] == [{"skill": "dns", "level": 3}]
    assert "Anna" not in answer.text


@pytest.mark.parametrize("role", ["advisor", "lead"])
async def test_others_are_told_nothing(client: Client, shop: Shop, role: str) -> None:
    run = await shop.ask()

    assert (await client.as_(role).get(path(run["id"]))).status_code == 403


async def test_while_it_is_computed_there_is_no_report(client: Client, shop: Shop) -> None:
    async with shop.database.transaction() as session:
        run = await service.request(session, Asked("rebalance"), shop.now, new_id)

    answer = await client.as_("supervisor").get(path(run["id"]))

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "no-skill-report")
    assert answer.json()["present_state"] == "computing"


BAD_RUNS = {
    "run_00000000000000000000000000": 404,
    "adv_01J00000000000000000000000": 404,
    "run_": 404,
    "run_01j00000000000000000000000": 404,
    "run_%EF%BC%91": 404,
    "%00": 404,
    "x" * 5_000: 404,
}


@pytest.mark.parametrize(("run", "status"), BAD_RUNS.items())
async def test_a_run_that_is_not_there_has_no_skills(client: Client, shop: Shop, run: str, status: int) -> None:
    answer = await client.as_("auditor").get(f"/v1/book-runs/{run}/skills")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_same_question_twice_is_refused(client: Client, shop: Shop) -> None:
    run = await shop.ask()

    assert (await client.as_("admin").get(path(run["id"]) + "?limit=5&limit=6")).status_code == 400
