"""What somebody should look into is announced and counted: by a request that is undone, a call, or a loop."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from api.app import create_watched
from api.exchange import exchange_of
from api.services import Services
from kit.announcements import NewEvent
from kit.database import Database
from kit.settings import Settings
from tests.api.test_bad_input import problem
from tests.api.test_transactional import services_of
from tests.nasty.company import GENERAL, founded
from tests.support.api import Client, Response
from worker.loops import Worker

pytestmark = pytest.mark.database

PHONE, ANOTHER = "+493023125500", "+493023125501"


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
    assert counted(figures) == 3


def counted(figures: str) -> float:
    """How many alarms of dial limits the figures tell of."""
    name = 'durchwahl_alarms_total{type="dial_limit.reached"} '
    return sum(float(line.removeprefix(name)) for line in figures.splitlines() if line.startswith(name))


async def declared(client: Client, **dialling: Any) -> None:
    body = {"rules": {"dialling": dialling}}
    assert (await client.as_("supervisor").post("/v1/markets/DE/policies", json=body)).status_code == 201


async def typed(client: Client, call_id: str, number: str) -> None:
    """A caller without a number of their own asks for a callback and types one."""
    switch = client.as_("telephony")
    await switch.post("/v1/telephony/calls", json={"call_id": call_id, "to": GENERAL})
    for ordinal, digits in enumerate(("", "", "2", number.replace("+49", "0")), start=1):
        event = {"type": "digits", "leg": "caller", "digits": digits, "ordinal": ordinal}
        assert (await switch.post(f"/v1/telephony/calls/{call_id}/events", json=event)).is_success


async def test_alarm_of_a_call_that_goes_on_is_counted(client: Client) -> None:
    """Nothing is refused: the caller is offered a colleague instead."""
    client, _ = await founded(client)
    await declared(client, new_numbers_an_hour=1)

    for number in (PHONE, ANOTHER):
        await typed(client, f"pbx-{number[1:]}", number)

    assert len(await told(client)) == 1
    assert counted((await client.get("/metrics")).text) == 1


async def test_alarm_of_a_loop_is_counted_by_the_worker_that_raised_it(
    client: Client, database_uri: str, settings: Settings
) -> None:
    """A promise falls due whose number may not be dialled any more."""
    client, _ = await founded(client)
    await declared(client, countries=["AT"])
    await a_promise_that_is_due(services_of(client))
    own = Database(database_uri, settings)
    services = Services(own, services_of(client).clock, settings)
    watched = Client(create_watched(services), {})

    await Worker(own, exchange_of(services), services.clock).dispatching.run_once()

    assert len(await told(client)) == 1
    assert counted((await watched.get("/metrics")).text) == 1
    assert counted((await client.get("/metrics")).text) == 0
    await own.close()


async def a_promise_that_is_due(services: Services) -> None:
    """And somebody free who could keep it."""
    async with services.database.transaction() as session:
        await session.execute(
            "UPDATE callbacks SET state = 'due', window_starts_at = $1::timestamptz - interval '40 min', "
            "window_ends_at = $1::timestamptz + interval '10 min' WHERE final_at IS NULL",
            services.clock.now(),
        )
        await session.execute("UPDATE presences SET state = 'available'")


async def test_alarm_that_was_undone_is_not_counted(client: Client, database: Database) -> None:
    alarm = NewEvent("dial_limit.reached", services_of(client).clock.now(), "DE", {"dial_limit": {}})
    with contextlib.suppress(ZeroDivisionError):
        async with database.transaction() as session:
            session.alarm(alarm)
            raise ZeroDivisionError
    async with database.transaction() as session:
        session.alarm(alarm)
        with contextlib.suppress(ZeroDivisionError):
            async with session.savepoint():
                session.alarm(alarm)
                raise ZeroDivisionError

    assert len(await told(client)) == 1
    assert counted((await client.get("/metrics")).text) == 1
