"""The ledger over HTTP: figures for all, the list and the history for those who lead."""

from __future__ import annotations

from uuid import UUID

import pytest

from kit.database import Database
from kit.ids import encode
from tests.support.api import Client
from tests.support.builders import a_customer, a_desk_group, an_advisor

pytestmark = pytest.mark.database

WEEK = {"since": "2026-11-23T00:00:00Z", "until": "2026-11-30T00:00:00Z"}


@pytest.fixture
async def promise(client: Client, database: Database) -> str:
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, name="Anna", group=group)
        await a_customer(session, external_ref="K-1", advisor=anna)
    made = await client.as_("control_center").post(
        "/v1/customers/K-1/callbacks", json={"slot_starts_at": "2026-11-24T10:00:00+01:00"}
    )
    return str(made.json()["id"])


async def test_figures_list_and_history_tell_of_the_same_promise(client: Client, promise: str) -> None:
    moving = {"slot_starts_at": "2026-11-24T14:00:00+01:00"}
    await client.as_("control_center").post(f"/v1/customers/K-1/callbacks/{promise}/move", json=moving)
    supervisor = client.as_("supervisor")

    (line,) = (await supervisor.get("/v1/callbacks/ledger", params=WEEK)).json()["lines"]
    (listed,) = (await supervisor.get("/v1/callbacks/ledger/promises", params={"state": "scheduled"})).json()[
        "callbacks"
    ]
    history = (await supervisor.get(f"/v1/callbacks/{promise}/history")).json()["changes"]

    assert (line["promised"], line["open"], line["moved"]) == (1, 1, 1)
    assert (listed["id"], listed["customer"], listed["moves"]) == (promise, "K-1", 1)
    assert [one["change"] for one in history] == ["scheduled", "moved"]
    assert all(one["by"].startswith("key_") for one in history)


async def test_lead_sees_the_own_groups_promises_alone(client: Client, promise: str) -> None:
    lead = client.as_("lead")

    assert (await lead.get("/v1/callbacks/ledger/promises")).json()["callbacks"] == []
    assert (await lead.get(f"/v1/callbacks/{promise}/history")).status_code == 404
    assert (await client.as_("advisor").get("/v1/callbacks/ledger/promises")).status_code == 403


async def test_ledger_of_a_year_is_too_long(client: Client) -> None:
    for until, code in (("2027-11-23T00:00:00Z", "too_long"), ("2026-11-22T00:00:00Z", "backwards")):
        answer = await client.as_("advisor").get("/v1/callbacks/ledger", params={**WEEK, "until": until})

        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_promise_that_is_not_there_has_no_history(client: Client) -> None:
    nobody = encode("cb", UUID(int=1))

    assert (await client.as_("supervisor").get(f"/v1/callbacks/{nobody}/history")).status_code == 404
