"""Signing in at an identity provider: there and back, and what comes back that should not be let in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.houses import House
from tests.api.test_bad_input import problem
from tests.conftest import MONDAY_MORNING
from tests.support.provider import AUDIENCE, CLIENT, ISSUER

pytestmark = pytest.mark.database


async def test_somebody_known_signs_in_and_goes_on_to_where_they_wanted(house: House) -> None:
    await house.known("anna", "lead")

    location, cookie = await house.begin(to="/desk?group=1")
    answer = await house.back(house.provider.authorize(location), cookie)

    assert location.startswith(f"{ISSUER}/authorize?response_type=code&client_id={CLIENT}&")
    assert answer.status_code == 200
    assert 'url=/desk?group=1"' in answer.text
    assert (await house.who(answer))["role"] == "lead"


async def test_session_cookie_is_for_our_own_pages_and_the_other_one_is_taken_away(house: House) -> None:
    await house.known()

    cookies = (await house.sign_in()).headers.get_list("set-cookie")

    session, spent = (cookie.lower() for cookie in cookies)
    assert all(word in session for word in ("httponly", "samesite=strict", "secure"))
    assert spent.startswith('durchwahl_oidc="";')
    assert "max-age=0" in spent


async def test_neither_verifier_nor_secret_leaves_before_it_is_due(house: House) -> None:
    location, cookie = await house.begin()

    assert "code_challenge=" in location
    assert "verifier" not in location + cookie


@pytest.mark.parametrize(
    "to", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "desk", "/ x"]
)
async def test_nobody_is_sent_on_to_another_site(house: House, to: str) -> None:
    answer = await house.client.get("/v1/oidc/sign-in", params={"to": to})

    assert answer.status_code == 422


async def test_page_that_leads_on_runs_nothing_that_was_put_into_the_address(house: House) -> None:
    await house.known()
    location, cookie = await house.begin(to='/"><script>x</script>')

    answer = await house.back(house.provider.authorize(location), cookie)

    assert "<script>" not in answer.text
    assert answer.headers["content-security-policy"] == "default-src 'none'"


async def test_another_browser_can_not_finish_what_this_one_began(house: House) -> None:
    await house.known()
    location, _ = await house.begin()
    _, others = await house.begin()
    brought = house.provider.authorize(location)

    for cookie in (None, others, "durchwahl_oidc=", "durchwahl_oidc=xxxx"):
        answer = await house.back(brought, cookie)
        assert (answer.status_code, problem(answer)["type"].rpartition("/")[2]) == (401, "sign-in-refused")
        assert "set-cookie" not in answer.headers
    assert house.provider.asked["/token"] == 0


async def test_cursor_of_a_list_is_no_state(house: House) -> None:
    cursor = (await house.client.as_("admin").get("/v1/accounts?limit=1")).json()["next"]

    assert (await house.back({"code": "x", "state": "x"}, f"durchwahl_oidc={cursor}")).status_code == 401


async def test_who_takes_longer_than_ten_minutes_begins_anew(house: House) -> None:
    await house.known()
    location, cookie = await house.begin()
    house.clock.advance(601)

    assert (await house.back(house.provider.authorize(location), cookie)).status_code == 401


async def test_code_is_good_once(house: House) -> None:
    await house.known()
    location, cookie = await house.begin()
    brought = house.provider.authorize(location)

    answers = [await house.back(brought, cookie) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 401]


async def test_who_says_no_at_the_provider_is_not_signed_in(house: House) -> None:
    location, cookie = await house.begin()
    state = house.provider.authorize(location)["state"]

    assert (await house.back({"error": "access_denied", "state": state}, cookie)).status_code == 401


WRONG: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://elsewhere.example"},
    "of hardly another issuer": {"iss": f"{ISSUER}/"},
    "for another client": {"aud": "another"},
    "for our API": {"aud": AUDIENCE},
    "for nobody": {"aud": None},
    "for several, of whom another asked": {"aud": [CLIENT, "another"], "azp": "another"},
    "for several, of whom nobody says who asked": {"aud": [CLIENT, "another"]},
    "for us, though another asked": {"azp": "another"},
    "of another sign-in": {"nonce": "another"},
    "of no sign-in": {"nonce": None},
    "over": {"exp": int(MONDAY_MORNING.timestamp()) - 60},
    "without an end": {"exp": None},
    "that ends in words": {"exp": "never"},
    "from the future": {"iat": int(MONDAY_MORNING.timestamp()) + 3600},
    "not yet in force": {"nbf": int(MONDAY_MORNING.timestamp()) + 3600},
    "of nobody": {"sub": None},
    "of a list": {"sub": ["anna"]},
    "to sign out with": {"events": {}},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
async def test_id_token_that_is_not_for_this_is_refused(house: House, claims: dict[str, Any]) -> None:
    await house.known()

    answer = await house.sign_in(**claims)

    assert (answer.status_code, problem(answer)["type"].rpartition("/")[2]) == (401, "sign-in-refused")
