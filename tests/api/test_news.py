"""A switch that waits for what comes next is answered by the log, not by looking again and again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from advisors.models import Advisor
from api import news
from api.exchange import exchange_of
from api.services import Services
from api.stream import STREAM
from contacts import desk, dispatch
from kit.database import Database, Session
from realtime.stream import Stream
from tests.support.api import Client
from tests.support.builders import a_customer, a_desk_group, a_number, a_private_number, an_advisor

MARKET_NUMBER = "+493023125900"


@pytest.fixture
def never_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backstop would hide a bell that is deaf."""
    monkeypatch.setattr(news, "BACKSTOP_S", 60.0)


@pytest.fixture
async def stream(services: Services) -> Stream:
    """The log as this process reads it, whenever a test says so."""
    stream = services.extras[STREAM] = Stream(services.database, services.clock)
    await stream.follow()
    return stream


@pytest.fixture
async def ben(database: Database) -> Advisor:
    """Anna and Ben are both in a meeting."""
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, group=group, skills={"hosting": 3}, state="meeting")
        ben = await an_advisor(session, group=group, skills={"hosting": 3}, state="meeting")
        await a_customer(session, external_ref="4711", advisor=anna, phones=(CALLER,))
        await a_number(session, number=MARKET_NUMBER, kind="general")
    return ben


CALLER = a_private_number()

MAKE_DUE = """
UPDATE callbacks SET state = 'due', owner_state = 'handed_to_group', owner_reason = 'own_advisor_away',
    window_starts_at = $1, window_ends_at = $1::timestamptz + interval '5 min', next_action_at = $1
"""


async def a_caller_who(client: Client, presses: str) -> None:
    switch = client.as_("telephony")
    await switch.post("/v1/telephony/calls", json={"call_id": "pbx-1", "from": CALLER, "to": MARKET_NUMBER})
    pressed = {"event_id": "e-1", "type": "digits", "leg": "caller", "digits": presses}
    await switch.post("/v1/telephony/calls/pbx-1/events", json=pressed)


async def is_free(services: Services, advisor: Advisor) -> None:
    """Somebody comes out of the meeting, and whoever frees an advisor dispatches."""
    exchange, now = exchange_of(services), services.clock.now()

    async def work(session: Session) -> Any:
        await desk.choose(session, exchange, advisor.id, "available", now)
        return await dispatch.dispatch(session, exchange, now)

    await services.database.run(work)


async def asked(waiting: asyncio.Task[Any], stream: Stream) -> None:
    """Until the request has hung up its bell."""
    while not stream.bells._hung and not waiting.done():  # noqa: ASYNC110  # one turn of the loop at a time
        await asyncio.sleep(0)


async def told(waiting: asyncio.Task[Any], stream: Stream) -> Any:
    """The answer, before the time is over for which the request would wait. A transaction of another test may hold
    the log back for a moment."""
    async with asyncio.timeout(8):
        while not waiting.done():
            await stream.follow()
            await asyncio.sleep(0)
    return await waiting


async def test_a_waiting_call_is_told_as_soon_as_somebody_is_free(
    client: Client, services: Services, stream: Stream, ben: Advisor, never_looks: None
) -> None:
    await a_caller_who(client, presses="1")
    waiting = asyncio.create_task(client.as_("telephony").get("/v1/telephony/calls/pbx-1/wait"))
    await asked(waiting, stream)

    await is_free(services, ben)
    answer = await told(waiting, stream)

    assert [verb["verb"] for verb in answer.json()["verbs"]] == ["dial"]


async def test_a_switch_that_waits_for_dials_is_told_as_soon_as_one_is_due(
    client: Client, services: Services, stream: Stream, ben: Advisor, never_looks: None
) -> None:
    await a_caller_who(client, presses="2")
    async with services.database.transaction() as session:
        now = services.clock.now()
        await session.execute(MAKE_DUE, now)
    waiting = asyncio.create_task(client.as_("telephony").post("/v1/telephony/dials/claim?for_s=10"))
    await asked(waiting, stream)

    await is_free(services, ben)
    answer = await told(waiting, stream)

    assert len(answer.json()["dials"]) == 1


async def test_whoever_waits_in_vain_is_answered_when_the_time_is_over(
    client: Client, stream: Stream, ben: Advisor
) -> None:
    await a_caller_who(client, presses="1")

    answer = await client.as_("telephony").get("/v1/telephony/calls/pbx-1/wait?for_s=0.05")

    assert answer.json()["verbs"][-1]["verb"] == "wait"
