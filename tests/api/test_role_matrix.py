"""Every route, as everybody: let in as `role_matrix.py` declares, turned away otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute

from accounts import keys
from accounts.customer_tokens import CustomerTokens
from accounts.models import ROLES, SCOPES
from accounts.roles import CUSTOMER
from accounts.tokens import digest
from api.app import create_app
from api.door import Door
from api.services import Services
from customers.queries import id_of
from kit.clock import Clock, VirtualClock
from kit.database import Database, Session
from kit.ids import encode, new_id
from kit.settings import Settings
from realtime import tickets
from realtime.stream import Stream
from tests.api.role_matrix import CREDENTIALS, GRANTS, PUBLIC, REACH
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.realtime.listening import Notes
from tests.support import postgres, provider
from tests.support.api import Client, Response, a_key, a_person, make_app, make_client
from tests.support.provider import FakeProvider
from tests.support.tally import TALLY

pytestmark = pytest.mark.database

SIGN_OUT = {"DELETE /v1/sessions/current", "DELETE /v1/sessions"}
EVERYBODY = (*ROLES, *SCOPES, CUSTOMER)
KNOCKED = {name: grants for name, grants in GRANTS.items() if not name.startswith("WS ")}
"""The socket's own refusals are in `tests/realtime/test_socket.py`."""


def names_of(route: BaseRoute) -> list[str]:
    path = getattr(route, "path", "")
    methods = getattr(route, "methods", None)
    return [f"{method} {path}" for method in sorted(methods - {"HEAD"})] if methods else [f"WS {path}"]


def declared(app: FastAPI) -> dict[str, str]:
    """What the code says, in the words of the table."""
    found: dict[str, str] = {}
    for route in app.routes:
        grants = frozenset[str]().union(*route.requirements) if isinstance(route, Door) else frozenset[str]()
        found |= {name: " ".join(one for one in EVERYBODY if one in grants) for name in names_of(route)}
    return found


def is_let_in(answer: Response) -> bool:
    """Whether the door was opened; what the endpoint then said of nonsense does not matter."""
    refusals = {401: "/unauthorized", 403: "/forbidden"}
    refusal = refusals.get(answer.status_code)
    return refusal is None or not answer.json()["type"].endswith(refusal)


def tried(answer: Response, *, meant: bool) -> bool:
    """Whether the door did what it was meant to do; counted."""
    return TALLY.tried(let_in=is_let_in(answer), meant=meant)


@pytest.fixture(scope="module")
async def company(server_uri: str, settings: Settings) -> AsyncIterator[tuple[Client, Names]]:
    name = f"matrix_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    clock = VirtualClock(MONDAY_MORNING)
    with_provider = settings.model_copy(update=provider.SETTINGS)
    app = make_app(database, clock, with_provider, provider_transport=FakeProvider(clock).transport)
    yield await founded(await make_client(app))
    await database.close()
    await postgres.drop_database(server_uri, name)


def test_table_and_code_say_the_same(settings: Settings, shared_database: Database) -> None:
    app = create_app(Services(shared_database, VirtualClock(MONDAY_MORNING), settings))

    TALLY.routes = len(GRANTS)
    assert declared(app) == GRANTS


def test_no_route_asks_for_two_grants_at_once(settings: Settings, shared_database: Database) -> None:
    """The table could not say it."""
    app = create_app(Services(shared_database, VirtualClock(MONDAY_MORNING), settings))

    assert [route.path for route in app.routes if isinstance(route, Door) and len(route.requirements) > 1] == []


async def knock(client: Client, name: str, headers: dict[str, str] | None = None) -> Response:
    """A request without sense, so that nothing happens behind the door."""
    method, path = name.split(" ")
    place = path.replace("{", "").replace("}", "").replace(":path", "")
    return await client.request(method, place, headers=headers)


