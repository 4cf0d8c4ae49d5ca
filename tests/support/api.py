"""The application on a database, and a client that comes as whoever a test needs.

    async def test_something(client: Client) -> None:
        answer = await client.as_("control_center").post("/v1/…", json={…})

The fixtures `app`, `services` and `client` are for `tests/api`; another folder's conftest imports them from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI

from accounts import keys, service
from accounts.models import ROLES, SCOPES, Account
from accounts.roles import CUSTOMER
from api.app import Services, create_app
from kit.clock import Clock, LiveClock, VirtualClock
from kit.database import Database, Session
from kit.ids import new_id
from kit.settings import Settings
from tests.support.tally import TALLY

MAY_CREATE = re.compile("/v1/(customers|markets|products)/[^/]+$")
"""What a PUT creates where it isn't there has no version that could be named."""

NO_HASH = "not a hash"

Response: TypeAlias = httpx2.Response


def make_app(database: Database, clock: Clock, settings: Settings, **more: Any) -> FastAPI:
    """The whole application; its lifespan does not run, so nothing runs beside the requests."""
    quiet = settings.model_copy(update={"access_log": False})
    return create_app(Services(database, clock, quiet, **more))


def nowhere() -> FastAPI:
    """The application for a look at its routes: nothing connects."""
    settings = Settings(environment="test", access_log=False, _env_file=None)
    return create_app(Services(Database("postgresql://nowhere/x", settings), LiveClock(), settings))


class Client:
    """Sends requests to the application in this process; POSTs get a fresh `Idempotency-Key`, and what changes
    something that is there changes it as it is (`If-Match: *`).

    A header that is None is not sent: `headers={"Idempotency-Key": None}`.
    """

    def __init__(self, app: FastAPI, tokens: Mapping[str, str], who: str | None = None) -> None:
        self.app = app
        self.tokens = dict(tokens)
        self.who = who
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://durchwahl.test")

    def as_(self, who: str | None) -> Client:
        """The same application as somebody with this role or scope; None: a stranger."""
        return Client(self.app, self.tokens, who)

    def with_token(self, token: str) -> Client:
        return Client(self.app, {**self.tokens, "somebody": token}, "somebody")

    async def request(self, method: str, path: str, **more: Any) -> Response:
        headers = dict(more.pop("headers", None) or {})
        if self.who is not None:
            headers.setdefault("Authorization", f"Bearer {self.tokens[self.who]}")
        if method == "POST":
            headers.setdefault("Idempotency-Key", str(uuid4()))
        if method in {"POST", "PATCH", "DELETE"} or (method == "PUT" and not MAY_CREATE.match(path)):
            headers.setdefault("If-Match", "*")
        sent = {name: value for name, value in headers.items() if value is not None}
        answer = await self.http.request(method, path, headers=sent, **more)
        TALLY.answered(answer.status_code)
        return answer

    async def get(self, path: str, **more: Any) -> Response:
        return await self.request("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Response:
        return await self.request("POST", path, **more)

    async def put(self, path: str, **more: Any) -> Response:
        return await self.request("PUT", path, **more)

    async def patch(self, path: str, **more: Any) -> Response:
        return await self.request("PATCH", path, **more)

    async def delete(self, path: str, **more: Any) -> Response:
        return await self.request("DELETE", path, **more)


async def a_key(session: Session, clock: Clock, *scopes: str, **more: Any) -> keys.Issued:
    return await keys.issue(session, name=f"test {scopes}", scopes=scopes, now=clock.now(), new_id=new_id, **more)


async def a_person(
    session: Session, clock: Clock, settings: Settings, role: str, advisor_id: UUID | None = None
) -> str:
    """Somebody who is signed in; returns the token. No password, as hashing one takes 50 ms."""
    now = clock.now()
    identifier = new_id(now)
    account = Account(
        id=identifier,
        email=f"{identifier}@desk.example",
        name=f"Test {role}",
        password_hash=NO_HASH,
        role=role,
        advisor_id=advisor_id,
        created_at=now,
    )
    session.orm.add(account)
    await session.orm.flush()
    token, _ = await service.begin(session, identifier, now, settings.session_lifetime)
    return token


async def tokens_for_all(services: Services) -> dict[str, str]:
    """A token for each scope and each role, and for the customer K-1."""
    clock = services.clock
    async with services.database.transaction() as session:
        keys_of = {scope: await a_key(session, clock, scope) for scope in SCOPES}
        people = {role: await a_person(session, clock, services.settings, role) for role in ROLES}
    customer, _ = services.customer_tokens.issue("K-1", keys_of["control_center"].key.id, clock.now())
    return {**{scope: key.secret for scope, key in keys_of.items()}, **people, CUSTOMER: customer}


async def make_client(app: FastAPI) -> Client:
    """A stranger; `client.as_("telephony")` and the like are known."""
    services: Services = app.state.services
    return Client(app, await tokens_for_all(services))


@pytest.fixture
def app(database: Database, clock: VirtualClock, settings: Settings) -> FastAPI:
    return make_app(database, clock, settings)


@pytest.fixture
def services(app: FastAPI) -> Services:
    found: Services = app.state.services
    return found


@pytest.fixture
async def client(app: FastAPI) -> Client:
    return await make_client(app)
