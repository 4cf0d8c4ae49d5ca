"""The outbox as staff see it: paged, filtered, sent again by hand."""

from __future__ import annotations

import pytest

from kit.database import Database
from kit.ids import encode
from tests.support.api import Client
from tests.support.builders import a_customer, a_message, an_advisor

pytestmark = pytest.mark.database


async def test_list_is_told_by_pages_the_newest_first(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)
        made = [encode("msg", (await a_message(session, anna)).id) for _ in range(3)]
    reader = client.as_("auditor")

    first = (await reader.get("/v1/messages?limit=2")).json()
    second = (await reader.get(f"/v1/messages?limit=2&after={first['next']}")).json()

    found = [one["id"] for one in first["items"] + second["items"]]
    assert found == sorted(made, reverse=True)
    assert second["next"] is None


async def test_list_is_filtered_by_state_and_recipient(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        anna, erika = await an_advisor(session), await a_customer(session, email="erika@home.example")
        await a_message(session, anna, state="sent")
        await a_message(session, erika, state="dropped", dropped_for="no_address")
    reader = client.as_("supervisor")

    dropped = (await reader.get("/v1/messages?state=dropped")).json()["items"]
    annas = (await reader.get(f"/v1/messages?recipient={encode('adv', anna.id)}")).json()["items"]
    erikas = (await reader.get(f"/v1/messages?recipient={encode('cus', erika.id)}")).json()["items"]

    assert dropped == erikas
    assert (erikas[0]["customer"], erikas[0]["dropped_for"]) == (encode("cus", erika.id), "no_address")
    assert [one["state"] for one in annas] == ["sent"]
    assert "erika@home.example" not in str(dropped)


async def test_failed_message_is_sent_again_by_an_admin(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        failed = await a_message(session, await an_advisor(session), state="failed", error="smtp_550", attempts=1)
    path = f"/v1/messages/{encode('msg', failed.id)}/retry"

    again = await client.as_("admin").post(path)
    twice = await client.as_("admin").post(path)

    assert (again.status_code, again.json()["state"], again.json()["error"]) == (200, "waiting", "smtp_550")
    assert (twice.status_code, twice.json()["present_state"]) == (409, "waiting")
