"""The whole book over the API: a preview, what it shows, and what may be done with it when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.services import Services
from kit.clock import VirtualClock
from tests.books.shop import Shop
from tests.support.api import Client
from tests.support.builders import a_customer, an_advisor, numbers


@pytest.fixture
async def shop(services: Services, clock: VirtualClock) -> Shop:
    """Two advisors, one of them with everybody; the work is done when a test says so."""
    shop = Shop(services.database, clock)
    async with shop.database.transaction() as session:
        book: dict[str, Any] = {"cap_s": 24 * 360, "target_s": 12 * 360}
        full, _ = await an_advisor(session, **book), await an_advisor(session, **book)
        await numbers(session, 2)
        for _ in range(24):
            await a_customer(session, advisor=full, since=clock.now() - timedelta(days=3))
    return shop


async def test_from_the_preview_to_the_undoing(client: Client, shop: Shop) -> None:
    supervisor = client.as_("supervisor")

    asked = await supervisor.post("/v1/book-runs", json={"kind": "rebalance", "move_budget": 8})
    assert (asked.status_code, asked.json()["state"]) == (202, "computing")
    path = f"/v1/book-runs/{asked.json()['id']}"
    await shop.work()

    preview = (await supervisor.get(path)).json()
    count = preview["planned"]
    assert (preview["state"], preview["figures"]["voluntary"], 5 < count <= 8) == ("ready", count, True)
    moves = (await supervisor.get(f"{path}/moves", params={"limit": 5})).json()
    assert (len(moves["items"]), {one["why"] for one in moves["items"]}) == (5, {"voluntary"})
    rest = (await supervisor.get(f"{path}/moves", params={"limit": 5, "after": moves["next"]})).json()
    assert len(rest["items"]) == count - 5
    books = (await supervisor.get(f"{path}/books")).json()["items"]
    assert sorted(book["customers_after"] for book in books) == [count, 24 - count]
    why = (await supervisor.get(f"/v1/decisions/{moves['items'][0]['decision_id']}")).json()
    assert (why["kind"], why["chosen"]) == ("rebalance", moves["items"][0]["to_advisor"])

    assert (await supervisor.post(f"{path}/apply")).status_code == 202
    await shop.work()
    assert (await supervisor.get(path)).json()["done"] == count
    assert (await supervisor.post(f"{path}/undo")).status_code == 202
    await shop.work()
    undone = (await supervisor.get(path)).json()
    assert (undone["state"], undone["undone"]) == ("undone", count)
    assert len(set((await shop.advisors_of_all()).values())) == 1


async def test_the_second_of_two_gets_409(client: Client, shop: Shop) -> None:
    supervisor = client.as_("supervisor")
    first = await supervisor.post("/v1/book-runs", json={"kind": "rebalance"})

    second = await supervisor.post("/v1/book-runs", json={"kind": "rebalance"})

    problem = second.json()
    assert (second.status_code, problem["type"].rpartition("/")[2]) == (409, "book-run-in-progress")
    assert problem["run"] == first.json()["id"]


async def test_what_is_not_ready_is_not_applied(client: Client, shop: Shop) -> None:
    supervisor = client.as_("supervisor")
    run = (await supervisor.post("/v1/book-runs", json={"kind": "rebalance"})).json()

    refused = await supervisor.post(f"/v1/book-runs/{run['id']}/apply")

    assert (refused.status_code, refused.json()["present_state"]) == (409, "computing")


async def test_a_plan_of_yesterday_is_a_clear_conflict(client: Client, shop: Shop) -> None:
    supervisor = client.as_("supervisor")
    run = (await supervisor.post("/v1/book-runs", json={"kind": "rebalance"})).json()
    await shop.work()
    async with shop.database.transaction() as session:
        await an_advisor(session)

    refused = await supervisor.post(f"/v1/book-runs/{run['id']}/apply")

    assert (refused.status_code, refused.json()["because"]) == (409, "people_or_rules")
    assert (await supervisor.post(f"/v1/book-runs/{run['id']}/discard")).json()["state"] == "discarded"


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "rebalance", "advisor": "adv_01M83T4CM0E9C8V65A7AF8CY2Q"},
        {"kind": "lend"},
        {"kind": "rebalance", "move_budget": 1, "move_budget_share": 0.1},
        {"kind": "rebalance", "move_budget_share": 1.1},
        {"kind": "rebalance", "move_budget": -1},
        {"kind": "shuffle"},
        {"kind": "rebalance", "budget": 3},
    ],
    ids=str,
)
async def test_what_does_not_fit_together_is_refused(client: Client, body: dict[str, object]) -> None:
    assert (await client.as_("supervisor").post("/v1/book-runs", json=body)).status_code == 422


async def test_unknown_market_and_advisor(client: Client, shop: Shop) -> None:
    supervisor = client.as_("supervisor")
    unknown = {"kind": "lend", "advisor": "adv_01M83T4CM0E9C8V65A7AF8CY2Q"}

    assert (await supervisor.post("/v1/book-runs", json={"kind": "assign", "market": "XX"})).status_code == 404
    assert (await supervisor.post("/v1/book-runs", json=unknown)).status_code == 404
