"""Every role, topic and message on a real socket, as `tests/api/role_matrix.py` declares it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from accounts.models import ROLES, SCOPES
from advisors.models import Advisor
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from kit.settings import Settings
from tests.api.role_matrix import MESSAGES, TOPICS
from tests.realtime.test_socket import Running, Socket, running
from tests.support.api import a_person
from tests.support.builders import a_desk_group, an_advisor
from tests.support.tally import TALLY

__all__ = ["running"]

pytestmark = pytest.mark.database


class Floor:
    """Three desk groups, and somebody in the first with each role, who leads the second where they lead."""

    def __init__(self, places: dict[str, str], tokens: dict[str, str]) -> None:
        self.places, self.tokens = places, tokens

    def topic(self, name: str) -> str:
        return self.places.get(name, name)


@pytest.fixture
async def floor(database: Database, clock: VirtualClock, settings: Settings) -> Floor:
    async with database.transaction() as session:
        people: dict[str, Advisor] = {"lead": await an_advisor(session)}
        own = await a_desk_group(session, name="Own")
        for role in ROLES:
            people[role] = await an_advisor(session, group=own)
        led = await a_desk_group(session, name="Led", lead=people["lead"])
        other = await a_desk_group(session, name="Other")
        tokens = {role: await a_person(session, clock, settings, role, people[role].id) for role in ROLES}
    groups = {"desk:own": own, "desk:led": led, "desk:other": other}
    places = {name: f"desk:{encode('grp', group.id)}" for name, group in groups.items()}
    return Floor({**places, "me:adv": f"me:{encode('adv', people['admin'].id)}"}, tokens)


async def becomes(socket: Socket, message: dict[str, Any] | None) -> str:
    """The kind of the first answer, or the code with which the stream ends."""
    await socket.connection.send("x" if message is None else json.dumps(message))
    try:
        return str((await socket.hear())[0]["type"])
    except ConnectionClosed:
        return str(await socket.closed())


@pytest.mark.parametrize("role", [role for role in ROLES if role != "auditor"])
async def test_role_hears_of_the_topics_declared_and_of_no_other(running: Running, floor: Floor, role: str) -> None:
    wrong: list[str] = []
    for name, roles in TOPICS.items():
        cursor = ""
        for kind, answer in (("subscribe", "snapshot"), ("resume", "resumed")):
            async with running.socket(token=floor.tokens[role], who=role) as socket:
                asked = {"type": kind, "topics": [floor.topic(name)]}
                came = await becomes(socket, {**asked, "cursor": cursor or await a_cursor(running, floor)})
                cursor = next((str(one["cursor"]) for one in socket.heard if "cursor" in one), cursor)
            meant = role in roles.split()
            if not TALLY.tried(let_in=came == answer, meant=meant) or (not meant and came != "1008"):
                wrong.append(f"{kind} {name}: {came}")

    assert wrong == []


async def a_cursor(running: Running, floor: Floor) -> str:
    """A good one, of somebody who may hear everything."""
    async with running.socket(token=floor.tokens["supervisor"]) as socket:
        await socket.say(type="subscribe", topics=["all"])
        return str((await socket.hear())[0]["cursor"])


@pytest.mark.parametrize("who", ["auditor", *SCOPES])
async def test_who_watches_nobody_gets_no_ticket(running: Running, who: str) -> None:
    answer = await running.client.as_(who).post("/v1/stream/tickets")

    assert TALLY.tried(let_in=answer.status_code == 201, meant=False)


async def test_message_is_answered_as_declared_before_and_after_hello(running: Running, floor: Floor) -> None:
    token = floor.tokens["supervisor"]
    cursor = await a_cursor(running, floor)
    said: dict[str, dict[str, Any] | None] = {
        "hello": {"type": "hello"},
        "subscribe": {"type": "subscribe", "topics": ["all"]},
        "resume": {"type": "resume", "topics": ["all"], "cursor": cursor},
        "shout": {"type": "shout", "topics": ["all"]},
        "nothing at all": None,
    }
    assert said.keys() == MESSAGES.keys()
    wrong: list[str] = []
    for name, declared in MESSAGES.items():
        for first, meant in zip((True, False), declared, strict=True):
            message = said[name]
            if name == "hello":
                message = {"type": "hello", "ticket": await running.ticket("supervisor", token)}
            async with running.socket(None if first else "supervisor", token=token) as socket:
                came = await welcomed(socket, message) if meant == "in" else await becomes(socket, message)
            if not TALLY.tried(let_in=came != "1008", meant=meant != "1008") or came != meant:
                wrong.append(f"{name} {'first' if first else 'later'}: {came}, not {meant}")

    assert wrong == []


async def welcomed(socket: Socket, message: dict[str, Any] | None) -> str:
    """`in` where the stream talks to us afterwards."""
    await socket.say(**(message or {}))
    async with asyncio.timeout(20):
        return "in" if await becomes(socket, {"type": "subscribe", "topics": ["all"]}) == "snapshot" else "out"
