"""Calls over HTTP, as a switch's developer who has only the docs would drive them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from advisors.models import Advisor
from kit.database import Database
from tests.support.api import Client
from tests.support.builders import (
    a_customer,
    a_desk_group,
    a_number,
    a_private_number,
    an_absence,
    an_advisor,
)

MARKET_NUMBER = "+493023125900"


@pytest.fixture
async def phone(database: Database) -> str:
    """The number of Anna's customer; Ben is her colleague."""
    phone = a_private_number()
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        skills = {"hosting": 3}
        anna = await an_advisor(
            session, name="Anna Berger", group=group, skills=skills, sip_uri="sip:anna@desk.example"
        )
        await an_advisor(session, name="Ben Krüger", group=group, skills={"hosting": 3})
        await a_customer(session, external_ref="4711", advisor=anna, phones=(phone,))
        await a_number(session, number=MARKET_NUMBER, kind="general")
    return phone


@pytest.fixture
def switch(client: Client) -> Client:
    return client.as_("telephony")


async def call(switch: Client, phone: str, call_id: str = "pbx-7f3a") -> dict[str, Any]:
    body = {"call_id": call_id, "from": phone, "to": MARKET_NUMBER, "headers": {"x-region": "DE-BE"}}
    answer = await switch.post("/v1/telephony/calls", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def hear(switch: Client, call_id: str = "pbx-7f3a", **event: Any) -> dict[str, Any]:
    answer = await switch.post(f"/v1/telephony/calls/{call_id}/events", json=event)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_call_to_a_free_advisor_is_dialled_in_the_documented_shape(switch: Client, phone: str) -> None:
    answer = await call(switch, phone)

    (dial,) = answer["verbs"]
    assert answer["contact_id"].startswith("con_")
    assert dial["verb"] == "dial"
    assert dial["targets"][0]["uri"] == "sip:anna@desk.example"
    assert dial["timeout_s"] == 20
    assert dial["offer_id"].startswith("off_")
    assert dial["token"].startswith("att_")
    assert dial["answer_on_bridge"] is True


async def test_same_call_as_a_form_gets_the_same_answer(switch: Client, phone: str) -> None:
    first = await call(switch, phone)

    again = await switch.post(
        "/v1/telephony/calls", data={"call_id": "pbx-7f3a", "from": phone, "to": MARKET_NUMBER}
    )

    assert again.json() == first


async def test_call_from_ring_to_wrap_up(switch: Client, client: Client, phone: str) -> None:
    answer = await call(switch, phone)
    offer = answer["verbs"][0]["offer_id"]

    await hear(switch, event_id="e-1", type="ringing", leg="advisor", offer_id=offer)
    await hear(switch, event_id="e-2", type="answered", leg="advisor", offer_id=offer)
    await hear(switch, event_id="e-3", type="hangup", leg="caller")

    shown = await client.as_("supervisor").get(f"/v1/contacts/{answer['contact_id']}")
    assert shown.json()["contact"]["state"] == "wrapping"


async def test_absence_choice_and_callback(switch: Client, client: Client, phone: str, database: Database) -> None:
    async with database.transaction() as session:
        anna = await session.fetch_value("SELECT id FROM advisors WHERE name = 'Anna Berger'")
        await session.execute("UPDATE presences SET state = 'meeting' WHERE advisor_id = $1", anna)

    answer = await call(switch, phone)
    gather = answer["verbs"][-1]
    assert gather["choices"] == {"1": "colleague", "2": "callback"}
    assert answer["absence"]["words"].startswith("Anna")
    answer = await hear(switch, type="digits", digits="2")
    assert "Danke" in answer["verbs"][0]["text"]

    promised = (await client.as_("control_center").get("/v1/customers/4711/callbacks")).json()["callbacks"]
    assert [p["state"] for p in promised] == ["scheduled"]


async def test_call_for_help_is_never_touched(switch: Client, phone: str, database: Database) -> None:
    for number in ("110", "112", "+49112"):
        body = {"call_id": f"h-{number}", "from": phone, "to": number}
        answer = await switch.post("/v1/telephony/calls", json=body)
        assert answer.json() == {"contact_id": None, "verbs": []}

    async with database.reading() as session:
        assert await session.fetch_value("SELECT count(*) FROM contacts") == 0


@pytest.mark.parametrize("caller", [None, "", "anonymous", "Anna", "sip:front-desk@example.org", "12"])
async def test_withheld_or_odd_caller_is_an_unknown_one(switch: Client, phone: str, caller: str | None) -> None:
    body = {"call_id": "pbx-1", "from": caller, "to": MARKET_NUMBER}

    answer = await switch.post("/v1/telephony/calls", json=body)

    assert answer.status_code == 200
    assert answer.json()["verbs"][-1]["for"] == "customer_number"


async def test_event_before_its_call_is_kept_for_it(switch: Client, phone: str, client: Client) -> None:
    early = await switch.post("/v1/telephony/calls/pbx-7f3a/events", json={"type": "hangup", "leg": "caller"})
    assert early.status_code == 404
    assert early.json()["type"].endswith("/unknown-call")

    answer = await call(switch, phone)

    assert answer["verbs"] == []


async def test_many_calls_at_once_each_get_their_own_answer(switch: Client, phone: str) -> None:
    answers = await asyncio.gather(*(call(switch, phone, f"pbx-{n % 25}") for n in range(50)))

    assert len({answer["contact_id"] for answer in answers}) == 25
    dials = [a["verbs"][0]["offer_id"] for a in answers if a["verbs"] and a["verbs"][0]["verb"] == "dial"]
    assert len(set(dials)) == 1


async def test_unknown_fields_of_the_switch_are_ignored(switch: Client, phone: str) -> None:
    answer = await switch.post(
        "/v1/telephony/calls",
        json={"call_id": "pbx-1", "from": phone, "to": MARKET_NUMBER, "x_vendor": {"deep": [1]}},
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"call_id": "", "to": MARKET_NUMBER},
        {"call_id": "with space", "to": MARKET_NUMBER},
        {"call_id": "x" * 201, "to": MARKET_NUMBER},
        {"call_id": "a", "to": None},
        {"call_id": "a", "to": "nobody"},
        {"call_id": "a", "to": "+49" + "1" * 30},
        {"call_id": "a", "to": "٠٣٠٢٣١٢٥٩٠٠"},
        {"call_id": ["a"], "to": MARKET_NUMBER},
    ],
)
async def test_call_that_cannot_be_meant_is_refused(switch: Client, phone: str, body: dict[str, Any]) -> None:
    answer = await switch.post("/v1/telephony/calls", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_slots_promise_move_and_cancel(client: Client, phone: str) -> None:
    portal = client.as_("control_center")
    slots = (await portal.get("/v1/customers/4711/callback-slots")).json()["slots"]
    assert [slot["by"] for slot in slots] == ["own"] * len(slots)

    made = await portal.post("/v1/customers/4711/callbacks", json={"slot_starts_at": slots[0]["starts_at"]})
    assert made.status_code == 201
    promise = made.json()
    assert promise["advisor"]["name"] == "Anna Berger"
    path = f"/v1/customers/4711/callbacks/{promise['id']}"
    moved = await portal.post(f"{path}/move", json={"slot_starts_at": slots[1]["starts_at"]})
    assert moved.json()["window"][0] == slots[1]["starts_at"]
    cancelled = await portal.post(f"{path}/cancel", json={})
    assert (cancelled.json()["state"], cancelled.json()["reason"]) == ("cancelled", "customer_wish")

    again = await portal.post(f"{path}/cancel", json={})
    assert again.status_code == 409
    assert again.json()["present_state"] == "cancelled"


@pytest.mark.parametrize("number", ["0" + "900 5 123456", "112", "+" + "49 180 5 123456", "+" + "1 900 555 0100"])
async def test_number_that_may_not_be_dialled_is_refused(client: Client, phone: str, number: str) -> None:
    portal = client.as_("control_center")
    slots = (await portal.get("/v1/customers/4711/callback-slots")).json()["slots"]

    answer = await portal.post(
        "/v1/customers/4711/callbacks", json={"slot_starts_at": slots[0]["starts_at"], "number": number}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "number_not_allowed"


@pytest.mark.parametrize(
    ("starts_at", "code"),
    [
        ("2026-11-23T03:00:00+01:00", "past"),
        ("2026-11-28T10:00:00+01:00", "closed"),
        ("2027-11-22T10:00:00+01:00", "too_far"),
    ],
)
async def test_window_that_cannot_be_promised_names_the_next(
    client: Client, phone: str, starts_at: str, code: str
) -> None:
    answer = await client.as_("control_center").post(
        "/v1/customers/4711/callbacks", json={"slot_starts_at": starts_at}
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert answer.json()["next_possible"]["starts_at"]


async def test_absent_advisor_leaves_the_promise_to_the_desk_group(
    client: Client, phone: str, database: Database
) -> None:
    async with database.transaction() as session:
        identifier = await session.fetch_value("SELECT id FROM advisors WHERE name = 'Anna Berger'")
        anna = await session.orm.get(Advisor, identifier)
        assert anna is not None
        await an_absence(session, anna, ends_at=anna.created_at.replace(year=2027))

    slots = (await client.as_("control_center").get("/v1/customers/4711/callback-slots")).json()["slots"]

    assert {slot["by"] for slot in slots} == {"group"}
