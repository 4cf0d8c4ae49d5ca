"""What no HTTP client would send: bytes on a bare socket, to the server as we run it. It says 400, and lives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from api import bodies, doorstep
from api.outlets import SERVER_OPTIONS, FramingProtocol
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.support.api import Client, make_app, make_client

pytestmark = pytest.mark.database

HOST = b"Host: durchwahl.test\r\n"
PATIENCE_S = 5
"""For an answer that comes at once; only a failure waits so long."""


@dataclass
class Server:
    """A port, and a client that knows everybody's token."""

    port: int
    client: Client

    @contextlib.asynccontextmanager
    async def line(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def answers(self, *pieces: bytes, ends: bool = True) -> bytes:
        """All that comes back until the server hangs up."""
        async with self.line() as (reader, writer):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if ends:
                writer.write_eof()
            async with asyncio.timeout(PATIENCE_S):
                return await reader.read()

    async def is_alive(self) -> bool:
        answer = await self.answers(b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        return answer.startswith(b"HTTP/1.1 200 ")

    def authorized(self, who: str) -> bytes:
        return f"Authorization: Bearer {self.client.tokens[who]}\r\n".encode()


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[int]:
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, ws=FramingProtocol, lifespan="off", log_config=None, **SERVER_OPTIONS
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


@pytest.fixture
async def server(database: Database, clock: VirtualClock, settings: Settings) -> AsyncIterator[Server]:
    app = make_app(database, clock, settings)
    client = await make_client(app)
    async with serving(app) as port:
        yield Server(port, client)


def statuses(answer: bytes) -> list[int]:
    """Of every answer on the line, in order."""
    return [int(part.split(b" ", 2)[1]) for part in answer.split(b"HTTP/1.")[1:]]


def get(path: bytes, *headers: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"".join(h + b"\r\n" for h in headers) + b"\r\n"


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /v1/sessions HTTP/1.1\r\n" + HOST + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + body


SMUGGLED = b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
MALFORMED = {
    "nothing but line ends and letters": b"\r\n\r\nhello\r\n\r\n",
    "binary": bytes(range(256)),
    "TLS": bytes.fromhex("16030100a5010000a10303"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "HTTP/9.9": b"GET /livez HTTP/9.9\r\n" + HOST + b"\r\n",
    "another protocol": b"GET /livez SIP/2.0\r\n\r\n",
    "method in small letters": b"get /livez HTTP/1.1\r\n" + HOST + b"\r\n",
    "method that is none": b"HACK /livez HTTP/1.1\r\n" + HOST + b"\r\n",
    "no path": b"GET  HTTP/1.1\r\n" + HOST + b"\r\n",
    "path with a space": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "path with a NUL": b"GET /a\0b HTTP/1.1\r\n" + HOST + b"\r\n",
    "path of bytes": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT durchwahl.test:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "header without a colon": get(b"/livez", b"Hello"),
    "header with a space before the colon": get(b"/livez", b"X-A : 1"),
    "header without a name": get(b"/livez", b": 1"),
    "header with a NUL": get(b"/livez", b"X-A: a\0b"),
    "folded header": get(b"/livez", b"X-A: a", b" b"),
    "folded before any": b"GET /livez HTTP/1.1\r\n " + HOST + b"\r\n",
    "bare line feeds": b"GET /livez HTTP/1.1\nHost: durchwahl.test\n\n",
    "a bare line feed between headers": b"GET /livez HTTP/1.1\r\nHost: durchwahl.test\nX-A: 1\r\n\r\n",
    "a bare carriage return in a header": get(b"/livez", b"X-A: a\rX-B: b"),
    "length and chunks": post(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n" + SMUGGLED),
    "chunks and length": post(CHUNKED, b"Content-Length: 5", body=b"0\r\n\r\n" + SMUGGLED),
    "two lengths": post(b"Content-Length: 5", b"Content-Length: 6", body=b"00000" + SMUGGLED),
    "two lengths in one": post(b"Content-Length: 5, 6", body=b"00000" + SMUGGLED),
    "length with a plus": post(b"Content-Length: +5", body=b"00000" + SMUGGLED),
    "length below nothing": post(b"Content-Length: -1", body=SMUGGLED),
    "length in hexadecimal": post(b"Content-Length: 0x5", body=b"00000" + SMUGGLED),
    "length in Arabic digits": post("Content-Length: ٥".encode(), body=b"00000" + SMUGGLED),
    "length without an end": post(b"Content-Length: " + b"9" * 40, body=SMUGGLED),
    "chunks that are not the last coding": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "chunks with a tab before the colon": post(b"Transfer-Encoding\t: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    "chunk of no size": post(CHUNKED, body=b"\r\n\r\n"),
    "chunk below nothing": post(CHUNKED, body=b"-1\r\n\r\n"),
    "chunk of a size without end": post(CHUNKED, body=b"F" * 17 + b"\r\n"),
    "chunk longer than it says": post(CHUNKED, body=b"1\r\nab\r\n0\r\n\r\n"),
    "chunk with a bare line feed": post(CHUNKED, body=b"1\na\n0\n\n"),
}


async def test_what_is_no_request_is_refused_and_the_server_lives(server: Server) -> None:
    """One server for all of them, as each must leave it as it was."""
    wrong: dict[str, Any] = {}
    for name, sent in MALFORMED.items():
        answer = await server.answers(sent)
        told = statuses(answer)
        if not told or told[-1] not in (400, 405, 505) or 200 in told:
            wrong[name] = answer[:200]
        elif b"application/problem+json" not in answer:
            wrong[name] = answer
        if not await server.is_alive():
            wrong[name] = "the server is gone"

    assert wrong == {}


async def test_smuggled_request_is_answered_by_nobody(server: Server) -> None:
    """Where a body ends is beyond doubt, or the connection ends."""
    doubtful = [name for name in MALFORMED if "length" in name or "chunk" in name]

    for name in doubtful:
        answer = await server.answers(MALFORMED[name])

        assert b" 200 " not in answer, name
        assert b"x-request-id" not in answer.split(b"HTTP/1.1 ")[-1], name


async def test_head_that_does_not_end_is_refused(server: Server) -> None:
    bombs = {
        "a long line": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        "a long header": get(b"/livez", b"X-A: " + b"a" * 70_000),
        "a long name": get(b"/livez", b"X-" + b"a" * 70_000 + b": 1"),
        "10,000 headers": get(b"/livez", *[b"X-%d: 1" % number for number in range(10_000)]),
        "many cookies": get(b"/livez", *[b"Cookie: a=b" for _ in range(8_000)]),
    }

    for name, bomb in bombs.items():
        async with server.line() as (reader, writer):
            with contextlib.suppress(ConnectionError):
                writer.write(bomb)
                await writer.drain()
            async with asyncio.timeout(PATIENCE_S):
                assert (await reader.read(13)).startswith(b"HTTP/1.1 431 "), name
        assert await server.is_alive(), name


async def test_giant_chunk_extensions_and_trailers_do_no_harm(server: Server) -> None:
    body = b'{"email": "a@b.example", "password": "x"}'  # pragma: allowlist secret
    size = b"%x" % len(body)
    json = b"Content-Type: application/json"

    extended = size + b";a=" + b"x" * 8000 + b"\r\n" + body + b"\r\n0\r\n\r\n"
    trailed = size + b"\r\n" + body + b"\r\n0\r\nContent-Length: 5\r\n\r\n"

    for chunks in (extended, trailed):
        answer = await server.answers(post(CHUNKED, json, b"Connection: close", body=chunks), ends=False)

        assert statuses(answer)[0] in (400, 401, 413)
    assert await server.is_alive()


async def test_client_that_asks_whether_to_continue_is_told_so(server: Server) -> None:
    body = b'{"email": "a@b.example", "password": "x"}'  # pragma: allowlist secret
    length = b"Content-Length: %d" % len(body)

    async with server.line() as (reader, writer):
        writer.write(post(length, b"Content-Type: application/json", b"Expect: 100-continue"))
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
            await reader.readline()
            writer.write(body)
            assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")


async def test_stranger_who_asks_whether_to_continue_is_refused_before_the_body(server: Server) -> None:
    request = b"PUT /v1/customers/K-1 HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"

    async with server.line() as (reader, writer):
        writer.write(request)
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")


async def test_body_in_one_byte_chunks_is_read(server: Server) -> None:
    body = b'{"email": "a@b.example", "password": "x"}'  # pragma: allowlist secret
    chunks = b"".join(b"1\r\n" + bytes([byte]) + b"\r\n" for byte in body)

    answer = await server.answers(
        post(CHUNKED, b"Content-Type: application/json", b"Connection: close", body=chunks + b"0\r\n\r\n"),
        ends=False,
    )

    assert statuses(answer) == [401]


async def test_requests_in_one_packet_are_answered_in_their_order(server: Server) -> None:
    answer = await server.answers(
        get(b"/livez") + get(b"/v1/nothing") + get(b"/livez", b"Connection: close"), ends=False
    )

    assert statuses(answer) == [200, 404, 200]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorstep, "HEAD_WITHIN_S", 0.1)
    monkeypatch.setattr(doorstep, "BODY_PAUSE_S", 0.1)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("begun", "told"),
    [
        (b"", b""),
        (b"GET /livez HTTP/1.1\r\nX-A: ", b"HTTP/1.1 408 "),
        (SMUGGLED + b"GET /livez", b"HTTP/1.1 408 "),
    ],
    ids=["nothing", "half a head", "half a second one"],
)
async def test_who_dawdles_is_left(server: Server, begun: bytes, told: bytes) -> None:
    answer = await server.answers(begun, ends=False)

    assert answer == told or told in answer


@pytest.mark.usefixtures("impatient")
async def test_body_that_does_not_come_ends_the_connection(server: Server) -> None:
    half = post(b"Content-Length: 50", b"Content-Type: application/json", body=b'{"email"')

    assert await server.answers(half, ends=False) == b""
    assert await server.is_alive()


async def test_body_that_drips_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WITHIN_S", 0.1)
    half = post(b"Content-Length: 50", b"Content-Type: application/json", body=b'{"email"')

    async with server.line() as (reader, writer):
        writer.write(half)
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.usefixtures("impatient")
async def test_answer_that_takes_its_time_is_waited_for(server: Server) -> None:
    """The next request has begun meanwhile, and is no reason to hang up on this one."""
    path = b"/v1/telephony/dials/claim?for_s=0.3"
    claim = b"POST " + path + b" HTTP/1.1\r\n" + HOST + server.authorized("telephony") + b"\r\n"

    answer = await server.answers(claim + b"GET /li", ends=False)

    assert statuses(answer) == [200, 408]
