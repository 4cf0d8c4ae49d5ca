"""Signing in at an identity provider: there, back, and out; and what comes back that should not be let in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.responses import JSONResponse, Response

from accounts.models import Account
from api.services import Services
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import new_id
from kit.settings import Settings
from tests.api.test_bad_input import problem
from tests.conftest import MONDAY_MORNING
from tests.support import postgres
from tests.support.api import NO_HASH, Client, make_app, make_client
from tests.support.api import Response as Answer
from tests.support.provider import AUDIENCE, CLIENT, ISSUER, SETTINGS, FakeProvider, ec, forged, rsa

pytestmark = pytest.mark.database

ROLES = {"phone-admins": "admin", "phone-people": "advisor"}


class House:
    """The service, its provider, and a browser that keeps its cookies."""

    def __init__(self, client: Client, provider: FakeProvider, clock: VirtualClock) -> None:
        self.client, self.provider, self.clock = client, provider, clock

    @property
    def services(self) -> Services:
        found: Services = self.client.app.state.services
        return found

    def with_(self, **settings: Any) -> House:
        """The same house under other settings."""
        services = self.services
        changed = services.settings.model_copy(update=settings)
        app = make_app(services.database, self.clock, changed, provider_transport=self.provider.transport)
        return House(Client(app, self.client.tokens), self.provider, self.clock)

    async def account(self, role: str = "lead", **more: Any) -> UUID:
        identifier = new_id(self.clock.now())
        account = Account(
            id=identifier,
            email=more.pop("email", f"{identifier}@desk.example"),
            name="Anna",
            password_hash=NO_HASH,
            role=role,
            created_at=self.clock.now(),
            **more,
        )
        async with self.services.database.transaction() as session:
            session.orm.add(account)
        return identifier

    async def known(self, sub: str = "anna", role: str = "lead") -> UUID:
        return await self.account(role, issuer=ISSUER, subject=sub)

    async def begin(self, to: str = "/") -> tuple[str, str]:
        """Where the browser is sent, and the cookie that it keeps."""
        answer = await self.client.get("/v1/oidc/sign-in", params={"to": to})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"], answer.headers["set-cookie"].split(";")[0]

    async def back(self, brought: dict[str, str], cookie: str | None) -> Answer:
        return await self.client.get("/v1/oidc/callback", params=brought, headers={"Cookie": cookie})

    async def sign_in(self, **claims: Any) -> Answer:
        location, cookie = await self.begin()
        return await self.back(self.provider.authorize(location, **claims), cookie)

    async def who(self, answer: Answer) -> dict[str, Any]:
        cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("durchwahl_session"))
        me = await self.client.get("/v1/sessions/current", headers={"Cookie": cookie.split(";")[0]})
        assert me.status_code == 200
        found: dict[str, Any] = me.json()
        return {**found, "cookie": cookie.split(";")[0]}

    async def bearer(self, token: str, path: str = "/v1/markets") -> Answer:
        return await self.client.with_token(token).get(path)


@pytest.fixture(scope="module")
async def shared(server_uri: str, settings: Settings) -> AsyncIterator[Database]:
    name = f"oidc_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    yield database
    await database.close()
    await postgres.drop_database(server_uri, name)


@pytest.fixture
async def house(shared: Database, settings: Settings) -> House:
    clock = VirtualClock(MONDAY_MORNING)
    async with shared.transaction() as session:
        await session.execute("UPDATE accounts SET issuer = NULL, subject = NULL, email = id || '@old.example'")
    provider = FakeProvider(clock)
    app = make_app(shared, clock, settings.model_copy(update=SETTINGS), provider_transport=provider.transport)
    return House(await make_client(app), provider, clock)


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


# What comes back and is not what went away


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


# Whose account it is


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


# Access tokens


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


# Signing out at the provider


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


# The provider's keys

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
