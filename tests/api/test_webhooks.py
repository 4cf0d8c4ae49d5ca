"""Subscriptions over the API: who sees which, secrets told once, deliveries by pages, letters sent again."""

from __future__ import annotations

import pytest

from api.services import Services
from kit.database import Database
from kit.ids import decode, encode
from tests.conftest import MONDAY_MORNING
from tests.support.api import Client
from tests.support.builders import a_delivery, a_market
from webhooks import secrets

pytestmark = pytest.mark.database

HOOK = {"name": "CRM", "url": "https://crm.example/hooks", "types": ["contact.*", "contact.*", "callback.done"]}


async def added(client: Client, who: str = "admin", **more: object) -> str:
    answer = await client.as_(who).post("/v1/webhooks", json={**HOOK, **more})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def test_secret_is_told_once(client: Client, services: Services) -> None:
    key = {"Idempotency-Key": "the-first-hook"}

    first = await client.as_("admin").post("/v1/webhooks", json=HOOK, headers=key)
    again = await client.as_("admin").post("/v1/webhooks", json=HOOK, headers=key)
    read = await client.as_("admin").get(f"/v1/webhooks/{first.json()['id']}")

    secret = first.json()["secret"]
    assert secret.startswith(secrets.PREFIX)
    assert (again.json()["id"], again.json()["secret"]) == (first.json()["id"], None)
    assert "secret" not in read.json()
    assert read.json()["types"] == ["contact.*", "callback.done"]
    async with services.database.reading() as session:
        (kept,) = await session.fetch("SELECT * FROM webhooks")
    assert secrets.opened(services.secret, kept["id"], kept["secret"]) == secret
    assert secret not in str(kept)


async def test_rotation_tells_another_secret_and_until_when_the_old_one_holds(client: Client) -> None:
    webhook = await added(client)

    rotated = await client.as_("admin").post(f"/v1/webhooks/{webhook}/rotate", json={})

    assert rotated.status_code == 201
    assert rotated.json()["secret"].startswith(secrets.PREFIX)
    assert rotated.json()["old_secret_until"] == "2026-11-30T09:00:00Z"  # pragma: allowlist secret


async def test_control_centers_see_what_control_centers_have_made(client: Client) -> None:
    ours, theirs = await added(client), await added(client, "control_center")
    center = client.as_("control_center")

    assert [one["id"] for one in (await center.get("/v1/webhooks")).json()["items"]] == [theirs]
    assert [one["id"] for one in (await client.as_("auditor").get("/v1/webhooks")).json()["items"]] == [
        ours,
        theirs,
    ]
    assert (await center.get(f"/v1/webhooks/{ours}")).status_code == 404
    assert (await center.delete(f"/v1/webhooks/{ours}")).status_code == 404
    assert (await center.get(f"/v1/webhooks/{theirs}")).json()["reach"] == "control_center"


async def test_change_pause_resume_remove(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        await a_market(session)
    webhook = await added(client)
    admin, path = client.as_("admin"), f"/v1/webhooks/{webhook}"

    changed = await admin.put(path, json={**HOOK, "markets": ["DE"], "url": "https://other.example"})
    paused = await admin.post(f"{path}/pause", json={})
    test = await admin.post(f"{path}/test", json={})
    resumed = await admin.post(f"{path}/resume", json={})
    gone = await admin.delete(path)

    assert (changed.json()["markets"], changed.json()["url"]) == (["DE"], "https://other.example")
    assert (paused.json()["state"], paused.json()["paused_for"]) == ("paused", "by_hand")
    assert (test.status_code, test.json()["type"].rsplit("/", 1)[1]) == (409, "webhook-paused")
    assert resumed.json()["state"] == "active"
    assert gone.status_code == 204
    assert (await admin.get(path)).status_code == 404


async def test_test_is_listed_among_the_deliveries(client: Client) -> None:
    webhook = await added(client)

    sent = await client.as_("admin").post(f"/v1/webhooks/{webhook}/test", json={})
    listed = await client.as_("auditor").get(f"/v1/webhooks/{webhook}/deliveries")

    assert (sent.status_code, sent.json()["state"], sent.json()["event"]) == (202, "pending", None)
    assert listed.json()["items"] == [sent.json()]


async def test_deliveries_are_told_by_pages_and_dead_ones_sent_again(client: Client, database: Database) -> None:
    webhook = await added(client)
    async with database.transaction() as session:
        made = [
            encode("whd", (await a_delivery(session, decode("whk", webhook), state=state, ended_at=at)).id)
            for state, at in (("dead", MONDAY_MORNING), ("pending", None), ("dead", MONDAY_MORNING))
        ]
    admin, path = client.as_("admin"), f"/v1/webhooks/{webhook}"

    first = (await admin.get(f"{path}/deliveries?limit=2")).json()
    rest = (await admin.get(f"{path}/deliveries?limit=2&after={first['next']}")).json()
    one = await admin.post(f"{path}/deliveries/{made[0]}/replay", json={})
    twice = await admin.post(f"{path}/deliveries/{made[0]}/replay", json={})
    all_since = await admin.post(f"{path}/replay", json={"since": "2026-11-23T00:00:00Z"})

    assert [each["id"] for each in first["items"] + rest["items"]] == sorted(made, reverse=True)
    assert (one.status_code, one.json()["state"]) == (200, "pending")
    assert (twice.status_code, twice.json()["present_state"]) == (409, "pending")
    assert all_since.json() == {"replayed": 1, "more": False}
    assert (await admin.get(f"{path}/deliveries?state=dead")).json()["items"] == []


async def test_there_is_an_end_to_subscriptions(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webhooks.service.MOST", 1)
    await added(client)

    refused = await client.as_("admin").post("/v1/webhooks", json=HOOK)

    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (409, "too-many-webhooks")
