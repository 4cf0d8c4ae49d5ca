"""The socket end to end: a real server, a real client, under our own protocol and under any other."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from advisors import presences
from api import stream
from api.outlets import SERVER_OPTIONS, FramingProtocol
from api.services import Services
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from kit.settings import Settings
from tests.realtime.listening import seen
from tests.realtime.writing import a_note, note
from tests.support.api import Client, a_person, make_app, make_client
from tests.support.builders import an_advisor

pytestmark = pytest.mark.database

OURS = {"ws": FramingProtocol, **SERVER_OPTIONS}
ANY = {"ws": "websockets-sansio"}


@dataclass
class Running:
    """The application behind a port."""

    app: FastAPI
    url: str
    client: Client

    @property
    def services(self) -> Services:
        found: Services = self.app.state.services
        return found

    async def ticket(self, who: str = "supervisor", token: str | None = None) -> str:
        asking = self.client.with_token(token) if token else self.client.as_(who)
        answer = await asking.post("/v1/stream/tickets")
        assert answer.status_code == 201
        ticket: str = answer.json()["ticket"]
        return ticket

    @contextlib.asynccontextmanager
    async def socket(self, who: str | None = "supervisor", **more: Any) -> AsyncIterator[Socket]:
        """A connection that has said hello; with `who=None` one that has not."""
        token = more.pop("token", None)
        async with connect(self.url, compression=None, max_size=None, **more) as connection:
            socket = Socket(connection)
            if who is not None:
                await socket.say(type="hello", ticket=await self.ticket(who, token))
            yield socket


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard = list[dict[str, Any]]()

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self, messages: int = 1) -> list[dict[str, Any]]:
        """The next messages, without heartbeats."""
        found = list[dict[str, Any]]()
        async with asyncio.timeout(20):
            while len(found) < messages:
                message = json.loads(await self.connection.recv())
                found += [message] if message["type"] != "heartbeat" else []
        self.heard += found
        return found

    async def closed(self) -> int:
        """The code with which the server ends the connection, whatever it says before."""
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        assert self.connection.close_code is not None
        return self.connection.close_code


class Server(uvicorn.Server):
    """uvicorn that leaves the test run's signals alone and says when it is there."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.there = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self.there.set()


@pytest.fixture
async def running(
    request: pytest.FixtureRequest, database: Database, clock: VirtualClock, settings: Settings
) -> AsyncIterator[Running]:
    app = make_app(database, clock, settings)
    stream.install(app.state.services)
    options = getattr(request, "param", OURS)
    server = Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on", **options))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(20):
        await server.there.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Running(app, f"ws://127.0.0.1:{port}/v1/stream", await make_client(app))
    server.should_exit = True
    await serving


on_both = pytest.mark.parametrize("running", [OURS, ANY], indirect=True, ids=["ours", "any"])


@on_both
async def test_from_ticket_to_event(running: Running, database: Database, clock: VirtualClock) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)

    async with running.socket() as socket:
        await socket.say(type="subscribe", topics=["all"])
        [snapshot] = await socket.hear()
        async with database.transaction() as session:
            await presences.choose(session, anna.id, "meeting", clock.now())
        [event] = await socket.hear()

        figures = (await running.client.get("/metrics")).text

    assert "durchwahl_stream_listeners 1.0" in figures
    assert snapshot["type"] == "snapshot"
    assert event["event"]["type"] == "presence.changed"
    assert seen(socket.heard).data["presences"][encode("adv", anna.id)]["state"] == "meeting"


@on_both
async def test_coming_back_after_a_lost_connection(running: Running, database: Database) -> None:
    async with running.socket() as first:
        await first.say(type="subscribe", topics=["all"])
        [snapshot] = await first.hear()
    await note(database, "meanwhile")

    async with running.socket() as second:
        await second.say(type="resume", cursor=snapshot["cursor"], topics=["all"])
        resumed, event = await second.hear(2)

    assert resumed["type"] == "resumed"
    assert event["event"]["subject"] == "meanwhile"


async def test_a_cursor_from_elsewhere_is_answered_with_resync(running: Running) -> None:
    async with running.socket() as socket:
        await socket.say(type="resume", cursor="from elsewhere", topics=["all"])
        [resync] = await socket.hear()
        await socket.say(type="subscribe", topics=["all"])
        [snapshot] = await socket.hear()

    assert (resync["type"], snapshot["type"]) == ("resync", "snapshot")


async def test_a_ticket_is_good_once(running: Running) -> None:
    ticket = await running.ticket()
    async with running.socket(None) as first, running.socket(None) as second:
        await first.say(type="hello", ticket=ticket)
        await first.say(type="subscribe", topics=["all"])
        await first.hear()
        await second.say(type="hello", ticket=ticket)

        assert await second.closed() == 1008


@pytest.mark.parametrize(
    "message",
    [
        '{"type": "hello", "ticket": "guessed"}',
        '{"type": "hello"}',
        '{"type": "hello", "ticket": 5}',
        '{"type": "subscribe", "topics": ["all"]}',
        "[]",
        "not JSON",
        '{"type": "hello", "type": "hello"}',
        "[" * 1000,
        '{"type": "hello", "ticket": "\\ud800"}',
    ],
)
async def test_who_does_not_begin_with_a_good_ticket_is_shown_out(running: Running, message: str) -> None:
    async with running.socket(None) as socket:
        await socket.connection.send(message)

        assert await socket.closed() == 1008


