"""The identity provider's keys and answers: new ones, old ones, odd ones, and none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from kit.settings import Settings
from tests.api.houses import House
from tests.api.test_bad_input import problem
from tests.support.provider import AUDIENCE, CLIENT, ISSUER, SETTINGS, rsa

pytestmark = pytest.mark.database


DISCOVERED = ("/keys", "/.well-known/openid-configuration")


async def test_new_key_is_asked_for_at_once_and_an_invented_one_once_a_minute(house: House) -> None:
    await house.known("anna", "admin")
    provider, asked = house.provider, house.provider.asked
    assert (await house.bearer(provider.access("anna"))).status_code == 200
    house.clock.advance(61)

    for number in range(20):
        stranger = provider.signed({"aud": AUDIENCE, "sub": "anna"}, key=rsa("not told of"), kid=f"k-{number}")
        assert (await house.bearer(stranger)).status_code == 401
    after_guessing = asked["/keys"]
    house.clock.advance(61)
    provider.keys = [rsa("k2"), rsa("k1")]

    assert (await house.bearer(provider.access("anna"))).status_code == 200
    assert (after_guessing, asked["/keys"]) == (2, 3)


async def test_key_that_was_taken_back_is_taken_no_longer_after_an_hour(house: House) -> None:
    await house.known("anna", "admin")
    assert (await house.bearer(house.provider.access("anna"))).status_code == 200
    house.provider.keys = [rsa("k2")]
    house.clock.advance(timedelta(hours=1).total_seconds())

    stolen = house.provider.signed({"aud": AUDIENCE, "sub": "anna"}, key=rsa("k1"))

    assert (await house.bearer(stolen)).status_code == 401


async def test_while_the_provider_is_away_known_keys_are_used_on(house: House) -> None:
    await house.known("anna", "admin")
    assert (await house.bearer(house.provider.access("anna"))).status_code == 200
    house.provider.answers = {
        path: Response(status_code=500) for path in ("/keys", "/.well-known/openid-configuration")
    }
    house.clock.advance(timedelta(hours=2).total_seconds())

    assert (await house.bearer(house.provider.access("anna"))).status_code == 200


AWAY: dict[str, dict[str, Any]] = {
    "down": {"/.well-known/openid-configuration": Response(status_code=503)},
    "unreachable": {"/.well-known/openid-configuration": OSError("no route")},
    "elsewhere": {"/.well-known/openid-configuration": Response(status_code=302, headers={"location": "/keys"})},
    "not JSON": {"/.well-known/openid-configuration": Response("<html>")},
    "a list": {"/.well-known/openid-configuration": JSONResponse([])},
    "endless": {"/keys": Response(b" " * 300_000, media_type="application/json")},
    "keys that are none": {"/keys": JSONResponse({"keys": "many"})},
    "another issuer": {"/.well-known/openid-configuration": JSONResponse({"issuer": "https://elsewhere.example"})},
    "in the clear": {
        "/.well-known/openid-configuration": JSONResponse(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": "http://id.example/token",
                "jwks_uri": f"{ISSUER}/keys",
            }
        )
    },
}


@pytest.mark.parametrize("answers", AWAY.values(), ids=AWAY)
async def test_provider_that_does_not_answer_as_it_should_is_503_and_nobody_gets_in(
    house: House, answers: dict[str, Any]
) -> None:
    await house.known()
    house.provider.answers = answers

    begun = await house.client.get("/v1/oidc/sign-in")
    bearer = await house.bearer(house.provider.access("anna"))

    assert (begun.status_code, bearer.status_code) == (503, 503)
    assert problem(begun)["type"].endswith("/identity-provider-away")


async def test_odd_keys_are_passed_over(house: House) -> None:
    await house.known("anna", "admin")
    odd = [1, {"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}, {"kty": "RSA", "n": "!"}, {"kty": "EC", "crv": "none"}]
    keys = [*odd, rsa("k1").as_dict(private=False)]
    house.provider.answers = {"/keys": JSONResponse({"keys": keys})}

    assert (await house.bearer(house.provider.access("anna"))).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "http://id.example"},
        {"oidc_client_id": ""},
        {"public_url": ""},
        {"oidc_audience": CLIENT},
        {"oidc_roles": {"all": "everything"}},
    ],
)
def test_configuration_that_is_not_whole_stops_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="oidc"):
        Settings(**{**SETTINGS, **wrong}, _env_file=None)
