"""Every route that writes leaves rows in the audit, each with who did it; so does every loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from api.services import Services
from kit.actors import acting
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.api.role_matrix import GRANTS
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.privacy import canaries
from tests.support import postgres
from tests.support.api import Client, make_app, make_client
from tests.support.world import an_exchange
from worker.loops import Worker

pytestmark = pytest.mark.database

WITHOUT = {
    "POST /v1/customers/{external_ref}/token": "hands out a token that nobody keeps",
    "POST /v1/oidc/logout": "in test_oidc_tokens, where there is an identity provider",
    "POST /v1/stream/tickets": "opens a stream once; nothing is changed by it",
    "POST /v1/desk/heartbeat": "a sign of life",
    "POST /v1/markets/{market_id}/policies/preview": "nothing is changed",
    "POST /v1/telephony/registrations": "a sign of life",
    "POST /v1/advisors/{advisor_id}/hand-over": "each customer's change is noted; here the book is empty",
    "POST /v1/callback-answers/{token}": "a customer's, in test_callback_answers, where somebody is asked",
    "POST /v1/telephony/dials/claim": "in test_dials_are_noted",
    "POST /v1/telephony/dials/{token}/events": "in test_dials_are_noted",
}
WRITING = {name for name in GRANTS if name.split(" ")[0] in {"POST", "PUT", "PATCH", "DELETE"}} - WITHOUT.keys()


@pytest.fixture(scope="module")
async def company(server_uri: str, settings: Settings) -> AsyncIterator[tuple[Client, Names]]:
    name = f"audited_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    app = make_app(database, VirtualClock(MONDAY_MORNING), settings)
    yield await founded(await make_client(app))
    await database.close()
    await postgres.drop_database(server_uri, name)


async def since(services: Services, identifier: int) -> list[dict[str, object]]:
    async with services.database.reading() as session:
        return await session.fetch(
            "SELECT id, actor, request_id, action FROM audit WHERE id > $1 ORDER BY id", identifier
        )


async def test_every_route_that_writes_leaves_rows_with_a_name(company: tuple[Client, Names]) -> None:
    client, names = company
    services: Services = client.app.state.services
    before = int(str((await since(services, 0))[-1]["id"]))
    unnamed, seen, heard = [], set[str](), set[str]()
    async for step, answer in canaries.walked(client, dict(names)):
        rows = await since(services, before)
        before = max((int(str(row["id"])) for row in rows), default=before)
        seen.add(step.route)
        if rows:
            heard.add(step.route)
        for row in (row for row in rows if not str(row["actor"]).startswith("loop:")):
            by_request = row["request_id"] == answer.headers["x-request-id"]
            if not by_request or not str(row["actor"]).startswith(("acc_", "key_")):
                unnamed.append((step.route, dict(row)))

    assert unnamed == []
    assert seen - heard == set()
    assert seen == WRITING


async def test_dials_are_noted(company: tuple[Client, Names]) -> None:
    """Loops have names, too: what falls due and is dispatched is on their account."""
    client, _ = company
    services: Services = client.app.state.services
    worker = Worker(services.database, an_exchange(), services.clock)
    before = int(str((await since(services, 0))[-1]["id"]))
    async with services.database.transaction() as session:
        await session.execute(
            "UPDATE callbacks SET window_starts_at = $1, next_action_at = $1 WHERE final_at IS NULL",
            services.clock.now(),
        )
        await session.execute(
            "UPDATE presences SET lease_until = $1::timestamptz + interval '1 h' WHERE state = 'available'",
            services.clock.now(),
        )
    for loop in ("deadlines", "dispatch"):
        with acting(f"loop:{loop}"):
            await (worker.deadlines_once() if loop == "deadlines" else worker.dispatching.run_once())
    switch = client.as_("telephony")
    for dial in (await switch.post("/v1/telephony/dials/claim")).json()["dials"]:
        await switch.post(dial["event_url"], json={"type": "answered", "leg": "advisor"})

    rows = await since(services, before)
    assert {row["actor"] for row in rows} >= {"loop:deadlines"}
    assert not [row for row in rows if row["actor"] == "unknown"]


async def test_nothing_but_the_tests_themselves_was_done_by_nobody(company: tuple[Client, Names]) -> None:
    """The company was founded past the doors; all that came later has a name."""
    client, _ = company
    services: Services = client.app.state.services
    async with services.database.reading() as session:
        unnamed = await session.fetch("SELECT DISTINCT action FROM audit WHERE actor = 'unknown'")

    assert {row["action"] for row in unnamed} <= {"account.signed_in", "machine_key.issued"}


async def test_calls_that_share_a_transaction_keep_their_own_requests(company: tuple[Client, Names]) -> None:
    import asyncio

    client, _ = company
    switch = client.as_("telephony")
    bodies = [{"call_id": f"together-{n}", "from": f"+4989999986{n:02}", "to": "+493023125900"} for n in range(8)]

    answers = await asyncio.gather(*(switch.post("/v1/telephony/calls", json=body) for body in bodies))

    services: Services = client.app.state.services
    async with services.database.reading() as session:
        for answer in answers:
            row = await session.fetch_row(
                "SELECT request_id FROM audit WHERE subject = $1", answer.json()["contact_id"]
            )
            assert row is not None
            assert row["request_id"] == answer.headers["x-request-id"]
