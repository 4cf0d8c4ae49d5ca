"""Every route, as everybody: let in as `role_matrix.py` declares, turned away otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute

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
from kit.ids import encode
from kit.settings import Settings
from tests.api.role_matrix import GRANTS, PUBLIC, REACH
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.support import postgres
from tests.support.api import Client, Response, a_key, a_person, make_app, make_client

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
    refused = answer.status_code == 403 and answer.json()["type"].endswith("/forbidden")
    return answer.status_code != 401 and not refused


@pytest.fixture(scope="module")
async def company(server_uri: str, settings: Settings) -> AsyncIterator[tuple[Client, Names]]:
    name = f"matrix_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    app = make_app(database, VirtualClock(MONDAY_MORNING), settings)
    yield await founded(await make_client(app))
    await database.close()
    await postgres.drop_database(server_uri, name)


def test_table_and_code_say_the_same(settings: Settings, shared_database: Database) -> None:
    app = create_app(Services(shared_database, VirtualClock(MONDAY_MORNING), settings))

    assert declared(app) == GRANTS


def test_no_route_asks_for_two_grants_at_once(settings: Settings, shared_database: Database) -> None:
    """The table could not say it."""
    app = create_app(Services(shared_database, VirtualClock(MONDAY_MORNING), settings))

    assert [route.path for route in app.routes if isinstance(route, Door) and len(route.requirements) > 1] == []


async def knock(client: Client, name: str) -> Response:
    """A request without sense, so that nothing happens behind the door."""
    method, path = name.split(" ")
    return await client.request(method, path.replace("{", "").replace("}", "").replace(":path", ""))


@pytest.mark.parametrize("who", EVERYBODY)
async def test_doors_open_for_the_grants_declared_and_for_no_other(company: tuple[Client, Names], who: str) -> None:
    client, _ = company
    wrong: list[str] = []
    for name, grants in KNOCKED.items():
        caller = client.as_(who) if name not in SIGN_OUT else client.with_token(await fresh(client, who))
        if is_let_in(await knock(caller, name)) != (grants == PUBLIC or who in grants.split()):
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
async def outsiders(company: tuple[Client, Names]) -> dict[str, dict[str, str]]:
    """Grant → what has become of it → a token; each would do if it still held."""
    client, _ = company
    services: Services = client.app.state.services
    ticket = (await client.as_("admin").post("/v1/stream/tickets")).json()["ticket"]
    looks = {"guessed": f"dw_admin_{'A' * 43}", "no token at all": "x", "a ticket for the stream": ticket}
    async with services.database.transaction() as session:
        ended = {scope: await ended_keys(session, services.clock, scope) for scope in SCOPES}
        ended |= {role: await ended_sign_ins(session, services, role) for role in ROLES}
        ended[CUSTOMER] = await ended_tokens(session, services)
    return {grant: {**tokens, **looks} for grant, tokens in ended.items()}


async def ended_keys(session: Session, clock: Clock, scope: str) -> dict[str, str]:
    expired, revoked = await a_key(session, clock, scope), await a_key(session, clock, scope)
    now = clock.now()
    await session.flush()
    await session.execute("UPDATE machine_keys SET expires_at = $2 WHERE id = $1", expired.key.id, now)
    await session.execute("UPDATE machine_keys SET revoked_at = $2 WHERE id = $1", revoked.key.id, now)
    return {"an expired key": expired.secret, "a revoked key": revoked.secret}


async def ended_sign_ins(session: Session, services: Services, role: str) -> dict[str, str]:
    now = services.clock.now()
    changes = {
        "an expired sign-in": "UPDATE sign_ins SET expires_at = $2 WHERE token_hash = $1",
        "a sign-in that was ended": "UPDATE sign_ins SET ended_at = $2 WHERE token_hash = $1",
        "somebody deactivated": "UPDATE accounts SET active = $2::timestamptz IS NULL "
        "WHERE id = (SELECT account_id FROM sign_ins WHERE token_hash = $1)",
    }
    found: dict[str, str] = {}
    for what, change in changes.items():
        found[what] = await a_person(session, services.clock, services.settings, role)
        await session.execute(change, digest(found[what].encode()), now)
    return found


async def ended_tokens(session: Session, services: Services) -> dict[str, str]:
    now = services.clock.now()
    key, revoked = [await a_key(session, services.clock, "control_center") for _ in range(2)]
    await session.flush()
    await session.execute("UPDATE machine_keys SET revoked_at = $2 WHERE id = $1", revoked.key.id, now)
    elsewhere = CustomerTokens(services.database, services.secret, "elsewhere", id_of)
    forged = CustomerTokens(services.database, b"another secret", services.settings.token_audience, id_of)
    return {
        "an expired token": services.customer_tokens.issue("K-1", key.key.id, now - timedelta(hours=1))[0],
        "a token of a revoked key": services.customer_tokens.issue("K-1", revoked.key.id, now)[0],
        "a token for another audience": elsewhere.issue("K-1", key.key.id, now)[0],
        "a token that somebody else signed": forged.issue("K-1", key.key.id, now)[0],
    }


async def test_no_door_opens_for_a_stranger_or_what_has_ended(
    company: tuple[Client, Names], outsiders: dict[str, dict[str, str]]
) -> None:
    client, _ = company
    wrong: list[str] = []
    for name, grants in KNOCKED.items():
        for grant in (grants or "admin").split():
            for what, token in outsiders[grant].items():
                answer = await knock(client.with_token(token), name)
                if (answer.status_code == 401) == (grants == PUBLIC):
                    wrong.append(f"{name}: {what} ({grant}) gets {answer.status_code}")
        if ((await knock(client.as_(None), name)).status_code == 401) == (grants == PUBLIC):
            wrong.append(f"{name}: a stranger")

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
BODIES = {"POST /v1/advisors/{advisor_id}/absences": WEEK}
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
    prefix = {"advisor_id": "adv", "absence_id": "abs", "offer_id": "off", "contact_id": "con"}[parameter]

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
                if reach == "all" or distance in reach.split():
                    assert answer.status_code in (200, 201, 204, 409), f"{where}: {answer.text}"
                else:
                    assert answer.status_code in (403, 404), where
                    assert answer.content == unknown.content, where


def test_what_reaches_only_so_far_is_granted_to_the_same_roles() -> None:
    for name, reach in REACH.items():
        assert set(GRANTS[name].split()) == set(reach), name
