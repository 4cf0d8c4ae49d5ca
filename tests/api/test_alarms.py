"""A refusal that somebody should look into is announced, though everything that was asked for is undone."""

from __future__ import annotations

from typing import Any

from tests.api.test_bad_input import problem
from tests.api.test_transactional import services_of
from tests.nasty.company import founded
from tests.support.api import Client, Response

PHONE = "+493023125500"


async def wished(client: Client, number: str) -> Response:
    portal = client.as_("control_center")
    slots = (await portal.get("/v1/customers/K-1/callback-slots")).json()["slots"]
    wish = {"slot_starts_at": slots[0]["starts_at"], "number": number}
    return await portal.post("/v1/customers/K-1/callbacks", json=wish)


async def told(client: Client) -> list[dict[str, Any]]:
    async with services_of(client).database.reading() as session:
        rows = await session.fetch("SELECT subject, data FROM events WHERE type = 'dial_limit.reached'")
    return [dict(row) for row in rows]


async def test_callback_beyond_the_limit_is_refused_changes_nothing_and_raises_one_alarm(client: Client) -> None:
    client, _ = await founded(client)
    rules = {"rules": {"dialling": {"callbacks_per_customer_a_day": 1}}}
    assert (await client.as_("supervisor").post("/v1/markets/DE/policies", json=rules)).status_code == 201
    assert (await wished(client, PHONE)).status_code == 201

    refusals = [await wished(client, PHONE) for _ in range(3)]
    listed = (await client.as_("control_center").get("/v1/customers/K-1/callbacks")).json()["callbacks"]
    figures = (await client.get("/metrics")).text

    assert {answer.status_code for answer in refusals} == {429}
    assert problem(refusals[0])["type"].endswith("/too-many-callbacks")
    assert int(refusals[0].headers["retry-after"]) > 86_000
    assert [callback["state"] for callback in listed] == ["scheduled"]
    assert [event["data"]["dial_limit"]["limit"] for event in await told(client)] == ["customer_a_day"]
    assert PHONE not in str(await told(client))
    assert 'durchwahl_alarms_total{type="dial_limit.reached"} 3.0' in figures
