"""A customer's token opens what is the customer's own, and nothing else, for a quarter of an hour."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from accounts.roles import CUSTOMER
from api.door import Door
from api.services import Services
from kit.clock import LiveClock, VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.support import postgres
from tests.support.api import Client, Response, make_app, make_client, nowhere
from tests.support.builders import a_customer, an_advisor

pytestmark = pytest.mark.database

QUARTER = 15 * 60
NOW = int(MONDAY_MORNING.timestamp())
TRACED = {"X-Request-Id": "trace-0123456789abcdef", "Idempotency-Key": "same"}
GUIDE = Path(__file__).parent.parent.parent / "docs" / "integrate" / "tokens.md"

ED25519 = OKPKey.generate_key("Ed25519")
P256 = ECKey.generate_key("P-256")


@pytest.fixture
async def company(server_uri: str, settings: Settings) -> AsyncIterator[tuple[Client, Names]]:
    name = f"tokens_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    yield await founded(await make_client(make_app(database, VirtualClock(MONDAY_MORNING), settings)))
    await database.close()
    await postgres.drop_database(server_uri, name)


@pytest.fixture
async def portal(client: Client, services: Services) -> Client:
    """Two customers, one with an advisor; keys `ed` and `ec` are registered."""
    async with services.database.transaction() as session:
        await a_customer(session, external_ref="K-1", advisor=await an_advisor(session))
        await a_customer(session, external_ref="K-2")
    for kid, key in (("ed", ED25519), ("ec", P256)):
        assert (await register(client, key, kid=kid)).status_code == 201
    return client


async def register(by: Client, key: Any, **more: Any) -> Response:
    wanted = {"client": "portal", "public_key": key.as_dict(private=False), **more}
    return await by.as_("admin").post("/v1/signing-keys", json=wanted)


GOOD = {"aud": "durchwahl", "sub": "K-1", "exp": NOW + 600}


def signed(key: Any = ED25519, kid: str | None = "ed", alg: str = "Ed25519", **more: Any) -> str:
    """What a control center's backend signs for K-1, but for what `more` says; None leaves out."""
    header = {"alg": alg} if kid is None else {"alg": alg, "kid": kid}
    claims = {name: value for name, value in {**GOOD, **more}.items() if value is not None}
    return jwt.encode(header, claims, key, algorithms=[alg])


async def card(client: Client, token: str, ref: str = "K-1") -> Response:
    return await client.with_token(token).get(f"/v1/customers/{ref}/advisor")


async def test_token_that_was_asked_for_opens_the_card_for_a_quarter_of_an_hour(
    portal: Client, clock: VirtualClock
) -> None:
    answer = await portal.as_("control_center").post("/v1/customers/K-1/token")
    token = answer.json()["token"]

    assert answer.status_code == 201
    assert answer.json()["expires_at"] == "2026-11-23T09:15:00Z"
    assert (await card(portal, token)).status_code == 200
    clock.advance(QUARTER + 29)
    assert (await card(portal, token)).status_code == 200
    clock.advance(3)
    assert (await card(portal, token)).status_code == 401


async def test_token_ends_with_the_key_that_asked_for_it(portal: Client, clock: VirtualClock) -> None:
    admin = portal.as_("admin")
    key = (await admin.post("/v1/machine-keys", json={"name": "portal", "scopes": ["control_center"]})).json()
    token = (await portal.with_token(key["secret"]).post("/v1/customers/K-1/token")).json()["token"]
    assert (await card(portal, token)).status_code == 200

    await admin.delete(f"/v1/machine-keys/{key['id']}")
    clock.advance(2)

    assert (await card(portal, token)).status_code == 401


async def test_nobody_gets_a_token_for_somebody_unknown(portal: Client) -> None:
    assert (await portal.as_("control_center").post("/v1/customers/K-9/token")).status_code == 404


