"""An advisor's calendar, read as a calendar program reads it."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest

from advisors.models import Advisor
from api.services import Services
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from kit.settings import Settings
from tests.support.api import Client, a_person
from tests.support.builders import a_customer, a_desk_group, an_absence, an_advisor

pytestmark = pytest.mark.database


@pytest.fixture
async def anna(database: Database, clock: VirtualClock) -> Advisor:
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        advisor = await an_advisor(session, name="Anna", group=group)
        await a_customer(session, external_ref="K-1", name="Kanarienvogel", advisor=advisor)
    return advisor


@pytest.fixture
async def desk(
    client: Client, anna: Advisor, services: Services, clock: VirtualClock, settings: Settings
) -> Client:
    async with services.database.transaction() as session:
        return client.with_token(await a_person(session, clock, settings, "advisor", anna.id))


async def feed(desk: Client, anna: Advisor) -> str:
    made = await desk.post(f"/v1/advisors/{encode('adv', anna.id)}/calendar-feed")
    assert made.status_code == 201
    return str(made.json()["path"])


async def entries(client: Client, path: str) -> dict[str, Any]:
    answer = await client.as_(None).get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert "Kanarienvogel" not in answer.text
    found = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    return {str(event["UID"]).partition("@")[0]: event for event in found}


async def promised(client: Client) -> str:
    made = await client.as_("control_center").post(
        "/v1/customers/K-1/callbacks", json={"slot_starts_at": "2026-11-24T10:00:00+01:00"}
    )
    return str(made.json()["id"])


async def test_moved_and_cancelled_promises_replace_themselves(client: Client, anna: Advisor, desk: Client) -> None:
    path, promise = await feed(desk, anna), await promised(client)
    center, at = client.as_("control_center"), f"/v1/customers/K-1/callbacks/{promise}"

    first = (await entries(client, path))[promise]
    await center.post(f"{at}/move", json={"slot_starts_at": "2026-11-24T14:00:00+01:00"})
    moved = (await entries(client, path))[promise]
    await center.post(f"{at}/cancel", json={})
    gone = (await entries(client, path))[promise]

    assert [str(one["STATUS"]) for one in (first, moved, gone)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert first["SEQUENCE"] < moved["SEQUENCE"] < gone["SEQUENCE"]
    assert first["DTSTART"].to_ical() == b"20261124T090000Z"
    assert moved["DTSTART"].to_ical() == b"20261124T130000Z"
    assert str(first["SUMMARY"]) == "Rückruf K-1"


async def test_absences_and_shifts_are_busy_and_say_no_kind(
    client: Client, anna: Advisor, desk: Client, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        absence = await an_absence(session, anna, kind="sick", starts_at=clock.now())
    found = await entries(client, await feed(desk, anna))

    assert str(found[encode("abs", absence.id)]["SUMMARY"]) == "Abwesend"
    assert {str(event["TRANSP"]) for event in found.values()} == {"OPAQUE"}
    assert "Arbeitszeit" in {str(event["SUMMARY"]) for event in found.values()}


async def test_new_address_ends_the_old_one_and_nobody_elses_secret_opens_it(
    client: Client, anna: Advisor, desk: Client
) -> None:
    old = await feed(desk, anna)
    new = await feed(desk, anna)
    stranger = client.as_(None)

    assert ((await stranger.get(old)).status_code, (await stranger.get(new)).status_code) == (404, 200)
    assert (await stranger.get(f"{new.rpartition('/calendars/')[0]}/calendars/x/callbacks.ics")).status_code == 404
    await desk.delete(f"/v1/advisors/{encode('adv', anna.id)}/calendar-feed")
    assert (await stranger.get(new)).status_code == 404


async def test_address_is_ones_own_and_told_once(client: Client, anna: Advisor, desk: Client) -> None:
    path = f"/v1/advisors/{encode('adv', anna.id)}/calendar-feed"
    key = {"Idempotency-Key": "my-calendar"}

    assert (await client.as_("lead").post(path)).status_code == 403
    assert (await desk.post(path, headers=key)).json()["path"] is not None
    assert (await desk.post(path, headers=key)).json()["path"] is None
