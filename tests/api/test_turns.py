"""Calls go first: whoever crowds the other doors delays no caller, and hears when there is no room."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kit import turns
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from kit.turns import Turns
from tests.api.test_transactional import services_of
from tests.support.api import Client, make_app, make_client
from tests.support.builders import a_market

NO_TURN = {"turns": turns.REQUESTS, "report_turns": turns.REPORTS, "arrival_turns": turns.ARRIVALS}


@pytest.fixture
async def crowded(database: Database, clock: VirtualClock, settings: Settings) -> AsyncIterator[Client]:
    """Every turn there is has been taken."""
    async with database.transaction() as session:
        await a_market(session)
    client = await make_client(make_app(database, clock, settings))
    services = services_of(client)
    async with contextlib.AsyncExitStack() as taken:
        for name, number in NO_TURN.items():
            crowd = Turns(number, wait_s=0.001)
            services.__dict__[name] = crowd
            for _ in range(number):
                await taken.enter_async_context(crowd.turn())
        yield client


async def test_call_is_answered_while_everybody_else_waits(crowded: Client) -> None:
    call: dict[str, Any] = {"call_id": "pbx-1", "from": None, "to": "+493023125900"}

    answer = await crowded.as_("telephony").post("/v1/telephony/calls", json=call)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        ("admin", "GET", "/v1/markets"),
        ("supervisor", "POST", "/v1/stream/tickets"),
        ("supervisor", "GET", "/v1/figures?since=2026-11-01T00:00:00Z"),
    ],
)
async def test_who_gets_no_turn_hears_when_to_come_again(
    crowded: Client, role: str, method: str, path: str
) -> None:
    answer = await crowded.as_(role).request(method, path)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
