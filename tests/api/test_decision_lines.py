"""A line of the log leads from a request, or a loop, to each decision that it has made: ids and codes only."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any
from uuid import UUID

import pytest

from api.app import create_app
from api.exchange import exchange_of
from api.services import Services
from decisions import service as decisions
from kit.actors import acting
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from kit.settings import Settings
from tests.nasty.company import GENERAL
from tests.support.api import Client, Response, make_client
from tests.support.builders import a_customer, a_desk_group, a_number, a_private_number, an_advisor
from worker.loops import Worker

pytestmark = pytest.mark.database


class Heard:
    """A company with one advisor, and the lines that the application writes."""

    def __init__(self, client: Client, phones: list[str], written: pytest.CaptureFixture[str]) -> None:
        self.client, self.phones = client, phones
        self._written, self._lines = written, ""

    @property
    def services(self) -> Services:
        found: Services = self.client.app.state.services
        return found

    async def call(self, call_id: str, phone: str) -> Response:
        body = {"call_id": call_id, "from": phone, "to": GENERAL}
        return await self.client.as_("telephony").post("/v1/telephony/calls", json=body)

    def decided(self) -> list[dict[str, Any]]:
        self.client.app.state.access_log.flush()
        self._lines += self._written.readouterr().err
        lines = map(json.loads, self._lines.splitlines())
        return [line for line in lines if line["event"] == "decided"]


@pytest.fixture
async def heard(
    database: Database, clock: VirtualClock, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> Heard:
    client = await make_client(create_app(Services(database, clock, settings)))
    phones = [a_private_number() for _ in range(2)]
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        for phone in phones:
            await a_customer(session, advisor=await an_advisor(session, group=group), phones=(phone,))
        await a_number(session, number=GENERAL, kind="general")
    return Heard(client, phones, capsys)


async def kept(database: Database) -> set[tuple[str, str]]:
    async with database.reading() as session:
        rows = await session.fetch("SELECT id, subject FROM decisions")
    return {(encode("dec", row["id"]), row["subject"]) for row in rows}


async def test_request_leads_to_its_decision(heard: Heard, database: Database) -> None:
    answer = await heard.call("pbx-1", heard.phones[0])

    (line,) = heard.decided()
    assert {(line["decision"], line["subject"])} == await kept(database)
    assert line["subject"] == answer.json()["contact_id"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["kind"], line["actor"][:4]) == ("route", "key_")
    assert heard.phones[0] not in str(line)


async def test_calls_decided_together_each_lead_to_their_own(heard: Heard, database: Database) -> None:
    answers = await asyncio.gather(*(heard.call(f"pbx-{n}", phone) for n, phone in enumerate(heard.phones * 2)))

    found = {line["subject"]: line["request_id"] for line in heard.decided()}
    assert found == {answer.json()["contact_id"]: answer.headers["x-request-id"] for answer in answers}


async def test_loop_leads_to_its_decision(heard: Heard, database: Database) -> None:
    services = heard.services
    async with database.transaction() as session:
        await session.execute("UPDATE presences SET state = 'meeting'")
    await heard.call("pbx-1", heard.phones[0])
    await heard.client.as_("telephony").post(
        "/v1/telephony/calls/pbx-1/events", json={"type": "digits", "leg": "caller", "digits": "1"}
    )
    before = heard.decided()
    async with database.transaction() as session:
        await session.execute("UPDATE presences SET state = 'available'")

    with acting("loop:dispatch"):
        await Worker(services.database, exchange_of(services), services.clock).dispatching.run_once()

    (line,) = heard.decided()[len(before) :]
    assert (line["actor"], line["subject"]) == ("loop:dispatch", before[0]["subject"])
    assert "request_id" not in line
    assert (line["decision"], line["subject"]) in await kept(database)


async def test_activation_leads_to_its_decision(heard: Heard, database: Database) -> None:
    async with database.transaction() as session:
        await a_customer(session, external_ref="K-9")
        await a_number(session)

    answer = await heard.client.as_("control_center").post("/v1/customers/K-9/advisor", json={})

    (line,) = heard.decided()
    assert (line["decision"], line["kind"]) == (answer.json()["decision_id"], "activation")


async def test_decision_that_was_undone_is_not_told(heard: Heard, database: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with database.transaction() as session:
            decisions.tell(session, UUID(int=1), "route", "con_1")
            raise ZeroDivisionError
    async with database.transaction() as session:
        with contextlib.suppress(ZeroDivisionError):
            async with session.savepoint():
                decisions.tell(session, UUID(int=1), "route", "con_1")
                raise ZeroDivisionError

    assert heard.decided() == []
