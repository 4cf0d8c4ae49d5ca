"""Markets, sites, policies, closures, desk groups and number pools through the doors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from tests.support.api import Client
from tests.support.builders import ALWAYS, WORKDAYS, a_market, a_number, a_site, an_advisor

GERMANY: dict[str, Any] = {
    "name": "Deutschland",
    "phone_region": "DE",
    "time_zone": "Europe/Berlin",
    "languages": ["de", "en"],
    "opening_hours": WORKDAYS,
    "holiday_country": "DE",
}


@pytest.fixture
def admin(client: Client) -> Client:
    return client.as_("admin")


async def test_market_is_created_then_replaced(admin: Client) -> None:
    created = await admin.put("/v1/markets/DE", json=GERMANY)
    replaced = await admin.put(
        "/v1/markets/DE",
        json={**GERMANY, "opening_hours": ALWAYS},
        headers={"If-Match": created.headers["ETag"]},
    )
    read = await admin.get("/v1/markets/DE")

    assert (created.status_code, replaced.status_code) == (201, 200)
    assert read.json() == replaced.json() == (await admin.get("/v1/markets")).json()["items"][0]
    assert read.json()["opening_hours"] == ALWAYS


async def test_markets_that_cant_be_are_refused(admin: Client) -> None:
    for change, pointer, code in (
        ({"time_zone": "Mars/Olympus"}, "/time_zone", "unknown_zone"),
        ({"holiday_country": "XX"}, "/holiday_subdivision", "unknown_holidays"),
        ({"holiday_subdivision": "QQ"}, "/holiday_subdivision", "unknown_holidays"),
        ({"holiday_country": None, "holiday_subdivision": "BE"}, "/holiday_subdivision", "without_country"),
        ({"number_quarantine_days": 89}, "/number_quarantine_days", "greater_than_equal"),
        ({"languages": []}, "/languages", "too_short"),
        ({"phone_region": "Germany"}, "/phone_region", "string_pattern_mismatch"),
    ):
        answer = await admin.put("/v1/markets/DE", json={**GERMANY, **change})

        assert answer.status_code == 422, change
        assert {"pointer": pointer, "code": code} in answer.json()["errors"], answer.text
    assert (await admin.put("/v1/markets/de", json=GERMANY)).status_code == 404


async def test_policy_has_versions_that_begin_at_their_time(
    client: Client, admin: Client, clock: VirtualClock
) -> None:
    await admin.put("/v1/markets/DE", json=GERMANY)
    later = clock.now() + timedelta(hours=6)

    default = await admin.get("/v1/markets/DE/policy")
    first = await admin.post("/v1/markets/DE/policies", json={"rules": {"routing": {"ring_timeout_s": 15}}})
    second = await admin.post(
        "/v1/markets/DE/policies", json={"rules": {"wrap_up_limit_s": 60}, "valid_from": later.isoformat()}
    )
    now = await admin.get("/v1/markets/DE/policy")
    clock.move_to(later)
    then = await admin.get("/v1/markets/DE/policy")

    assert (default.json()["name"], default.json()["version"]) == ("DE/0", 0)
    assert (first.status_code, second.status_code) == (201, 201)
    assert (now.json()["name"], now.json()["rules"]["routing"]["ring_timeout_s"]) == ("DE/1", 15)
    assert (then.json()["name"], then.json()["rules"]["wrap_up_limit_s"]) == ("DE/2", 60)
    versions = (await admin.get("/v1/markets/DE/policies")).json()["items"]
    assert [one["version"] for one in versions] == [2, 1]


async def test_policies_that_cant_be_meant_are_refused(admin: Client) -> None:
    await admin.put("/v1/markets/DE", json=GERMANY)
    for body in (
        {"rules": {"routing": {"ring_timeout_s": 0}}},
        {"rules": {"routing": {"ring_timeout_s": 10**9}}},
        {"rules": {"routing": {"ring_time": 5}}},
        {"rules": {"callback": {"share": 0}}},
        {"rules": {"silence_ask_s": 90, "silence_end_s": 90}},
        {"rules": {}, "valid_from": "2026-11-22T00:00:00Z"},
        {"rules": {}, "valid_from": "tomorrow"},
    ):
        answer = await admin.post("/v1/markets/DE/policies", json=body)

        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["pointer"].startswith(("/rules", "/valid_from"))
    assert (await admin.get("/v1/markets/DE/policies")).json()["items"] == []


async def test_emergency_holds_at_once_until_it_is_lifted(
    client: Client, admin: Client, clock: VirtualClock
) -> None:
    await admin.put("/v1/markets/DE", json=GERMANY)
    supervisor = client.as_("supervisor")

    closed = await supervisor.post("/v1/markets/DE/closures", json={"kind": "emergency"})
    listed = await supervisor.get("/v1/markets/DE/closures")
    clock.advance(60)
    lifted = await supervisor.delete(f"/v1/closures/{closed.json()['id']}")
    after = await supervisor.get("/v1/markets/DE/closures")

    assert (closed.status_code, closed.json()["ends_at"]) == (201, None)
    assert closed.json()["starts_at"] == "2026-11-23T09:00:00Z"
    assert [one["id"] for one in listed.json()["items"]] == [closed.json()["id"]]
    assert lifted.status_code == 204
    assert after.json()["items"] == []
    assert (await client.as_("control_center").post("/v1/markets/DE/closures", json={})).status_code == 403


async def test_closures_backwards_or_past_are_refused(admin: Client) -> None:
    await admin.put("/v1/markets/DE", json=GERMANY)
    for period, code in (
        ({"starts_at": "2026-12-02T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}, "backwards"),
        ({"starts_at": "2026-10-02T00:00:00Z", "ends_at": "2026-10-03T00:00:00Z"}, "past"),
    ):
        answer = await admin.post("/v1/markets/DE/closures", json={"kind": "planned", **period})

        assert (answer.status_code, answer.json()["errors"]) == (422, [{"pointer": "/ends_at", "code": code}])


async def test_sites_have_a_name_of_their_own(admin: Client) -> None:
    berlin = {"name": "Berlin", "time_zone": "Europe/Berlin", "holiday_country": "DE", "holiday_subdivision": "BE"}
    munich = {**berlin, "name": "München", "holiday_subdivision": "BY"}

    created = await admin.post("/v1/sites", json=berlin)
    twice = await admin.post("/v1/sites", json=berlin)
    other = await admin.post("/v1/sites", json=munich)
    renamed = await admin.put(f"/v1/sites/{other.json()['id']}", json=berlin)
    kept = await admin.put(f"/v1/sites/{created.json()['id']}", json={**berlin, "holiday_subdivision": "BB"})

    assert (created.status_code, twice.status_code, renamed.status_code, kept.status_code) == (201, 409, 409, 200)
    listed = (await admin.get("/v1/sites")).json()["items"]
    assert [(one["name"], one["holiday_subdivision"]) for one in listed] == [("Berlin", "BB"), ("München", "BY")]


async def test_desk_group_with_lead_neighbours_and_strangers(admin: Client, database: Database) -> None:
    async with database.transaction() as session:
        await a_market(session)
        await a_site(session, name="Berlin")
        lead = await an_advisor(session)
    south = (await admin.post("/v1/desk-groups", json={"name": "Süd", "site": "Berlin"})).json()
    north = {
        "name": "Nord",
        "site": "Berlin",
        "lead": encode("adv", lead.id),
        "minimum_presence": 2,
        "neighbours": [south["id"]],
        "general_for": ["DE"],
    }

    created = await admin.post("/v1/desk-groups", json=north)
    moved = await admin.put(f"/v1/desk-groups/{south['id']}", json={**south_command(), "general_for": ["DE"]})
    read = await admin.get(f"/v1/desk-groups/{created.json()['id']}")

    assert created.status_code == 201
    assert {name: created.json()[name] for name in ("lead", "minimum_presence", "neighbours", "general_for")} == {
        name: north[name] for name in ("lead", "minimum_presence", "neighbours", "general_for")
    }
    assert moved.json()["general_for"] == ["DE"]
    assert read.json()["general_for"] == []
    for change, pointer, code in (
        ({"name": "Süd2", "lead": "adv_01J00000000000000000000000"}, "/lead", "unknown_advisor"),
        ({"name": "X", "site": "Bonn"}, "/site", "unknown_site"),
        ({"name": "X", "neighbours": [south["id"], south["id"]]}, "/neighbours/1", "twice"),
        ({"name": "X", "neighbours": ["grp_01J00000000000000000000000"]}, "/neighbours/0", "unknown_group"),
        ({"name": "X", "general_for": ["AT"]}, "/general_for/0", "unknown_market"),
    ):
        answer = await admin.post("/v1/desk-groups", json={**north, **change})

        assert (answer.status_code, answer.json()["errors"]) == (422, [{"pointer": pointer, "code": code}])
    assert (await admin.post("/v1/desk-groups", json=north)).status_code == 409


def south_command() -> dict[str, Any]:
    return {"name": "Süd", "site": "Berlin"}


async def test_numbers_come_into_the_pool_once(admin: Client, database: Database) -> None:
    async with database.transaction() as session:
        await a_market(session)
        await a_market(session, "AT")
        await a_number(session, number="+496990009001", market="AT")
    wanted = {"numbers": ["030 23125-100", "030 23125-101", "+49 30 23125-100"]}

    added = await admin.post("/v1/markets/DE/numbers", json=wanted)
    again = await admin.post("/v1/markets/DE/numbers", json=wanted)
    elsewhere = await admin.post("/v1/markets/DE/numbers", json={"numbers": ["069 90009-001"]})
    listed = (await admin.get("/v1/markets/DE/numbers", params={"limit": 1})).json()
    rest = (await admin.get("/v1/markets/DE/numbers", params={"after": listed["next"]})).json()
    pool = (await admin.get("/v1/markets/DE/number-pool")).json()

    assert (added.json(), again.json()) == ({"added": 2, "skipped": 1}, {"added": 0, "skipped": 3})
    assert (elsewhere.status_code, elsewhere.json()["type"].rsplit("/")[-1]) == (409, "number-elsewhere")
    shown = [(one["number"], one["display"], one["state"]) for one in [*listed["items"], *rest["items"]]]
    assert shown == [
        ("+493023125100", "030 23125-100", "free"),
        ("+493023125101", "030 23125-101", "free"),
    ]
    assert (pool["free"], pool["assigned"]) == (2, 0)


async def test_premium_and_emergency_numbers_never_come_into_a_pool(admin: Client, database: Database) -> None:
    async with database.transaction() as session:
        await a_market(session)
    premium = f"0900 1 {234567}"
    for bad, code in (
        ("112", "number_not_allowed"),
        (premium, "number_not_allowed"),
        ("Anna", "number_unreadable"),
    ):
        answer = await admin.post("/v1/markets/DE/numbers", json={"numbers": ["030 23125-100", bad]})

        assert (answer.status_code, answer.json()["errors"]) == (422, [{"pointer": "/numbers/1", "code": code}])
    assert (await admin.get("/v1/markets/DE/number-pool")).json()["free"] == 0