@pytest.mark.parametrize(
    ("key", "kid", "alg"),
    [(ED25519, "ed", "Ed25519"), (ED25519, "ed", "EdDSA"), (P256, "ec", "ES256")],
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
async def test_backend_signs_with_its_own_key(portal: Client, key: Any, kid: str, alg: str) -> None:
    for more in ({}, {"aud": ["other", "durchwahl"]}, {"exp": NOW + QUARTER, "iat": NOW, "nbf": NOW, "jti": "1"}):
        answer = await card(portal, signed(key, kid, alg, **more))

        assert answer.status_code == 200, answer.text


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any], signature: str = "") -> str:
    parts = (urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join([*parts, signature])


PUBLIC_AS_SECRET = OctKey.import_key(str(ED25519.as_dict(private=False)["x"]))
STRANGER = OKPKey.generate_key("Ed25519")
FORGED = {
    "of a key that nobody registered": signed(STRANGER, "ed"),
    "of a key of another name": signed(kid="eddie"),
    "of no key": signed(kid=None),
    "in our own name": signed(kid="own"),
    "without a signature": unsigned({"alg": "none", "kid": "ed"}, GOOD),
    "without a signature, in capitals": unsigned({"alg": "NONE", "kid": "ed"}, GOOD),
    "without a signature, in our name": unsigned({"alg": "none", "kid": "own"}, GOOD, "AA"),
    "with the public key as a secret": signed(PUBLIC_AS_SECRET, "ed", "HS256"),
    "in another way than the key is for": signed(P256, "ed", "ES256"),
    "with a key that it brings along": jwt.encode(
        {"alg": "Ed25519", "kid": "ed", "jwk": STRANGER.as_dict(private=False)},
        GOOD,
        STRANGER,
        algorithms=["Ed25519"],
    ),
    "with a critical header": unsigned({"alg": "Ed25519", "kid": "ed", "crit": ["b64"], "b64": False}, GOOD, "AA"),
    "with a name that is no text": unsigned({"alg": "Ed25519", "kid": ["ed"]}, GOOD, "AA"),
    "for another audience": signed(aud="elsewhere"),
    "for no audience": signed(aud=None),
    "for an audience that is a number": signed(aud=1),
    "that is over": signed(exp=NOW - 31),
    "that never ends": signed(exp=None),
    "that ends in a day": signed(exp=NOW + 86_400),
    "that ends in 16 minutes": signed(exp=NOW + QUARTER + 60),
    "that ends in words": signed(exp="tomorrow"),
    "that ends when it is true": signed(exp=True),
    "that begins later": signed(nbf=NOW + 60),
    "that was made later": signed(iat=NOW + 60),
    "for nobody": signed(sub=None),
    "for a number": signed(sub=1),
    "for a path": signed(sub="../K-1"),
    "for two lines": signed(sub="K-1\n"),
    "with other claims under the same signature": ".".join(
        [*unsigned({"alg": "Ed25519", "kid": "ed"}, {**GOOD, "sub": "K-2"}).split(".")[:2], signed().split(".")[2]]
    ),
    "in four parts": signed() + ".AA",
    "in one part and two dots": "..",
    "of a kilobyte more than any": unsigned({"alg": "Ed25519", "kid": "e" * 3000}, GOOD, "AA"),
    "of claims that are a list": unsigned({"alg": "Ed25519", "kid": "ed"}, [GOOD], "AA"),  # type: ignore[arg-type]
    "of letters": "a.b.c",
}


@pytest.mark.parametrize("what", FORGED)
async def test_token_that_is_not_so_is_like_none(portal: Client, what: str) -> None:
    for ref in ("K-1", "K-2"):
        answer = await card(portal, FORGED[what], ref)

        assert answer.status_code == 401, answer.text
        assert answer.json()["type"].endswith("/unauthorized")


async def test_token_has_no_place_but_the_header(portal: Client) -> None:
    token = signed()
    stranger = portal.as_(None)

    in_url = await stranger.get(f"/v1/customers/K-1/advisor?token={token}&access_token={token}")
    in_cookie = await stranger.get("/v1/customers/K-1/advisor", headers={"Cookie": f"durchwahl_session={token}"})

    assert (in_url.status_code, in_cookie.status_code) == (401, 401)


async def test_two_keys_are_valid_while_the_second_takes_over(portal: Client, clock: VirtualClock) -> None:
    admin = portal.as_("admin")
    ids = {item["kid"]: item["id"] for item in (await admin.get("/v1/signing-keys")).json()["items"]}
    third = await register(portal, STRANGER, kid="next")
    other = await register(portal, STRANGER, kid="other", client="shop")
    taken = await register(portal, STRANGER, kid="ed", client="else")
    own = await register(portal, STRANGER, kid="own", client="else")

    assert (third.status_code, other.status_code) == (409, 201)
    assert third.json()["type"].endswith("/two-keys-valid")
    assert {taken.status_code, own.status_code} == {409}
    assert taken.json()["type"].endswith("/kid-taken")
    assert (await card(portal, signed())).status_code == 200
    assert (await admin.delete(f"/v1/signing-keys/{ids['ed']}")).status_code == 204
    assert (await card(portal, signed())).status_code == 401
    assert (await card(portal, signed(P256, "ec", "ES256"))).status_code == 200
    assert (await register(portal, STRANGER, kid="next")).status_code == 201
    assert (await card(portal, signed(STRANGER, "next"))).status_code == 200


async def test_key_with_an_end_ends(portal: Client, clock: VirtualClock) -> None:
    await register(portal, STRANGER, client="shop", expires_at="2026-11-23T09:05:00Z")
    token = signed(STRANGER, str(STRANGER.thumbprint()))
    assert (await card(portal, token)).status_code == 200

    clock.advance(300)

    assert (await card(portal, token)).status_code == 401


@pytest.mark.parametrize(
    ("key", "pointer"),
    [
        ({**ED25519.as_dict(private=True)}, "/public_key/OKP/d"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "A" * 42}, "/public_key/OKP/x"),
        ({"kty": "OKP", "crv": "X25519", "x": "A" * 43}, "/public_key/OKP/crv"),
        ({"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}, "/public_key"),
        ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "/public_key"),
        ({"kty": "oct", "k": "A" * 43}, "/public_key"),
    ],
    ids=["private", "short", "another curve", "no point", "RSA", "a secret"],
)
async def test_key_that_cannot_be_one_is_refused(client: Client, key: dict[str, Any], pointer: str) -> None:
    answer = await client.as_("admin").post("/v1/signing-keys", json={"client": "portal", "public_key": key})

    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert str(key.get("d")) not in answer.text


def customers_routes() -> list[str]:
    """Every route that lets customers in, as the application itself says."""
    return [
        f"{method} {route.path_format}"
        for route in nowhere().routes
        if isinstance(route, Door) and any(CUSTOMER in grants for grants in route.requirements)
        for method in sorted(route.methods or ())
    ]


SLOT = {"slot_starts_at": "2026-11-24T10:00:00+01:00"}
HELLO = {"text": "Guten Tag"}
BODIES: dict[str, Any] = {
    "callbacks": SLOT,
    "move": SLOT,
    "chats": HELLO,
    "messages": HELLO,
    "choose": {"choice": "message"},
}
THINGS = {"callback_id": "cb", "chat_id": "con"}


@pytest.mark.parametrize("name", customers_routes())
async def test_nothing_of_another_customer_is_told_from_what_is_not_there(
    company: tuple[Client, Names], name: str
) -> None:
    """K-1's token asks for K-2 and for nobody; and for K-2's things under K-1's name."""
    client, names = company
    token = (await client.as_("control_center").post("/v1/customers/K-1/token")).json()["token"]
    method, path = name.split(" ")
    body = BODIES.get(path.rpartition("/")[2], {}) if method == "POST" else None

    parameter = next((one for one in THINGS if f"{{{one}}}" in path), "callback_id")
    kind = THINGS[parameter]

    async def ask(ref: str, callback: str) -> Response:
        place = path.format(external_ref=ref, **{parameter: callback})
        return await client.with_token(token).request(method, place, json=body, headers=TRACED)

    mine, theirs = (
        (names["cb_K-4"], names["cb_K-2"]) if kind == "cb" else (names["con_ringing"], names["con_talking"])
    )
    nothing = f"{kind}_01J00000000000000000000000"
    unknown = await ask("K-99", nothing)
    answers = [await ask(ref, callback) for ref in ("K-2", "K-99", "k-1", "K-1x") for callback in (mine, theirs)]
    answers += [await ask("K-1", theirs)] if f"{{{parameter}}}" in path else []

    assert unknown.status_code == 404
    assert unknown.json()["type"].endswith("/not-found")
    assert {answer.content for answer in answers} == {unknown.content}
    assert {tuple(sorted(answer.headers.items())) for answer in answers} == {tuple(sorted(unknown.headers.items()))}


async def test_a_token_for_nobody_finds_nothing(portal: Client) -> None:
    answer = await card(portal, signed(sub="K-99"), "K-99")

    assert answer.status_code == 404


async def test_customer_activates_for_themselves_alone(portal: Client) -> None:
    token = signed(sub="K-2")

    behalf = await portal.with_token(token).post(
        "/v1/customers/K-2/advisor", json={"on_behalf_by": "adv_01J00000000000000000000000"}
    )
    phone = await portal.with_token(token).post("/v1/customers/K-2/advisor", json={"channel": "phone"})

    assert (behalf.status_code, phone.status_code) == (422, 422)
    assert behalf.json()["type"].endswith("/not-yours-to-say")


async def test_example_in_the_guide_works(portal: Client, services: Services, settings: Settings) -> None:
    """As it stands there, with its own clock."""
    (source,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    example: dict[str, Any] = {}
    exec(compile(source, str(GUIDE), "exec"), example)
    live = Client(make_app(services.database, LiveClock(), settings), portal.tokens)
    key = example["new_key"]()
    assert (await register(portal, key, client="guide", kid="portal-1")).status_code == 201

    answer = await card(live, example["token_for"]("K-1", key, "portal-1"))

    assert answer.status_code == 200, answer.text
