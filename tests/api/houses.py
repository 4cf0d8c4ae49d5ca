"""The service with an identity provider and a browser, for everything about signing in elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import Account
from api.services import Services
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import new_id
from kit.settings import Settings
from tests.conftest import MONDAY_MORNING
from tests.support import postgres
from tests.support.api import NO_HASH, Client, make_app, make_client
from tests.support.api import Response as Answer
from tests.support.provider import ISSUER, SETTINGS, FakeProvider

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
async def shared_house(server_uri: str, settings: Settings) -> AsyncIterator[Database]:
    name = f"oidc_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    yield database
    await database.close()
    await postgres.drop_database(server_uri, name)


@pytest.fixture
async def house(shared_house: Database, settings: Settings) -> House:
    clock = VirtualClock(MONDAY_MORNING)
    async with shared_house.transaction() as session:
        await session.execute("UPDATE accounts SET issuer = NULL, subject = NULL, email = id || '@old.example'")
    provider = FakeProvider(clock)
    app = make_app(shared_house, clock, settings.model_copy(update=SETTINGS), provider_transport=provider.transport)
    return House(await make_client(app), provider, clock)
