"""Signing in at an identity provider: whose account it is here, with which role."""

from __future__ import annotations

import pytest

from tests.api.houses import ROLES, House
from tests.api.test_bad_input import problem
from tests.support.provider import ISSUER

pytestmark = pytest.mark.database


async def test_stranger_with_an_account_at_the_provider_alone_has_none_here(house: House) -> None:
    await house.account(email="anna@desk.example")

    answer = await house.sign_in(email="anna@desk.example", email_verified=True)

    assert (answer.status_code, problem(answer)["type"].rpartition("/")[2]) == (403, "no-account")


async def test_admin_says_whose_account_it_is_and_takes_it_back(house: House) -> None:
    admin = house.client.as_("admin")
    wanted = {"email": "anna@desk.example", "name": "Anna", "role": "lead", "subject": "anna"}
    made = (await admin.post("/v1/accounts", json=wanted)).json()
    signed_in = await house.sign_in()

    taken = await admin.post("/v1/accounts", json={**wanted, "email": "ben@desk.example"})
    back = await admin.patch(f"/v1/accounts/{made['id']}", json={"subject": None})
    after = await house.sign_in()

    assert (signed_in.status_code, made["subject"], back.json()["subject"]) == (200, "anna", None)
    assert (taken.status_code, problem(taken)["type"].rpartition("/")[2]) == (409, "subject-taken")
    assert after.status_code == 403


async def test_nobody_is_somebody_elsewhere_where_there_is_no_provider(house: House) -> None:
    wanted = {"email": "anna@desk.example", "name": "Anna", "role": "lead", "subject": "anna"}

    answer = await house.with_(oidc_issuer="").client.as_("admin").post("/v1/accounts", json=wanted)

    assert (answer.status_code, problem(answer)["errors"][0]["code"]) == (422, "no_provider")


@pytest.mark.parametrize(("verified", "status"), [(True, 200), (False, 403), ("true", 403), (None, 403)])
async def test_account_is_found_by_a_verified_address_where_that_is_set(
    house: House, verified: object, status: int
) -> None:
    house = house.with_(oidc_link_by_email=True)
    await house.account(email="Anna@desk.example")

    first = await house.sign_in(email="anna@desk.example", email_verified=verified)

    assert first.status_code == status
    if status == 200:
        assert (await house.sign_in(email="moved@desk.example")).status_code == 200
        other = await house.sign_in(sub="impostor", email="anna@desk.example", email_verified=True)
        assert other.status_code == 403


async def test_account_is_made_for_who_has_a_role_where_that_is_set(house: House) -> None:
    house = house.with_(oidc_create_accounts=True, oidc_roles=ROLES)
    claims = {"email": "zoe@desk.example", "email_verified": True, "name": "Zoe"}

    without = await house.sign_in(sub="zoe", roles=["else"], **claims)
    made = await house.sign_in(sub="zoe", roles=["else", "phone-people"], **claims)

    me = await house.who(made)
    assert (without.status_code, problem(without)["type"].rpartition("/")[2]) == (403, "no-role")
    assert (me["name"], me["role"]) == ("Zoe", "advisor")


async def test_role_follows_the_groups_at_the_provider(house: House) -> None:
    house = house.with_(oidc_roles=ROLES, oidc_role_claim="realm_access.roles")
    await house.known("anna", "advisor")
    first = await house.sign_in(realm_access={"roles": ["phone-people"]})
    cookie = (await house.who(first))["cookie"]

    promoted = await house.sign_in(realm_access={"roles": ["phone-people", "phone-admins"]})
    earlier = await house.client.get("/v1/sessions/current", headers={"Cookie": cookie})
    left = await house.sign_in(realm_access={"roles": []})

    assert ((await house.who(promoted))["role"], earlier.json()["role"]) == ("admin", "admin")
    assert left.status_code == 403


async def test_who_was_deactivated_here_stays_out(house: House) -> None:
    await house.account(issuer=ISSUER, subject="anna", active=False)

    assert (await house.sign_in()).status_code == 403


async def test_account_of_the_provider_has_no_password(house: House) -> None:
    made = house.with_(oidc_create_accounts=True, oidc_roles=ROLES)
    await made.sign_in(sub="z", roles=["phone-people"], email="z@desk.example", email_verified=True)

    for password in ("-", ""):
        answer = await house.client.post("/v1/sessions", json={"email": "z@desk.example", "password": password})
        assert answer.status_code == 401


async def test_passwords_can_be_switched_off(house: House) -> None:
    off = house.with_(local_sign_in=False)

    answer = await off.client.post("/v1/sessions", json={"email": "a@desk.example", "password": "x"})
    methods = (await off.client.get("/v1/sign-in")).json()

    assert (answer.status_code, problem(answer)["type"].rpartition("/")[2]) == (403, "local-sign-in-off")
    assert methods == {"password": False, "provider": "/v1/oidc/sign-in"}


async def test_without_a_provider_there_is_no_such_door(house: House) -> None:
    none = house.with_(oidc_issuer="")

    answers = [await none.client.get("/v1/oidc/sign-in"), await none.back({"code": "x"}, None)]
    out = await none.client.post("/v1/oidc/logout", data={"logout_token": "x"})

    assert [answer.status_code for answer in (*answers, out)] == [404, 404, 404]
    assert (await none.client.get("/v1/sign-in")).json() == {"password": True, "provider": None}
