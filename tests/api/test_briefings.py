"""Offers with their briefing, remarks and notes over the API: who reads which."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.support import postgres
from tests.support.api import Client, make_app, make_client

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
async def company(server_uri: str, settings: Settings) -> AsyncIterator[tuple[Client, Names]]:
    name = f"briefed_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    yield await founded(await make_client(make_app(database, VirtualClock(MONDAY_MORNING), settings)))
    await database.close()
    await postgres.drop_database(server_uri, name)


async def test_offer_is_read_with_its_briefing_by_whom_it_concerns(company: tuple[Client, Names]) -> None:
    client, names = company
    path = f"/v1/offers/{names['off_ringing']}"

    own = await client.as_("anna").get(path)

    assert own.status_code == 200, own.text
    assert own.json()["offer"]["state"] == "open"
    assert own.json()["briefing"]["customer"]["external_ref"] == "K-1"
    assert {"de", "en"} == set(own.json()["briefing"]["because"][0]["words"])
    assert (await client.as_("supervisor").get(path)).json() == own.json()
    assert [(await client.as_(who).get(path)).status_code for who in ("ben", "carl", "luis")] == [404] * 3


async def test_remarks_are_written_with_the_version_that_was_read(company: tuple[Client, Names]) -> None:
    client, _ = company
    anna, path = client.as_("anna"), "/v1/customers/K-1/remarks"
    nothing = await anna.get(path)

    written = await anna.put(path, json={"text": "Ruft morgens an"}, headers={"If-Match": nothing.headers["ETag"]})
    stale = await anna.put(path, json={"text": "y"}, headers={"If-Match": nothing.headers["ETag"]})

    assert (nothing.json()["text"], written.json()["text"], stale.status_code) == (None, "Ruft morgens an", 412)
    assert (await client.as_("supervisor").get(path)).json() == written.json()
    assert (await client.as_("ben").get(path)).status_code == 404
    assert (await client.as_("carl").put(path, json={"text": "z"})).status_code == 404
    export = (await client.as_("auditor").get("/v1/customers/K-1/export")).json()["data"]
    assert export["customer_remarks"]["rows"][0]["text"] == "Ruft morgens an"
    rings = (await anna.get("/v1/desk")).json()["offer"]["id"]
    assert (await anna.get(f"/v1/offers/{rings}")).json()["briefing"]["remarks"] == "Ruft morgens an"


async def test_notes_are_listed_for_both_and_read_by_one(company: tuple[Client, Names]) -> None:
    client, names = company
    ben, lea, note = client.as_("ben"), client.as_("lea"), names["not_over"]

    received = (await ben.get("/v1/notes?state=unread")).json()["items"]
    read = await ben.post(f"/v1/notes/{note}/read", headers={"Idempotency-Key": None})
    again = await ben.post(f"/v1/notes/{note}/read", headers={"Idempotency-Key": None})
    sent = (await lea.get("/v1/notes?box=sent&limit=2")).json()

    assert [(one["id"], one["written_by"], one["external_ref"]) for one in received] == [
        (note, names["lea"], "K-3")
    ]
    assert (read.json()["state"], again.status_code) == ("read", 200)
    assert (await ben.get("/v1/notes?state=unread")).json()["items"] == []
    everything = (await lea.get("/v1/notes?box=sent")).json()["items"]
    assert (len(sent["items"]), sent["next"] is None, len(everything)) == (2, False, 3)
    assert [one["id"] for one in everything if one["read_at"] is not None] == [note]
    assert (await lea.post(f"/v1/notes/{names['not_talking']}/read")).status_code == 404


async def test_account_without_a_desk_has_no_notes(company: tuple[Client, Names]) -> None:
    client, _ = company

    assert (await client.as_("advisor").get("/v1/notes")).status_code == 403
