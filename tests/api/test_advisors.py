"""Advisors, their absences and their leaving through the doors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from tests.support.api import Client, a_person
from tests.support.builders import (
    WORKDAYS,
    a_customer,
    a_desk_group,
    a_market,
    a_site,
    an_advisor,
    numbers,
)

ANNA: dict[str, Any] = {
    "external_ref": "P-1",
    "name": "Anna Ahorn",
    "site": "Berlin",
    "desk_group": "Nord",
    "languages": ["de", "en-GB"],
    "markets": ["DE"],
    "skills": [{"skill": "dns", "level": 3}, {"skill": "mail", "level": 1, "valid_until": "2027-01-01T00:00:00Z"}],
    "working_pattern": WORKDAYS,
    "sip_uri": "sip:anna@desk.example",
}

TOLD = {"presence.began", "presence.moved", "book.changed", "advisor.added", "advisor.changed"}


@pytest.fixture
async def admin(client: Client, database: Database) -> Client:
    async with database.transaction() as session:
        await a_market(session)
        site = await a_site(session, name="Berlin")
        await a_desk_group(session, name="Nord", site=site)
    return client.as_("admin")


async def test_advisor_begins_offline_with_an_empty_book(admin: Client, database: Database) -> None:
    created = await admin.post("/v1/advisors", json=ANNA)
    read = await admin.get(f"/v1/advisors/{created.json()['id']}")

    assert created.status_code == 201
    assert read.json() == created.json()
    anna = created.json()
    assert anna["languages"] == ["de", "en"]
    assert [(s["skill"], s["level"], s["valid_until"]) for s in anna["skills"]] == [
        ("dns", 3, None),
        ("mail", 1, "2027-01-01T00:00:00Z"),
    ]
    assert anna["book"] == {
        "load_s": 0,
        "cap_s": 175_500,
        "target_s": 157_950,
        "over_cap": False,
        "open_for_new": True,
    }
    async with database.reading() as session:
        assert await session.fetch_value("SELECT state FROM presences") == "offline"
        events = await session.fetch("SELECT type, desk_group_id FROM events ORDER BY id")
        events = [row for row in events if row["type"] in TOLD]
    assert [row["type"] for row in events] == ["presence.began", "book.changed", "advisor.added"]
    assert len({row["desk_group_id"] for row in events} - {None}) == 1


async def test_advisor_is_replaced_as_a_whole(admin: Client, database: Database) -> None:
    anna = (await admin.post("/v1/advisors", json=ANNA)).json()
    changed = {**ANNA, "skills": [{"skill": "dns", "level": 5}], "desk_group": None, "book": {"cap_s": 3600}}
    del changed["external_ref"]

    answer = await admin.put(f"/v1/advisors/{anna['id']}", json=changed)

    assert answer.status_code == 200
    assert [(s["skill"], s["level"]) for s in answer.json()["skills"]] == [("dns", 5)]
    assert (answer.json()["desk_group"], answer.json()["book"]["cap_s"]) == (None, 3600)
    async with database.reading() as session:
        rows = await session.fetch("SELECT type, data FROM events ORDER BY id")
        rows = [row for row in rows if row["type"] in TOLD][3:]
    assert [row["type"] for row in rows] == ["presence.moved", "book.changed", "advisor.changed"]
    assert rows[0]["data"]["left"]["groups"] == [anna["desk_group"]]


async def test_same_advisor_twice_is_a_conflict(admin: Client) -> None:
    await admin.post("/v1/advisors", json=ANNA)

    again = await admin.post("/v1/advisors", json={**ANNA, "name": "Berta Buche"})

    assert (again.status_code, again.json()["type"].rsplit("/")[-1]) == (409, "advisor-exists")
    (anna,) = (await admin.get("/v1/advisors")).json()["items"]
    assert anna["name"] == "Anna Ahorn"


BAD_ADVISORS: list[tuple[dict[str, Any], str, str]] = [
    ({"site": "Bonn"}, "/site", "unknown_site"),
    ({"desk_group": "Süd"}, "/desk_group", "unknown_group"),
    ({"markets": ["DE", "AT"]}, "/markets/1", "unknown_market"),
    ({"markets": []}, "/markets", "too_short"),
    ({"skills": [{"skill": "dns", "level": 6}]}, "/skills/0/level", "less_than_equal"),
    ({"skills": [{"skill": "dns", "level": 1}, {"skill": "dns", "level": 2}]}, "/skills", "skill_twice"),
    (
        {"skills": [{"skill": "a", "level": 1, "valid_until": "2027-01-01"}]},
        "/skills/0/valid_until",
        "no_time_zone",
    ),
    ({"working_pattern": {"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}}, "/working_pattern", "overlaps"),
    ({"phone_capacity": 2}, "/phone_capacity", "less_than_equal"),
    ({"sip_uri": "tel:1"}, "/sip_uri", "string_pattern_mismatch"),
    ({"photo_url": "javascript:alert(1)"}, "/photo_url", "string_pattern_mismatch"),
    ({"book": {"cap_s": 0}}, "/book/cap_s", "greater_than_equal"),
    ({"salary": 1}, "/salary", "unknown_field"),
]


async def test_what_cant_be_read_is_said_with_its_place(admin: Client) -> None:
    for change, pointer, code in BAD_ADVISORS:
        answer = await admin.post("/v1/advisors", json={**ANNA, **change})

        assert answer.status_code == 422, change
        assert {"pointer": pointer, "code": code} in answer.json()["errors"], (change, answer.text)
    assert (await admin.get("/v1/advisors")).json()["items"] == []


async def test_advisors_are_listed_by_pages_and_by_group(admin: Client, database: Database) -> None:
    async with database.transaction() as session:
        group = await a_desk_group(session)
        made = [encode("adv", (await an_advisor(session, group=group)).id) for _ in range(3)]
        await an_advisor(session)

    first = (await admin.get("/v1/advisors", params={"limit": 2})).json()
    rest = (await admin.get("/v1/advisors", params={"limit": 2, "after": first["next"]})).json()
    of_group = (await admin.get("/v1/advisors", params={"desk_group": encode("grp", group.id)})).json()

    assert len({one["id"] for one in [*first["items"], *rest["items"]]}) == 4
    assert sorted(one["id"] for one in of_group["items"]) == sorted(made)


async def test_leaver_takes_no_new_customers_and_hands_the_book_over(
    admin: Client, client: Client, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        leaver, heir = await an_advisor(session), await an_advisor(session)
        await numbers(session, 2)
        for n in range(3):
            await a_customer(session, external_ref=f"K-{n}", advisor=leaver)
    path = f"/v1/advisors/{encode('adv', leaver.id)}"

    early = await admin.post(f"{path}/hand-over")
    leaves = await admin.post(f"{path}/leaving", json={"leaving_at": "2026-12-31T17:00:00+01:00"})
    handed = await client.as_("supervisor").post(f"{path}/hand-over")
    card = await client.as_("control_center").get("/v1/customers/K-0/advisor")

    assert (early.status_code, early.json()["type"].rsplit("/")[-1]) == (409, "not-leaving")
    assert leaves.json()["leaving_at"] == "2026-12-31T16:00:00Z"
    assert leaves.json()["book"]["open_for_new"] is False
    assert handed.json() == {"moved": 3, "remaining": 0, "stuck": 0}
    assert card.json()["advisor"]["id"] == encode("adv", heir.id)
    stays = await admin.delete(f"{path}/leaving")
    assert (stays.json()["leaving_at"], stays.json()["book"]["open_for_new"]) == (None, True)


async def test_advisor_asks_and_lead_approves(
    client: Client, database: Database, clock: VirtualClock, settings: Any
) -> None:
    async with database.transaction() as session:
        lead = await an_advisor(session)
        other_lead = await an_advisor(session)
        group = await a_desk_group(session, lead=lead)
        await a_desk_group(session, lead=other_lead)
        anna, _ = [await an_advisor(session, group=group) for _ in range(2)]
        tokens = {
            "anna": await a_person(session, clock, settings, "advisor", anna.id),
            "lead": await a_person(session, clock, settings, "lead", lead.id),
            "stranger": await a_person(session, clock, settings, "lead", other_lead.id),
        }
    path = f"/v1/advisors/{encode('adv', anna.id)}/absences"
    week = {"starts_at": "2026-12-07T00:00:00+01:00", "ends_at": "2026-12-12T00:00:00+01:00", "kind": "vacation"}

    asked = await client.with_token(tokens["anna"]).post(path, json=week)
    approve = f"/v1/absences/{asked.json()['id']}/approve"
    refused = await client.with_token(tokens["stranger"]).post(approve, json={})
    approved = await client.with_token(tokens["lead"]).post(approve, json={})
    again = await client.with_token(tokens["lead"]).post(approve, json={})
    listed = await client.with_token(tokens["anna"]).get(path)

    assert (asked.status_code, asked.json()["state"]) == (201, "requested")
    assert refused.status_code == 404
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert (again.status_code, again.json()["present_state"]) == (409, "approved")
    assert [one["kind"] for one in listed.json()["items"]] == ["vacation"]
    async with database.reading() as session:
        told = await session.fetch("SELECT data::text AS data FROM events WHERE type LIKE 'absence.%'")
    assert len(told) == 2
    assert not any("vacation" in row["data"] for row in told)


async def test_absence_below_the_minimum_needs_somebodys_word(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        group = await a_desk_group(session, minimum_presence=1)
        anna = await an_advisor(session, group=group)
        short = {day: [["08:00", "12:00"]] for day in WORKDAYS}
        await an_advisor(session, group=group, working_pattern=short)
    supervisor = client.as_("supervisor")
    path = f"/v1/advisors/{encode('adv', anna.id)}/absences"
    day = {"starts_at": "2026-12-07T00:00:00+01:00", "ends_at": "2026-12-08T00:00:00+01:00", "kind": "training"}

    refused = await supervisor.post(path, json=day)
    forced = await supervisor.post(path, json={**day, "despite_minimum": True})
    sick = await supervisor.post(path, json={**day, "kind": "sick"})

    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/below-minimum-presence")
    assert refused.json()["thin_from"] == "2026-12-07T11:00:00+00:00"
    assert refused.json()["thin_until"] == "2026-12-07T16:00:00+00:00"
    assert (forced.status_code, sick.status_code) == (201, 201)


async def test_absence_that_has_begun_ends_early(client: Client, database: Database, clock: VirtualClock) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)
    supervisor = client.as_("supervisor")
    path = f"/v1/advisors/{encode('adv', anna.id)}/absences"
    sick = {"starts_at": "2026-11-23T00:00:00+01:00", "ends_at": "2026-11-28T00:00:00+01:00", "kind": "sick"}
    entered = (await supervisor.post(path, json=sick)).json()

    clock.move_to(clock.now() + timedelta(hours=6))
    ended = await supervisor.post(f"/v1/absences/{entered['id']}/cancel")
    again = await supervisor.post(f"/v1/absences/{entered['id']}/cancel")

    assert (ended.json()["state"], ended.json()["ends_at"]) == ("approved", "2026-11-23T15:00:00Z")
    assert again.status_code == 409
    assert (await supervisor.get(path)).json()["items"] == []


async def test_absences_that_cant_be_are_refused(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)
    supervisor = client.as_("supervisor")
    path = f"/v1/advisors/{encode('adv', anna.id)}/absences"
    for starts_at, ends_at, pointer, code in (
        ("2026-12-08T00:00:00Z", "2026-12-07T00:00:00Z", "/ends_at", "backwards"),
        ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "/ends_at", "past"),
        ("2026-12-08T00:00:00Z", "2036-12-08T00:00:00Z", "/ends_at", "too_long"),
        ("2026-12-08T00:00:00", "2026-12-09T00:00:00Z", "/starts_at", "no_time_zone"),
        ("9999-12-31T00:00:00Z", "9999-12-31T23:59:59-12:00", "/starts_at", "out_of_range"),
        ("0001-01-01T00:00:00+14:00", "2026-12-09T00:00:00Z", "/starts_at", "out_of_range"),
    ):
        wanted = {"starts_at": starts_at, "ends_at": ends_at, "kind": "other"}

        answer = await supervisor.post(path, json=wanted)

        assert (answer.status_code, answer.json()["errors"][0]) == (422, {"pointer": pointer, "code": code})
    nobody = await supervisor.post(
        "/v1/advisors/adv_01J00000000000000000000000/absences",
        json={"starts_at": "2026-12-08T00:00:00Z", "ends_at": "2026-12-09T00:00:00Z", "kind": "sick"},
    )
    assert nobody.status_code == 404


async def test_only_those_concerned_see_absences(
    client: Client, database: Database, clock: VirtualClock, settings: Any
) -> None:
    async with database.transaction() as session:
        anna, berta = await an_advisor(session), await an_advisor(session)
        token = await a_person(session, clock, settings, "advisor", berta.id)
    path = f"/v1/advisors/{encode('adv', anna.id)}/absences"

    assert (await client.with_token(token).get(path)).status_code == 403
    for who in ("control_center", "telephony", "auditor", "admin"):
        assert (await client.as_(who).get(path)).status_code == 403
