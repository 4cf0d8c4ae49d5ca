"""Signing in, staying, signing out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from accounts import service
from kit.ids import new_id
from tests.api.test_bad_input import problem
from tests.api.test_doors import clock_of
from tests.api.test_transactional import services_of
from tests.support.api import Client

EMAIL = "anna@desk.example"
PASSWORD = "correct horse battery"  # pragma: allowlist secret


@pytest.fixture(scope="module")
async def anna(steady: Client) -> str:
    """Somebody with a password; returns the id."""
    services = services_of(steady)
    async with services.database.transaction() as session:
        account = await service.create(
            session,
            services.hashing,
            email=EMAIL,
            name="Anna",
            role="lead",
            password=PASSWORD,
            now=services.clock.now(),
            new_id=new_id,
        )
        return str(account.id)


@pytest.fixture(autouse=True)
def nobody_has_failed(steady: Client, anna: str) -> None:
    clock_of(steady).advance(120)


async def signed_in(client: Client, email: str = EMAIL, password: str = PASSWORD) -> httpx2.Response:
    credentials = {"email": email, "password": password}
    return await client.post("/v1/sessions", json=credentials, headers={"Idempotency-Key": None})


async def test_whoever_signs_in_gets_a_token_that_says_who_they_are(steady: Client) -> None:
    answer = await signed_in(steady)
    me = await steady.with_token(answer.json()["token"]).get("/v1/sessions/current")

    assert (answer.status_code, me.status_code) == (201, 200)
    assert {**me.json(), "token": answer.json()["token"]} == answer.json()
    assert (me.json()["name"], me.json()["role"]) == ("Anna", "lead")


async def test_only_the_hash_of_a_token_is_kept(steady: Client) -> None:
    token = (await signed_in(steady)).json()["token"]

    async with services_of(steady).database.reading() as session:
        kept = await session.fetch("SELECT sign_ins::text AS row FROM sign_ins")

    assert kept
    assert all(token not in row["row"] for row in kept)


async def test_browser_is_signed_in_by_a_cookie_that_scripts_cannot_read(steady: Client) -> None:
    cookie = (await signed_in(steady)).headers["set-cookie"]

    me = await steady.get("/v1/sessions/current", headers={"Cookie": f"a=b; {cookie.split(';')[0]}"})

    assert me.json()["name"] == "Anna"
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()


@pytest.mark.parametrize(
    ("origin", "status"),
    [(None, 204), ("http://durchwahl.test", 204), ("http://evil.example", 403), ("null", 403)],
)
async def test_cookie_is_taken_from_our_own_pages_only(steady: Client, origin: str | None, status: int) -> None:
    cookie = (await signed_in(steady)).headers["set-cookie"].split(";")[0]

    answer = await steady.delete("/v1/sessions/current", headers={"Cookie": cookie, "Origin": origin})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "wrong"), ("nobody@desk.example", PASSWORD), ("", ""), (EMAIL, PASSWORD + " ")],
)
async def test_wrong_credentials_look_the_same_whatever_is_wrong(steady: Client, email: str, password: str) -> None:
    answer = await signed_in(steady, email, password)

    assert answer.status_code == 401
    assert problem(answer)["type"].endswith("/wrong-credentials")


async def test_address_is_found_in_any_case(steady: Client) -> None:
    assert (await signed_in(steady, EMAIL.upper())).status_code == 201


async def test_after_five_failures_even_the_right_password_has_to_wait(steady: Client) -> None:
    for _ in range(5):
        assert (await signed_in(steady, password=PASSWORD[1:])).status_code == 401

    refused = await signed_in(steady)
    clock_of(steady).advance(60)
    later = await signed_in(steady)

    assert (refused.status_code, later.status_code) == (429, 201)
    assert 0 < int(refused.headers["retry-after"]) <= 61


async def test_sign_out_ends_it_here_at_once(steady: Client) -> None:
    caller = steady.with_token((await signed_in(steady)).json()["token"])
    await caller.get("/v1/sessions/current")

    out = await caller.delete("/v1/sessions/current")
    after = await caller.get("/v1/sessions/current")

    assert (out.status_code, out.content, after.status_code) == (204, b"", 401)
    assert "max-age=0" in out.headers["set-cookie"].lower()


async def test_signing_out_everywhere_ends_every_sign_in_of_this_person_and_of_no_other(steady: Client) -> None:
    tokens = [(await signed_in(steady)).json()["token"] for _ in range(3)]
    for token in tokens:
        await steady.with_token(token).get("/v1/sessions/current")

    out = await steady.with_token(tokens[0]).delete("/v1/sessions")
    after = [(await steady.with_token(token).get("/v1/sessions/current")).status_code for token in tokens]

    assert (out.status_code, after) == (204, [401, 401, 401])
    assert (await steady.as_("lead").get("/v1/sessions/current")).status_code == 200


async def test_sign_in_ends_by_itself(steady: Client) -> None:
    caller = steady.with_token((await signed_in(steady)).json()["token"])

    clock_of(steady).advance(timedelta(hours=12).total_seconds())

    assert (await caller.get("/v1/sessions/current")).status_code == 401


async def test_machine_is_nobody_who_signed_in(steady: Client) -> None:
    answer = await services_key(steady).get("/v1/sessions/current")

    assert answer.status_code == 403


def services_key(client: Client) -> Client:
    return client.as_("telephony")


async def test_signing_in_and_out_is_announced_once_each(steady: Client, anna: str) -> None:
    caller = steady.with_token((await signed_in(steady)).json()["token"])
    before = await announced(steady)

    await caller.delete("/v1/sessions/current")

    assert [event["type"] for event in (await announced(steady))[len(before) :]] == ["account.signed_out"]
    assert before[-1]["type"] == "account.signed_in"
    assert EMAIL not in str([dict(event) for event in before])


async def announced(client: Client) -> list[Any]:
    async with services_of(client).database.reading() as session:
        return list(await session.fetch("SELECT type, subject, data FROM events ORDER BY xid, id"))
