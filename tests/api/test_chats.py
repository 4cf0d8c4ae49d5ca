"""A chat through the doors: the portal's token on one side, the advisor's desk on the other."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from advisors.models import Advisor
from api.services import Services
from kit.database import Database
from kit.ids import encode
from tests.support.api import Client, a_person
from tests.support.builders import a_customer, a_desk_group, an_absence, an_advisor

pytestmark = pytest.mark.database

CHATS = "/v1/customers/K-1/chats"


@pytest.fixture
async def anna(database: Database) -> Advisor:
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, name="Anna Berger", group=group)
        await a_customer(session, external_ref="K-1", advisor=anna)
    return anna


@pytest.fixture
async def portal(client: Client, anna: Advisor) -> Client:
    return client.as_("customer")


@pytest.fixture
async def desk(client: Client, services: Services, anna: Advisor) -> Client:
    async with services.database.transaction() as session:
        token = await a_person(session, services.clock, services.settings, "advisor", anna.id)
    return client.with_token(token)


async def opened(portal: Client, text: str = "Guten Tag") -> dict[str, Any]:
    answer = await portal.post(CHATS, json={"text": text})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def offer_id(database: Database) -> str:
    async with database.reading() as session:
        return encode("off", await session.fetch_value("SELECT id FROM offers WHERE state = 'open'"))


async def test_both_sides_read_what_the_other_has_written(portal: Client, desk: Client, database: Database) -> None:
    chat = await opened(portal, "Meine Rechnung?\nDie vom Mai.")
    contact = (await desk.post(f"/v1/offers/{await offer_id(database)}/accept")).json()["contact"]

    await desk.post(f"/v1/contacts/{contact['id']}/messages", json={"text": "Ich sehe nach."})
    read = (await portal.get(f"{CHATS}/{chat['id']}/messages")).json()
    more = (await portal.get(f"{CHATS}/{chat['id']}/messages?after={read['next']}")).json()

    told = [(one["author"], one["advisor"], one["text"]) for one in read["items"]]
    assert told == [("customer", None, "Meine Rechnung?\nDie vom Mai."), ("advisor", "Anna", "Ich sehe nach.")]
    assert more["items"] == []
    thread = (await desk.get(f"/v1/contacts/{contact['id']}/thread")).json()["items"]
    assert [one["text"] for one in thread] == [text for _, _, text in told]
    assert thread[1]["advisor"] == contact["advisor"]


async def test_reading_goes_on_where_it_ended(portal: Client) -> None:
    chat = await opened(portal)
    place = f"{CHATS}/{chat['id']}/messages"
    first = (await portal.get(place)).json()

    await portal.post(place, json={"text": "Sind Sie da?"})

    later = (await portal.get(f"{place}?after={first['next']}")).json()
    assert [one["text"] for one in later["items"]] == ["Sind Sie da?"]


async def test_inbox_shows_what_is_offered_and_taken(portal: Client, desk: Client) -> None:
    chat = await opened(portal)

    (contact,) = (await desk.get("/v1/desk/inbox")).json()["contacts"]

    assert (contact["id"], contact["state"], contact["channel"]) == (chat["id"], "offered", "chat")
    assert (await desk.get("/v1/desk")).json()["offer"] is None


async def test_repeat_with_the_same_key_writes_once(portal: Client) -> None:
    chat = await opened(portal)
    place, key = f"{CHATS}/{chat['id']}/messages", {"Idempotency-Key": str(uuid4())}

    first, again = [await portal.post(place, json={"text": "Hallo"}, headers=key) for _ in range(2)]

    assert first.json() == again.json()
    assert len((await portal.get(place)).json()["items"]) == 2


async def test_customer_reads_when_the_advisor_is_back_and_not_why(
    portal: Client, anna: Advisor, database: Database
) -> None:
    async with database.transaction() as session:
        await an_absence(session, anna, kind="sick")

    chat = await opened(portal)

    assert chat["state"] == "choosing"
    assert chat["words"].startswith("Anna")
    assert "message" in chat["choices"]
    assert "sick" not in str(chat)


async def test_customer_leaves(portal: Client) -> None:
    chat = await opened(portal)

    left = (await portal.post(f"{CHATS}/{chat['id']}/leave")).json()

    assert left["state"] == "ended"
    assert (await portal.post(f"{CHATS}/{chat['id']}/messages", json={"text": "?"})).status_code == 409


async def test_advisor_ends_it_and_says_what_it_was_about(portal: Client, desk: Client, database: Database) -> None:
    chat = await opened(portal)
    await desk.post(f"/v1/offers/{await offer_id(database)}/accept")

    ended = await desk.post(f"/v1/contacts/{chat['id']}/end", json={"disposition": "Rechnung", "solved": True})

    assert ended.json()["contact"]["state"] == "completed"
    assert (await portal.get(f"{CHATS}/{chat['id']}")).json()["state"] == "ended"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "string_too_short"),
        ("  \n ", "string_too_short"),
        ("x" * 8001, "string_too_long"),
        ("a\u202eb", "bidi_control"),
        (7, "string_type"),
        (None, "string_type"),
    ],
)
async def test_text_that_is_none_is_refused(portal: Client, text: Any, error: str) -> None:
    answer = await portal.post(CHATS, json={"text": text})

    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {"pointer": "/text", "code": error}


async def test_control_characters_are_refused(portal: Client) -> None:
    answer = await portal.post(CHATS, json={"text": "a\u0007b"})

    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/unsafe-text")


async def test_event_tells_that_something_was_written_and_not_what(portal: Client, database: Database) -> None:
    await opened(portal, "Geheimnis")

    async with database.reading() as session:
        (event,) = await session.fetch("SELECT data::text AS data FROM events WHERE type = 'thread.written'")
    assert "Geheimnis" not in event["data"]
    assert '"author": "customer"' in event["data"]
