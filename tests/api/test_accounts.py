"""Machine keys and accounts, as an admin looks after them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.ids import decode
from tests.api.test_bad_input import codes, problem
from tests.api.test_sessions import announced, signed_in
from tests.api.test_transactional import services_of
from tests.support.api import Client

PASSWORD = "correct horse battery"  # pragma: allowlist secret


async def created(client: Client, **members: Any) -> dict[str, Any]:
    wanted = {"email": "ben@desk.example", "name": "Ben", "role": "advisor", "password": PASSWORD, **members}
    answer = await client.as_("admin").post("/v1/accounts", json=wanted)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def kept_answers(client: Client) -> str:
    async with services_of(client).database.reading() as session:
        return str([row["body"] for row in await session.fetch("SELECT body FROM stored_answers")])


async def test_key_is_told_once_and_opens_what_it_names(client: Client) -> None:
    wanted, headers = {"name": "switch", "scopes": ["telephony"]}, {"Idempotency-Key": "k"}

    issued = await client.as_("admin").post("/v1/machine-keys", json=wanted, headers=headers)
    repeat = await client.as_("admin").post("/v1/machine-keys", json=wanted, headers=headers)
    listed = await client.as_("auditor").get("/v1/machine-keys")

    secret = issued.json()["secret"]
    assert secret.startswith("dw_telephony_")
    assert repeat.json() == {**issued.json(), "secret": None}
    assert secret not in listed.text + await kept_answers(client)
    assert issued.json()["id"] in [key["id"] for key in listed.json()["items"]]


async def test_revoked_key_opens_nothing_and_stays_in_the_list(client: Client) -> None:
    key = (await client.as_("admin").post("/v1/machine-keys", json={"name": "x", "scopes": ["operator"]})).json()

    answers = [await client.as_("admin").delete(f"/v1/machine-keys/{key['id']}") for _ in range(2)]
    listed = (await client.as_("admin").get("/v1/machine-keys")).json()["items"]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert next(found for found in listed if found["id"] == key["id"])["revoked_at"] is not None
    kinds = [event["type"] for event in await announced(client) if event["subject"] == key["id"]]
    assert kinds == ["machine_key.issued", "machine_key.revoked"]


async def test_key_is_rotated_without_a_pause_and_the_secret_is_told_once(client: Client) -> None:
    admin, headers = client.as_("admin"), {"Idempotency-Key": "k"}
    old = (await admin.post("/v1/machine-keys", json={"name": "pbx", "scopes": ["telephony"]})).json()
    rotate = f"/v1/machine-keys/{old['id']}/rotate"

    first = await admin.post(rotate, json={"grace_s": 3600}, headers=headers)
    repeat = await admin.post(rotate, json={"grace_s": 3600}, headers=headers)
    third = await admin.post(rotate, json={})
    listed = {key["id"]: key for key in (await admin.get("/v1/machine-keys")).json()["items"]}

    new = first.json()
    assert (first.status_code, repeat.json()) == (201, {**new, "secret": None})
    assert (new["replaces"], listed[old["id"]]["replaced_by"]) == (old["id"], new["id"])
    assert (listed[old["id"]]["state"], listed[new["id"]]["state"]) == ("retiring", "valid")
    assert problem(third)["type"].endswith("/two-keys-are-valid")
    assert problem(third)["ends_at"] == listed[old["id"]]["expires_at"]
    for secret in (old["secret"], new["secret"]):
        assert (await client.with_token(secret).post("/v1/telephony/registrations", json={})).status_code != 401


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"name": "x", "scopes": []}, [("/scopes", "too_short")]),
        ({"name": "x", "scopes": ["everything"]}, [("/scopes/0", "literal_error")]),
        (
            {"name": "x", "scopes": ["operator"], "expires_at": "2020-01-01T00:00:00Z"},
            [("/expires_at", "in_the_past")],
        ),
        (
            {"name": "x", "scopes": ["operator"], "expires_at": "2030-01-01T00:00:00"},
            [("/expires_at", "no_time_zone")],
        ),
    ],
)
async def test_key_that_makes_no_sense_is_refused(
    steady: Client, wanted: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    answer = await steady.as_("admin").post("/v1/machine-keys", json=wanted)

    assert (answer.status_code, codes(answer)) == (422, expected)


async def test_account_without_a_password_gets_one_that_is_told_once(client: Client) -> None:
    wanted = {"email": "eva@desk.example", "name": "Eva", "role": "auditor"}
    headers = {"Idempotency-Key": "k"}

    first = (await client.as_("admin").post("/v1/accounts", json=wanted, headers=headers)).json()
    repeat = (await client.as_("admin").post("/v1/accounts", json=wanted, headers=headers)).json()

    assert repeat == {**first, "initial_password": None}
    assert first["initial_password"] not in await kept_answers(client)
    assert (await signed_in(client, "eva@desk.example", first["initial_password"])).status_code == 201


@pytest.mark.parametrize("email", ["ben@desk.example", "BEN@desk.example"])
async def test_address_belongs_to_one_account(client: Client, email: str) -> None:
    await created(client)

    answer = await client.as_("admin").post("/v1/accounts", json={"email": email, "name": "B", "role": "lead"})

    assert (answer.status_code, codes(answer)) == (409, [("/email", "taken")])


async def test_of_two_who_take_an_address_at_once_one_gets_it(client: Client) -> None:
    wanted = {"email": "eva@desk.example", "name": "Eva", "role": "lead", "password": PASSWORD}

    answers = await asyncio.gather(*(client.as_("admin").post("/v1/accounts", json=wanted) for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


@pytest.mark.parametrize(
    ("members", "status", "expected"),
    [
        ({"email": "no address"}, 422, ("/email", "string_pattern_mismatch")),
        ({"role": "boss"}, 422, ("/role", "literal_error")),
        ({"password": "short"}, 422, ("/password", "string_too_short")),  # pragma: allowlist secret
        ({"advisor_id": "adv_01M83T4CM0EMKSS6R2AE50YJ7H"}, 409, ("/advisor_id", "unknown")),
        ({"advisor_id": "cus_01M83T4CM0EMKSS6R2AE50YJ7H"}, 422, ("/advisor_id", "unknown")),
        ({"advisor_id": "nobody"}, 422, ("/advisor_id", "string_pattern_mismatch")),
    ],
)
async def test_account_that_makes_no_sense_is_refused(
    steady: Client, members: dict[str, Any], status: int, expected: tuple[str, str]
) -> None:
    wanted = {"email": "b@desk.example", "name": "B", "role": "lead", **members}

    answer = await steady.as_("admin").post("/v1/accounts", json=wanted)

    assert (answer.status_code, codes(answer)) == (status, [expected])


async def test_new_role_holds_at_once(client: Client) -> None:
    ben = await created(client, role="advisor")
    caller = client.with_token((await signed_in(client, "ben@desk.example", PASSWORD)).json()["token"])
    before = await caller.get("/v1/accounts")

    changed = await client.as_("admin").patch(f"/v1/accounts/{ben['id']}", json={"role": "auditor"})

    assert changed.json()["role"] == "auditor"
    assert (before.status_code, (await caller.get("/v1/accounts")).status_code) == (403, 200)


@pytest.mark.parametrize("change", [{"active": False}, {"password": PASSWORD[::-1]}])
async def test_who_is_deactivated_or_gets_a_new_password_is_signed_out(
    client: Client, change: dict[str, Any]
) -> None:
    ben = await created(client)
    caller = client.with_token((await signed_in(client, "ben@desk.example", PASSWORD)).json()["token"])
    await caller.get("/v1/sessions/current")

    await client.as_("admin").patch(f"/v1/accounts/{ben['id']}", json=change)

    assert (await caller.get("/v1/sessions/current")).status_code == 401
    assert (await signed_in(client, "ben@desk.example", PASSWORD)).status_code == 401


@pytest.mark.parametrize(
    "change", [{"name": None}, {"active": None}, {"role": None}, {"password": None}, {"email": "x@desk.example"}]
)
async def test_change_that_is_none_is_refused(client: Client, change: dict[str, Any]) -> None:
    ben = await created(client)

    answer = await client.as_("admin").patch(f"/v1/accounts/{ben['id']}", json=change)

    assert answer.status_code == 422


@pytest.mark.parametrize("change", [{"active": False}, {"role": "lead"}])
async def test_last_admin_stays(client: Client, change: dict[str, Any]) -> None:
    me = (await client.as_("admin").get("/v1/sessions/current")).json()

    alone = await client.as_("admin").patch(f"/v1/accounts/{me['id']}", json=change)
    await created(client, role="admin")
    not_alone = await client.as_("admin").patch(f"/v1/accounts/{me['id']}", json=change)

    assert problem(alone)["type"].endswith("/last-admin")
    assert (alone.status_code, not_alone.status_code) == (409, 200)


async def test_accounts_are_listed_page_by_page_each_once(client: Client) -> None:
    for number in range(4):
        await created(client, email=f"{number}@desk.example")
    found: list[str] = []
    path: str | None = "/v1/accounts?limit=2"

    while path is not None:
        page = (await client.as_("admin").get(path)).json()
        found += [account["id"] for account in page["items"]]
        path = page["next"] and f"/v1/accounts?limit=2&after={page['next']}"

    assert len(found) == len(set(found)) == 9
    assert found == sorted(found, key=lambda text: decode("acc", text))


async def test_cursor_of_one_list_is_none_for_another(client: Client) -> None:
    cursor = (await client.as_("admin").get("/v1/accounts?limit=1")).json()["next"]

    answer = await client.as_("admin").get(f"/v1/machine-keys?after={cursor}")

    assert problem(answer)["type"].endswith("/bad-cursor")