async def test_who_says_nothing_is_shown_out(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.stream.HELLO_S", 0.01)

    async with running.socket(None) as socket:
        assert await socket.closed() == 1008


@pytest.mark.parametrize(
    "message",
    [
        {"type": "subscribe", "topics": ["everything"]},
        {"type": "subscribe", "topics": "all"},
        {"type": "subscribe"},
        {"type": "resume", "topics": ["all"]},
        {"type": "resume", "cursor": 5, "topics": ["all"]},
        {"type": "shout", "topics": ["all"]},
        {"type": None},
    ],
)
async def test_what_can_not_be_meant_ends_the_stream(running: Running, message: dict[str, Any]) -> None:
    async with running.socket() as socket:
        await socket.say(**message)

        assert await socket.closed() == 1008


async def test_an_advisor_hears_of_the_own_group_and_of_no_other(
    running: Running, database: Database, clock: VirtualClock, settings: Settings
) -> None:
    async with database.transaction() as session:
        anna, ben = await an_advisor(session), await an_advisor(session)
        token = await a_person(session, clock, settings, "advisor", anna.id)
        groups = {
            row["advisor_id"]: encode("grp", row["desk_group_id"])
            for row in await session.fetch("SELECT * FROM desk_group_members")
        }

    async with running.socket(token=token) as socket:
        await socket.say(type="subscribe", topics=["me", f"desk:{groups[anna.id]}"])
        [snapshot] = await socket.hear()
        for person in (ben, anna):
            async with database.transaction() as session:
                await presences.choose(session, person.id, "break", clock.now())
        [event] = await socket.hear()
        await socket.say(type="subscribe", topics=[f"desk:{groups[ben.id]}"])

        assert await socket.closed() == 1008

    assert snapshot["data"]["presences"].keys() == {encode("adv", anna.id)}
    assert event["event"]["subject"] == encode("adv", anna.id)


@on_both
async def test_nothing_is_heard_after_signing_out(running: Running, database: Database) -> None:
    async with running.socket("lead") as socket:
        answer = await running.client.as_("lead").delete("/v1/sessions/current")
        assert answer.status_code == 204
        await note(database, "secret")

        assert await socket.closed() == 1008


@on_both
async def test_a_page_of_somebody_else_is_refused_at_the_handshake(running: Running) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(running.url, origin="https://elsewhere.example"):  # type: ignore[arg-type]
            pass

    assert refused.value.response.status_code == 403


async def test_our_own_page_is_let_in(running: Running) -> None:
    async with running.socket(origin=f"http://{urlsplit(running.url).netloc}") as socket:
        await socket.say(type="subscribe", topics=["all"])

        assert (await socket.hear())[0]["type"] == "snapshot"


@on_both
async def test_a_message_of_more_than_64_kib_is_too_large(running: Running) -> None:
    async with running.socket() as socket:
        await socket.say(type="subscribe", topics=["a" * 65_536])

        assert await socket.closed() == 1009


@on_both
async def test_a_flood_is_ended(running: Running) -> None:
    async with running.socket() as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(100):
                await socket.say(type="subscribe", topics=["all"])

        assert await socket.closed() == 1008


@on_both
async def test_who_stops_reading_is_ended_and_the_others_do_not_notice(
    running: Running, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.listener.MOST_UNSENT", 20_000)
    hub = running.services.extras[stream.STREAM].hub
    async with running.socket(max_queue=1) as slow, running.socket() as quick:
        for socket in (slow, quick):
            await socket.say(type="subscribe", topics=["all"])
            await socket.hear()
        slow.connection.transport.pause_reading()
        while hub.too_slow == 0:
            async with database.transaction() as session:
                for _ in range(50):
                    session.announce(a_note(data={"pad": "x" * 20_000}))
            await quick.hear(50)
        await note(database, "still here")

        assert (await quick.hear())[0]["event"]["subject"] == "still here"
        with contextlib.suppress(RuntimeError):
            slow.connection.transport.resume_reading()
        assert await slow.closed() == 1013


@on_both
async def test_leaving_closes_with_1012(running: Running) -> None:
    async with running.socket() as socket:
        await socket.say(type="subscribe", topics=["all"])
        await socket.hear()

        running.services.extras[stream.STREAM].hub.close(1012, "restarting")

        assert await socket.closed() == 1012


async def test_an_away_database_is_said_as_try_again_later(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> Any:
        raise OSError

    async with running.socket() as socket:
        await socket.say(type="subscribe", topics=["all"])
        await socket.hear()
        monkeypatch.setattr("realtime.log.present", away)
        await socket.say(type="subscribe", topics=["market:DE"])

        assert await socket.closed() == 1013


async def test_the_directory_names_what_the_events_do_not(running: Running, database: Database) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session, name="Anna Beispiel")

    answer = await running.client.as_("advisor").get("/v1/directory")

    told = answer.json()
    assert told["advisors"][encode("adv", anna.id)]["name"] == "Anna Beispiel"
    assert told["advisors"][encode("adv", anna.id)]["group"] in told["groups"]
    assert told["markets"]["DE"]["name"]


@pytest.mark.parametrize("who", ["telephony", "control_center", "operator", "auditor", None])
async def test_only_people_who_may_listen_get_tickets_and_names(running: Running, who: str | None) -> None:
    client = running.client.as_(who)

    answers = [await client.post("/v1/stream/tickets"), await client.get("/v1/directory")]

    assert {answer.status_code for answer in answers} == {401 if who is None else 403}
