"""What is taken back here is over on every replica within five seconds: no 2xx, no frame of the stream (I35)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.tokens import digest
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from kit.settings import Settings
from realtime.stream import Stream
from tests.api.test_transactional import services_of
from tests.conftest import MONDAY_MORNING
from tests.realtime.listening import Notes
from tests.realtime.writing import note
from tests.support import postgres, provider
from tests.support.api import Client, a_key, a_person, make_app, make_client
from tests.support.builders import a_market
from tests.support.provider import FakeProvider
from tests.support.tally import TALLY

pytestmark = pytest.mark.database

ALLOWED_S = 5
SUBJECT = """
UPDATE accounts SET issuer = $2, subject = $3
WHERE id = (SELECT account_id FROM sign_ins WHERE token_hash = $1)
"""
SESSION_AT_PROVIDER = "UPDATE sign_ins SET provider_session = 'sid-1' WHERE token_hash = $1"


@dataclass
class Replicas:
    """Two processes' worth of application on one database, under one clock."""

    here: Client
    there: Client
    stream: Stream
    clock: VirtualClock
    provider: FakeProvider

    async def person(self, role: str = "supervisor") -> tuple[str, str]:
        """Somebody who is signed in, and known to the identity provider; token and account."""
        services = services_of(self.here)
        async with services.database.transaction() as session:
            token = await a_person(session, self.clock, services.settings, role)
            hashed = digest(token.encode())
            await session.execute(SUBJECT, hashed, provider.ISSUER, "somebody")
            await session.execute(SESSION_AT_PROVIDER, hashed)
            account = await session.fetch_value("SELECT account_id FROM sign_ins WHERE token_hash = $1", hashed)
        return token, encode("acc", account)

    async def listener(self, token: str) -> Notes:
        """A stream of theirs on the other replica, which has its snapshot."""
        ticket = (await self.there.with_token(token).post("/v1/stream/tickets")).json()["ticket"]
        notes = Notes()
        await self.stream.follow()
        listener = await self.stream.enter(ticket, notes)
        assert listener is not None
        await self.stream.subscribe(listener, frozenset({"all"}))
        return notes


@pytest.fixture(scope="module")
async def shared(server_uri: str, settings: Settings) -> AsyncIterator[Database]:
    name = f"ends_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    async with database.transaction() as session:
        await a_market(session)
    yield database
    await database.close()
    await postgres.drop_database(server_uri, name)


@pytest.fixture
async def replicas(shared: Database, settings: Settings) -> Replicas:
    clock = VirtualClock(MONDAY_MORNING)
    async with shared.transaction() as session:
        await session.execute("UPDATE accounts SET issuer = NULL, subject = NULL")
    there = FakeProvider(clock)
    settings = settings.model_copy(update=provider.SETTINGS)
    apps = [make_app(shared, clock, settings, provider_transport=there.transport) for _ in range(2)]
    here = await make_client(apps[0])
    stream = Stream(shared, clock, monotonic=lambda: clock.now().timestamp())
    return Replicas(here, Client(apps[1], here.tokens), stream, clock, there)


Ending = Callable[[Replicas, str, str], Awaitable[Any]]


async def signs_out(replicas: Replicas, token: str, _: str) -> Any:
    return await replicas.here.with_token(token).delete("/v1/sessions/current")


async def signs_out_everywhere(replicas: Replicas, token: str, _: str) -> Any:
    return await replicas.here.with_token(token).delete("/v1/sessions")


def is_changed(**change: Any) -> Ending:
    async def change_it(replicas: Replicas, _: str, account: str) -> Any:
        return await replicas.here.as_("admin").patch(f"/v1/accounts/{account}", json=change)

    return change_it


def at_provider(**claims: str) -> Ending:
    async def out(replicas: Replicas, *_: str) -> Any:
        return await replicas.here.post(
            "/v1/oidc/logout", data={"logout_token": replicas.provider.logout(**claims)}
        )

    return out


