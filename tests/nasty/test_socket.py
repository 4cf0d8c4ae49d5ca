"""What a page of somebody else, or a program that means no good, tries on the stream."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kit.clock import VirtualClock
from tests.realtime.test_socket import Running, on_both, running

__all__ = ["running"]

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "file://",
        "https://elsewhere.example",
        "http://{host}.elsewhere.example",
        "http://elsewhere.example/{host}",
        "http://elsewhere.example:80",
        "http://anybody@{host}",
        "http://[",
        "{host}",
        "://",
    ],
)
async def test_origin_that_is_not_ours_is_refused_at_the_handshake(running: Running, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(running.url, origin=origin.format(host=urlsplit(running.url).netloc)):  # type: ignore[arg-type]
            pass

    assert refused.value.response.status_code == 403


async def test_ticket_in_the_query_opens_nothing_and_is_still_good(running: Running) -> None:
    ticket = await running.ticket()
    shown = Running(running.app, f"{running.url}?ticket={ticket}", running.client)

    async with shown.socket(None) as socket:
        await socket.say(type="subscribe", topics=["all"])
        assert await socket.closed() == 1008
    async with running.socket(None) as socket:
        await socket.say(type="hello", ticket=ticket)
        await socket.say(type="subscribe", topics=["all"])
        assert (await socket.hear())[0]["type"] == "snapshot"


async def test_ticket_is_good_for_thirty_seconds(running: Running, clock: VirtualClock) -> None:
    ticket = await running.ticket()
    clock.advance(30)

    async with running.socket(None) as socket:
        await socket.say(type="hello", ticket=ticket)

        assert await socket.closed() == 1008


async def test_ticket_ends_with_the_sign_in_that_it_came_from(running: Running) -> None:
    ticket = await running.ticket("lead")
    assert (await running.client.as_("lead").delete("/v1/sessions/current")).status_code == 204

    async with running.socket(None) as socket:
        await socket.say(type="hello", ticket=ticket)

        assert await socket.closed() == 1008


@pytest.mark.parametrize("who", ["supervisor", "telephony", "operator"])
async def test_token_or_key_is_no_ticket(running: Running, who: str) -> None:
    async with running.socket(None) as socket:
        await socket.say(type="hello", ticket=running.client.tokens[who])

        assert await socket.closed() == 1008


@on_both
async def test_first_message_may_be_no_larger_than_any_other(running: Running) -> None:
    async with running.socket(None) as socket:
        await socket.say(type="hello", ticket="x" * 65_536)

        assert await socket.closed() == 1009


@pytest.mark.parametrize(
    "message",
    [
        b'{"type": "subscribe", "topics": ["all"]}',
        "",
        "null",
        '{"type": "subscribe", "topics": ["all"], "topics": ["me"]}',
        '{"type": "subscribe", "topics": NaN}',
        '{"type": "subscribe", "topics": ["all\\u0000"]}',
        '{"type": "subscribe", "topics": ["\\ud800"]}',
        '{"type": "subscribe", "topics": [' + "[" * 40 + "]" * 40 + "]}",
        json.dumps({"type": "subscribe", "topics": ["market:DE"] * 21}),
        json.dumps({"type": "hello", "ticket": "again"}),
    ],
    ids=["binary", "empty", "null", "key twice", "NaN", "NUL", "surrogate", "too deep", "too many", "hello again"],
)
async def test_what_nobody_can_mean_ends_the_stream(running: Running, message: Any) -> None:
    async with running.socket() as socket:
        await socket.connection.send(message)

        assert await socket.closed() == 1008


async def test_page_of_an_origin_that_is_allowed_is_let_in(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = running.services
    monkeypatch.setattr(services.settings, "allowed_origins", "https://crm.example https://desk.example:8443")
    for origin in services.settings.allowed_origins.split():
        async with running.socket(origin=origin) as socket:
            await socket.say(type="subscribe", topics=["all"])
            assert (await socket.hear())[0]["type"] == "snapshot"
    for origin in ("https://crm.example:8443", "http://crm.example", "https://crm.example.elsewhere.example"):
        with pytest.raises(InvalidStatus):
            async with connect(running.url, origin=origin):  # type: ignore[arg-type]
                pass


async def test_sockets_that_say_nothing_take_places_too(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.stream.MOST", 3)
    async with running.socket(None), running.socket(None), running.socket(None):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(running.url):
                pass
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["retry-after"] == "5"


async def test_one_sign_in_has_so_many_streams(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.stream.MOST_OF_ONE", 1)
    async with running.socket("supervisor") as first, running.socket("admin"):
        await first.say(type="resume", cursor="x", topics=["all"])
        assert (await first.hear())[0]["type"] == "resync"
        async with running.socket("supervisor") as second:
            assert await second.closed() == 1008


@on_both
async def test_many_small_messages_before_hello_end_at_the_first(running: Running) -> None:
    async with running.socket(None) as socket:
        for _ in range(3):
            await socket.connection.send("{}")

        assert await socket.closed() == 1008