@pytest.mark.parametrize("who", EVERYBODY)
async def test_doors_open_for_the_grants_declared_and_for_no_other(company: tuple[Client, Names], who: str) -> None:
    client, _ = company
    wrong: list[str] = []
    for name, grants in KNOCKED.items():
        caller = client.as_(who) if name not in SIGN_OUT else client.with_token(await fresh(client, who))
        if not tried(await knock(caller, name), meant=grants == PUBLIC or who in grants.split()):
            wrong.append(name)

    assert wrong == []


async def fresh(client: Client, who: str) -> str:
    """A token that nobody else needs."""
    services: Services = client.app.state.services
    async with services.database.transaction() as session:
        if who == CUSTOMER:
            return client.tokens[who]
        if who in SCOPES:
            return (await a_key(session, services.clock, who)).secret
        return await a_person(session, services.clock, services.settings, who)


@pytest.fixture(scope="module")
async def brought(company: tuple[Client, Names]) -> dict[str, dict[str, str]]:
    """Grant → what somebody brings, as `CREDENTIALS` calls it → the token; each would do if it still held."""
    client, names = company
    services: Services = client.app.state.services
    found: dict[str, dict[str, str]] = {}
    async with services.database.transaction() as session:
        for scope in SCOPES:
            found[scope] = await keys_of(session, services.clock, scope)
        for role in ROLES:
            found[role] = await sign_ins_of(session, services, role)
        found[CUSTOMER] = await tokens_of_customer(session, services)
    for role in ROLES:
        found[role] |= await tickets_of(client, role, found[role]["a sign-in"])
    state = (await client.get("/v1/oidc/sign-in")).headers["set-cookie"].partition("=")[2].partition(";")[0]
    looks = {"a guess": f"dw_admin_{'A' * 43}", "the state of a sign-in under way": state}
    looks["the cursor of a list"] = names["cursor"]
    return {grant: {**tokens, **looks} for grant, tokens in found.items()}


async def keys_of(session: Session, clock: Clock, scope: str) -> dict[str, str]:
    good, expired, revoked, rotated = [await a_key(session, clock, scope) for _ in range(4)]
    now = clock.now()
    await session.flush()
    await session.execute("UPDATE machine_keys SET expires_at = $2 WHERE id = $1", expired.key.id, now)
    await session.execute("UPDATE machine_keys SET revoked_at = $2 WHERE id = $1", revoked.key.id, now)
    await keys.rotate(session, rotated.key.id, grace=timedelta(0), now=now, new_id=new_id)
    return {
        "a machine key": good.secret,
        "an expired key": expired.secret,
        "a revoked key": revoked.secret,
        "a key that was rotated without grace": rotated.secret,
    }


ENDINGS = {
    "a sign-in": None,
    "an expired sign-in": "UPDATE sign_ins SET expires_at = $2 WHERE token_hash = $1",
    "an ended sign-in": "UPDATE sign_ins SET ended_at = $2 WHERE token_hash = $1",
}