ENDINGS: dict[str, Ending] = {
    "signs out": signs_out,
    "signs out everywhere": signs_out_everywhere,
    "is deactivated": is_changed(active=False),
    "gets another role": is_changed(role="advisor"),
    "gets another password": is_changed(password="correct horse battery"),  # pragma: allowlist secret
    "ends the session at the provider": at_provider(sid="sid-1"),
    "is signed out by the provider": at_provider(sub="somebody"),
}
ONLY_SUPERVISORS = "/v1/customers/nobody"
"""404 for those who may ask, so that neither 401 nor 403 is anything but the door's."""


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
async def test_person_is_out_on_every_replica_and_hears_nothing_more(replicas: Replicas, ending: Ending) -> None:
    token, account = await replicas.person()
    both = [replicas.here.with_token(token), replicas.there.with_token(token)]
    notes = await replicas.listener(token)
    before = [(await client.get(ONLY_SUPERVISORS)).status_code for client in both]

    ended = await ending(replicas, token, account)
    replicas.clock.advance(ALLOWED_S)
    after = [(await client.get(ONLY_SUPERVISORS)).status_code for client in both]
    await note(services_of(replicas.here).database, "secret")
    await replicas.stream.follow()

    assert ended.status_code in (200, 204), ended.text
    assert before == [404, 404]
    assert all(TALLY.tried(let_in=status not in (401, 403), meant=False) for status in after), after
    assert notes.closed is not None
    assert notes.closed[0] == 1008
    assert notes.events() == []


@pytest.mark.parametrize("ending", ["signs out everywhere", "is deactivated", "is signed out by the provider"])
async def test_access_token_of_the_providers_is_over_on_every_replica(replicas: Replicas, ending: str) -> None:
    token, account = await replicas.person()
    access = replicas.provider.access("somebody")
    both = [replicas.here.with_token(access), replicas.there.with_token(access)]
    before = [(await client.get(ONLY_SUPERVISORS)).status_code for client in both]

    await ENDINGS[ending](replicas, token, account)
    replicas.clock.advance(ALLOWED_S)
    after = [(await client.get(ONLY_SUPERVISORS)).status_code for client in both]

    assert (before, after) == ([404, 404], [401, 401])


@pytest.mark.parametrize("how", ["revoked", "rotated without grace"])
async def test_key_is_over_on_every_replica(replicas: Replicas, how: str) -> None:
    services = services_of(replicas.here)
    async with services.database.transaction() as session:
        key = await a_key(session, replicas.clock, "control_center")
    both = [replicas.here.with_token(key.secret), replicas.there.with_token(key.secret)]
    path, admin = f"/v1/machine-keys/{encode('key', key.key.id)}", replicas.here.as_("admin")
    before = [(await client.get("/v1/markets")).status_code for client in both]

    done = await (admin.delete(path) if how == "revoked" else admin.post(f"{path}/rotate", json={"grace_s": 0}))
    replicas.clock.advance(ALLOWED_S)
    after = [(await client.get("/v1/markets")).status_code for client in both]

    assert done.status_code in (201, 204)
    assert (before, after) == ([200, 200], [401, 401])


async def test_answer_that_took_long_is_not_given_to_whom_it_is_no_longer_meant(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll of ten seconds, and the key is revoked on the other replica after the first of them."""
    services = services_of(replicas.there)
    async with services.database.transaction() as session:
        key = await a_key(session, replicas.clock, "telephony")
    call = {"call_id": f"pbx-{uuid4().hex}", "from": "anonymous", "to": "+493023125900"}
    switch = replicas.there.with_token(key.secret)
    assert (await switch.post("/v1/telephony/calls", json=call)).status_code == 200

    async def meanwhile(*_: object) -> bool:
        path = f"/v1/machine-keys/{encode('key', key.key.id)}"
        assert (await replicas.here.as_("admin").delete(path)).status_code == 204
        replicas.clock.advance(ALLOWED_S)
        return True

    monkeypatch.setattr("api.routes.telephony._waits", lambda _: not meanwhile_over(replicas))
    monkeypatch.setattr("api.routes.telephony._changed", meanwhile)

    answer = await switch.get(f"/v1/telephony/calls/{call['call_id']}/wait")

    assert answer.status_code == 401


def meanwhile_over(replicas: Replicas) -> bool:
    return replicas.clock.now() > MONDAY_MORNING + timedelta(seconds=1)


async def test_file_is_brought_in_no_further_once_the_key_is_revoked(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_of(replicas.there)
    async with services.database.transaction() as session:
        key = await a_key(session, replicas.clock, "control_center")
    lines = b"".join(b'{"external_ref": "F-%d", "market": "DE"}\n' % number for number in range(5000))

    async def body() -> AsyncIterator[bytes]:
        yield lines[: len(lines) // 2]
        path = f"/v1/machine-keys/{encode('key', key.key.id)}"
        assert (await replicas.here.as_("admin").delete(path)).status_code == 204
        replicas.clock.advance(ALLOWED_S)
        yield lines[len(lines) // 2 :]

    headers = {"Content-Type": "application/x-ndjson"}
    answer = await replicas.there.with_token(key.secret).post(
        "/v1/imports/customers", content=body(), headers=headers
    )

    assert answer.text.splitlines()[-1].startswith('{"done":false,"stopped":"unauthorized"')
