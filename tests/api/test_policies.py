"""A policy before it is in force: previewed, refused where another begins, and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contacts.models import Contact
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from tests.support.api import Client
from tests.support.builders import a_desk_group, a_market, an_advisor, new_id

LATER = timedelta(hours=6)


@pytest.fixture
async def admin(client: Client, database: Database) -> Client:
    async with database.transaction() as session:
        await a_market(session)
    return client.as_("admin")


def a_policy(clock: VirtualClock, **rules: Any) -> dict[str, Any]:
    return {"valid_from": (clock.now() + LATER).isoformat(), "rules": rules}


async def declare(admin: Client, body: dict[str, Any]) -> Any:
    present = await admin.get("/v1/markets/DE/policies")
    headers = {"If-Match": present.headers["ETag"]}
    return await admin.post("/v1/markets/DE/policies", json=body, headers=headers)


async def test_what_would_change_is_told_field_by_field(admin: Client, clock: VirtualClock) -> None:
    told = await admin.post(
        "/v1/markets/DE/policies/preview",
        json=a_policy(clock, routing={"hold_max_s": 60}, wrap_up_limit_s=45),
    )

    assert told.status_code == 200, told.text
    preview = told.json()
    assert preview["follows"] == "DE/0"
    assert {one["field"]: (one["before"], one["after"]) for one in preview["changes"]} == {
        "routing.hold_max_s": (120, 60),
        "wrap_up_limit_s": (30, 45),
    }
    assert (preview["rehearsal"]["calls"], preview["rehearsal"]["otherwise"]) == (0, 0)
    assert (await admin.get("/v1/markets/DE/policies")).json()["items"] == []


async def test_it_is_compared_with_the_one_in_force_by_then(admin: Client, clock: VirtualClock) -> None:
    await declare(admin, {"rules": {"wrap_up_limit_s": 45}})

    told = await admin.post("/v1/markets/DE/policies/preview", json=a_policy(clock, wrap_up_limit_s=45))

    assert told.json()["follows"] == "DE/1"
    assert told.json()["changes"] == []


async def test_the_last_calls_go_through_both_policies(
    admin: Client, database: Database, clock: VirtualClock
) -> None:
    """Two at once for one advisor; the second waited three minutes, which a limit of one would not allow."""
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, group=group)
        for n in range(2):
            came = clock.now() - timedelta(days=3, seconds=-n)
            answered = came + timedelta(seconds=180 * n)
            instants = {"since": came, "received_at": came, "age_at": came, "last_signal_at": came}
            done = {"state": "completed", "answered_at": answered, "ended_at": answered + timedelta(seconds=179)}
            contact: dict[str, Any] = {**instants, **done, "own_advisor_id": anna.id, "own_by": "relationship"}
            contact |= {"id": new_id(came), "market_id": "DE", "language": "de", "needs": {}, "choice": "colleague"}
            session.orm.add(Contact(**contact, advisor_id=anna.id))
            await session.flush()

    told = await admin.post(
        "/v1/markets/DE/policies/preview", json=a_policy(clock, routing={"max_wait_s": 60, "hold_max_s": 0})
    )

    found = told.json()["rehearsal"]
    assert (found["calls"], found["otherwise"]) == (2, 1)
    assert found["before"]["outcomes"]["own"] == 2
    assert found["after"]["outcomes"]["own"] == 1
    assert encode("adv", anna.id) not in told.text


async def test_a_rehearsal_that_takes_too_long_leaves_the_differences(
    admin: Client, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.rehearsing.WITHIN_S", 0.0)

    told = await admin.post("/v1/markets/DE/policies/preview", json=a_policy(clock, wrap_up_limit_s=45))

    assert told.status_code == 200
    assert told.json()["rehearsal"] is None
    assert len(told.json()["changes"]) == 1


async def test_two_versions_cannot_begin_at_the_same_instant(admin: Client, clock: VirtualClock) -> None:
    await declare(admin, a_policy(clock, wrap_up_limit_s=45))

    for answer in (
        await declare(admin, a_policy(clock, wrap_up_limit_s=60)),
        await admin.post("/v1/markets/DE/policies/preview", json=a_policy(clock, wrap_up_limit_s=60)),
    ):
        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"pointer": "/valid_from", "code": "taken"}]


async def test_a_version_to_come_is_withdrawn_and_another_takes_its_place(
    admin: Client, clock: VirtualClock
) -> None:
    await declare(admin, {"rules": {}})
    await declare(admin, a_policy(clock, wrap_up_limit_s=45))

    withdrawn = await admin.post("/v1/markets/DE/policies/2/withdraw")
    again = await declare(admin, a_policy(clock, wrap_up_limit_s=60))
    clock.advance(LATER.total_seconds())
    in_force = await admin.get("/v1/markets/DE/policy")

    assert (withdrawn.status_code, again.status_code) == (204, 201)
    assert in_force.json()["rules"]["wrap_up_limit_s"] == 60


async def test_what_is_in_force_or_not_there_is_not_withdrawn(admin: Client) -> None:
    await declare(admin, {"rules": {}})

    in_force = await admin.post("/v1/markets/DE/policies/1/withdraw")
    unknown = await admin.post("/v1/markets/DE/policies/7/withdraw")
    nowhere = await admin.post("/v1/markets/XX/policies/1/withdraw")

    assert in_force.status_code == 409
    assert in_force.json()["type"].endswith("policy-in-force")
    assert (unknown.status_code, nowhere.status_code) == (404, 404)