async def sign_ins_of(session: Session, services: Services, role: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for what, change in ENDINGS.items():
        found[what] = await a_person(session, services.clock, services.settings, role)
        if change is not None:
            await session.execute(change, digest(found[what].encode()), services.clock.now())
    subject = f"{role} at the provider"
    token = await a_person(session, services.clock, services.settings, role)
    await session.execute(SUBJECT, digest(token.encode()), provider.ISSUER, subject)
    return {**found, **foreign(FakeProvider(services.clock), subject)}


async def tokens_of_customer(session: Session, services: Services) -> dict[str, str]:
    now, ours = services.clock.now(), services.customer_tokens
    key, revoked = [await a_key(session, services.clock, "control_center") for _ in range(2)]
    await session.flush()
    await session.execute("UPDATE machine_keys SET revoked_at = $2 WHERE id = $1", revoked.key.id, now)
    elsewhere = CustomerTokens(services.database, services.secret, "elsewhere", id_of)
    forged = CustomerTokens(services.database, b"another secret", services.settings.token_audience, id_of)
    return {
        "a customer's token": ours.issue("K-1", key.key.id, now)[0],
        "a customer's token that is over": ours.issue("K-1", key.key.id, now - timedelta(hours=1))[0],
        "a customer's token, asked for with a revoked key": ours.issue("K-1", revoked.key.id, now)[0],
        "a customer's token for another audience": elsewhere.issue("K-1", key.key.id, now)[0],
        "a customer's token that somebody else signed": forged.issue("K-1", key.key.id, now)[0],
    }


SUBJECT = """
UPDATE accounts SET issuer = $2, subject = $3
WHERE id = (SELECT account_id FROM sign_ins WHERE token_hash = $1)
"""


def foreign(there: FakeProvider, subject: str) -> dict[str, str]:
    """Tokens of the identity provider's, and what only looks like them."""
    now = int(there.clock.now().timestamp())
    claims = {"aud": provider.AUDIENCE, "sub": subject}
    public = provider.rsa("k1").as_pem(private=False)
    return {
        "an access token for us": there.access(subject),
        "an access token for another audience": there.access(subject, aud="another-api"),
        "an access token of another issuer": there.access(subject, iss="https://elsewhere.example"),
        "an access token that is over": there.access(subject, exp=now - 60),
        "an access token with another's signature": there.signed(claims, key=provider.rsa("another's"), kid="k1"),
        "an access token without a signature": provider.forged(claims, "none", b"", now),
        "an access token signed with the public key as a secret": provider.forged(claims, "HS256", public, now),
        "an ID token": there.signed({"aud": provider.CLIENT, "sub": subject, "nonce": "n"}),
        "a logout token": there.logout(sub=subject),
    }


async def tickets_of(client: Client, role: str, token: str) -> dict[str, str]:
    """A good one, one that was used, and one of half a minute ago; an auditor gets none."""
    services: Services = client.app.state.services
    answers = [await client.with_token(token).post("/v1/stream/tickets") for _ in range(3)]
    if role == "auditor":
        assert {answer.status_code for answer in answers} == {403}
        return {}
    good, used, old = (answer.json()["ticket"] for answer in answers)
    async with services.database.transaction() as session:
        assert await tickets.redeem(session, used, services.clock.now()) is not None
        await session.execute(
            "UPDATE stream_tickets SET expires_at = $2 WHERE ticket_hash = $1",
            digest(old.encode()),
            services.clock.now(),
        )
    return {"a ticket": good, "a ticket that was used": used, "a ticket of half a minute ago": old}


def test_everything_that_somebody_may_bring_has_a_row(brought: dict[str, dict[str, str]]) -> None:
    assert {name for tokens in brought.values() for name in tokens} == CREDENTIALS.keys()


BOUND = {"GET /v1/sessions/current", "DELETE /v1/sessions/current", "POST /v1/stream/tickets"}
"""Doors for those who have signed in here: an access token of the provider's has no session of ours behind it."""


@pytest.mark.parametrize("way", ["bearer", "cookie"])
async def test_doors_open_for_what_is_a_credential_and_for_nothing_else(
    company: tuple[Client, Names], brought: dict[str, dict[str, str]], way: str
) -> None:
    """Every route with all that a holder of its grants might bring, good or ended or meant for another use."""
    client, _ = company
    wrong: list[str] = []
    for name, grants in KNOCKED.items():
        for grant in (grants or "admin").split():
            for what, token in brought[grant].items():
                if name in SIGN_OUT or (what == "an access token for us" and name in BOUND):
                    continue
                meant = grants == PUBLIC or way in CREDENTIALS[what].split()
                answer = await knock(client, name, with_(token, way))
                if not tried(answer, meant=meant) or (not meant and answer.status_code != 401):
                    wrong.append(f"{name}: {what} ({grant}) gets {answer.status_code}")

    assert wrong == []


def with_(token: str, way: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if way == "bearer" else {"Cookie": f"durchwahl_session={token}"}


async def test_stream_opens_for_a_ticket_and_for_nothing_else(
    company: tuple[Client, Names], brought: dict[str, dict[str, str]]
) -> None:
    client, _ = company
    services: Services = client.app.state.services
    stream = Stream(services.database, services.clock)
    wrong: list[str] = []
    for grant, tokens in brought.items():
        for what, token in tokens.items():
            let_in = await stream.enter(token, Notes()) is not None
            if not TALLY.tried(let_in=let_in, meant="hello" in CREDENTIALS[what].split()):
                wrong.append(f"{what} ({grant})")

    assert wrong == []


async def test_no_door_opens_for_a_stranger(company: tuple[Client, Names]) -> None:
    client, _ = company
    wrong = [
        name
        for name, grants in KNOCKED.items()
        if not tried(await knock(client.as_(None), name), meant=grants == PUBLIC)
    ]

    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
async def test_access_token_opens_what_the_role_opens(
    company: tuple[Client, Names], brought: dict[str, dict[str, str]], role: str
) -> None:
    client, _ = company
    caller = client.with_token(brought[role]["an access token for us"])
    wrong = [
        name
        for name, grants in KNOCKED.items()
        if name not in {*BOUND, *SIGN_OUT}
        and not tried(await knock(caller, name), meant=grants == PUBLIC or role in grants.split())
    ]

    assert wrong == []


ACTORS = {
    "advisor": {"anna": {"own": "anna", "group": "ben", "other": "carl"}},
    "lead": {
        "lea": {"own": "lea", "led": "ben", "other": "carl"},
        "luis": {"own": "luis", "led": "carl", "other": "ben"},
    },
    "supervisor": {"supervisor": {"other": "carl"}},
    "auditor": {"auditor": {"other": "carl"}},
}
"""Role → who has it → whose things lie how far from them. Leads sit elsewhere than those they lead."""

WEEK = {"starts_at": "2026-12-14T00:00:00+01:00", "ends_at": "2026-12-15T00:00:00+01:00", "kind": "vacation"}
BODIES = {
    "POST /v1/advisors/{advisor_id}/absences": WEEK,
    "POST /v1/contacts/{contact_id}/messages": {"text": "Guten Tag"},
}
PREFIXES = {"advisor_id": "adv", "absence_id": "abs", "offer_id": "off", "contact_id": "con", "note_id": "note"}
CALLS = {"anna": "ringing", "carl": "talking", "ben": "over"}
UNKNOWN = UUID(int=7)
TRACED = {"X-Request-Id": "trace-0123456789abcdef"}


def thing(names: Names, parameter: str, whose: str) -> str | None:
    """The id of that advisor's contact, offer, absence, or of themselves; None where they have none."""
    kind = parameter.removesuffix("_id")
    if kind == "advisor":
        return names[whose]
    if kind == "absence":
        return names.get(f"abs_{whose}")
    return names.get(f"{kind[:3]}_{CALLS.get(whose)}")


@pytest.mark.parametrize("name", REACH)
async def test_a_grant_goes_as_far_as_declared(company: tuple[Client, Names], name: str) -> None:
    """What lies beyond is answered byte for byte as what is not there."""
    client, names = company
    method, path = name.split(" ")
    parameter = path.partition("{")[2].partition("}")[0]
    prefix = PREFIXES[parameter]

    async def ask(actor: str, identifier: str) -> Response:
        body = BODIES.get(name, {}) if method == "POST" else None
        return await client.as_(actor).request(
            method, path.replace(f"{{{parameter}}}", identifier), json=body, headers=TRACED
        )

    for role, reach in REACH[name].items():
        for actor, things in ACTORS[role].items():
            unknown = await ask(actor, encode(prefix, UNKNOWN))
            for distance, whose in things.items():
                identifier = thing(names, parameter, whose)
                if identifier is None:
                    continue
                answer = await ask(actor, identifier)
                where = f"{actor} on {whose}'s ({distance})"
                meant = reach == "all" or distance in reach.split()
                TALLY.tried(let_in=answer.content != unknown.content, meant=meant)
                if meant:
                    assert answer.status_code in (200, 201, 204, 409), f"{where}: {answer.text}"
                else:
                    assert answer.status_code in (403, 404), where
                    assert answer.content == unknown.content, where


def test_what_reaches_only_so_far_is_granted_to_the_same_roles() -> None:
    for name, reach in REACH.items():
        assert set(GRANTS[name].split()) == set(reach), name
