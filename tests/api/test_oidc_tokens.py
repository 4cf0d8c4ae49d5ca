"""Access tokens of an identity provider, and signing out there: what is taken, and what ends it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.api.houses import House
from tests.api.test_bad_input import problem
from tests.conftest import MONDAY_MORNING
from tests.support.provider import AUDIENCE, CLIENT, ec, forged, rsa

pytestmark = pytest.mark.database


async def test_access_token_for_us_is_taken_with_the_role_kept_here(house: House) -> None:
    await house.known("anna", "admin")

    answer = await house.bearer(house.provider.access("anna"), "/v1/accounts")

    assert answer.status_code == 200


NOW = int(MONDAY_MORNING.timestamp())
FOREIGN_ACCESS: dict[str, dict[str, Any]] = {
    "for another audience": {"aud": "another-api"},
    "an ID token": {"aud": CLIENT, "nonce": "n"},
    "an ID token for our audience": {"nonce": "n"},
    "an ID token by its hash": {"at_hash": "x"},
    "an ID token by its own word": {"typ": "ID"},
    "to sign out with": {"events": {}},
    "over": {"exp": NOW - 60},
    "without an end": {"exp": None},
    "without a beginning": {"iat": None},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "of somebody unknown": {"sub": "nobody"},
    "of nobody": {"sub": ""},
    "of an empty audience": {"aud": []},
}


@pytest.mark.parametrize("claims", FOREIGN_ACCESS.values(), ids=FOREIGN_ACCESS)
async def test_access_token_that_is_not_for_this_is_nobodys(house: House, claims: dict[str, Any]) -> None:
    await house.known("anna", "admin")

    answer = await house.bearer(house.provider.access(**{"sub": "anna", **claims}))

    assert (answer.status_code, problem(answer)["type"].rpartition("/")[2]) == (401, "unauthorized")


async def test_signature_is_by_a_key_of_the_providers_and_by_nothing_else(house: House) -> None:
    await house.known("anna", "admin")
    provider, claims = house.provider, {"aud": AUDIENCE, "sub": "anna"}
    public, brought = rsa("k1").as_pem(private=False), ec("e1").as_dict(private=False)
    good = provider.access("anna")
    head, payload, signature = good.split(".")
    tokens = {
        "none": forged(claims, "none", b"", NOW),
        "None": forged(claims, "None", b"", NOW),
        "a public key as a secret": forged(claims, "HS256", public, NOW),
        "an invented signature": forged(claims, "RS256", public, NOW),
        "another's key under the same name": provider.signed(claims, key=rsa("another's"), kid="k1"),
        "a key that it brings along": provider.signed(claims, key=ec("e1"), alg="ES256", jwk=brought),
        "an algorithm that is not allowed": provider.signed(claims, alg="RS512"),
        "no signature": f"{head}.{payload}.",
        "a changed payload": f"{head}.{payload[:-2]}AA.{signature}",
        "too long": f"{head}.{payload}.{'A' * 9000}",
    }

    answers = {name: await house.bearer(token) for name, token in tokens.items()}
    wrong = {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401}

    assert wrong == {}
    assert (await house.bearer(good)).status_code == 200


async def test_access_tokens_are_taken_only_where_an_audience_is_set(house: House) -> None:
    await house.known("anna", "admin")

    answer = await house.with_(oidc_audience="").bearer(house.provider.access("anna"))

    assert answer.status_code == 401


async def test_access_token_ends_with_the_account_the_role_and_signing_out_everywhere(house: House) -> None:
    account = await house.known("anna", "auditor")
    house = house.with_(oidc_roles={"auditors": "auditor"})
    tokens = [house.provider.access("anna"), house.provider.access("anna", roles=["auditors"])]
    assert [(await house.bearer(token)).status_code for token in tokens] == [200, 200]
    admin = house.client.as_("admin")

    changed = await admin.patch(f"/v1/accounts/{await shown(house, account)}", json={"role": "lead"})
    house.clock.advance(2)
    after_change = [(await house.bearer(token)).status_code for token in tokens]
    await house.client.with_token(tokens[0]).delete("/v1/sessions")
    house.clock.advance(2)
    after_sign_out = [(await house.bearer(token)).status_code for token in tokens]
    fresh = await house.bearer(house.provider.access("anna"))

    assert changed.status_code == 200
    assert after_change == [200, 401]
    assert after_sign_out == [401, 401]
    assert fresh.status_code == 200


async def shown(house: House, account: UUID) -> str:
    from kit.ids import encode

    return encode("acc", account)


async def test_provider_ends_its_session_here_or_all_of_a_person(house: House) -> None:
    await house.known("anna")
    cookies = [(await house.who(await house.sign_in(sid=sid)))["cookie"] for sid in ("s1", "s2", "s3")]

    async def let_in() -> list[bool]:
        answers = [await house.client.get("/v1/sessions/current", headers={"Cookie": cookie}) for cookie in cookies]
        return [answer.status_code == 200 for answer in answers]

    async def out(**claims: Any) -> int:
        form = {"logout_token": house.provider.logout(**claims)}
        return (await house.client.post("/v1/oidc/logout", data=form)).status_code

    assert (await out(sid="s1"), await let_in()) == (200, [False, True, True])
    assert (await out(sub="nobody"), await let_in()) == (200, [False, True, True])
    assert (await out(sub="anna"), await let_in()) == (200, [False, False, False])


async def test_only_a_logout_token_signs_anybody_out(house: House) -> None:
    await house.known("anna")
    cookie = (await house.who(await house.sign_in(sid="s1")))["cookie"]
    provider = house.provider
    tokens = [
        "x",
        provider.access("anna"),
        provider.signed({"aud": CLIENT, "sub": "anna"}),
        provider.logout(sub="anna", nonce="n"),
        provider.logout(sub="anna", aud=AUDIENCE),
        provider.logout(sub="anna", events={}),
        provider.logout(sub="anna", iat=NOW - 600),
        provider.logout(),
    ]

    answers = [await house.client.post("/v1/oidc/logout", data={"logout_token": token}) for token in tokens]

    assert [answer.status_code for answer in answers] == [400] * len(tokens)
    assert (await house.client.get("/v1/sessions/current", headers={"Cookie": cookie})).status_code == 200
