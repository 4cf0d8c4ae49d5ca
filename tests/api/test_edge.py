"""The outermost layer: ids in and out, headers, logs without anybody's data, failures nobody foresaw."""

from __future__ import annotations

import asyncio
import io
import json
import re

import pytest
import structlog
from fastapi import FastAPI
from starlette.exceptions import WebSocketException
from starlette.types import Message, Receive, Scope, Send

from api.access_log import AccessLog
from api.edge import Edge
from tests.api.test_transactional import services_of
from tests.support.api import Client


async def test_every_answer_carries_a_request_id_of_its_own(steady: Client) -> None:
    ids = [(await steady.get("/livez")).headers["x-request-id"] for _ in range(3)]

    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"req_[0-9a-f]{24}", one) for one in ids)


async def test_request_id_of_the_caller_is_kept(steady: Client) -> None:
    answer = await steady.get("/nothing", headers={"X-Request-Id": "trace-0123456789abcdef"})

    assert answer.headers["x-request-id"] == answer.json()["instance"] == "trace-0123456789abcdef"


@pytest.mark.parametrize(
    "given", ["", "short", "+493023125017", "493023125017", "x" * 65, "a b c d e f g h i", 'x"' * 9]
)
async def test_request_id_that_may_be_somebodys_number_is_replaced(steady: Client, given: str) -> None:
    answer = await steady.get("/livez", headers={"X-Request-Id": given})

    assert answer.headers["x-request-id"].startswith("req_")


async def test_answers_are_neither_cached_nor_guessed_at(steady: Client) -> None:
    for answer in (await steady.get("/livez"), await steady.get("/nothing")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_unexpected_failure_is_logged_by_kind_and_place_without_its_words(
    steady: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services_of(steady).settings, "environment", "production")

    with structlog.testing.capture_logs() as lines:
        answer = await steady.as_("control_center").post("/v1/toys/broken", json={"name": "Anna-Canary"})

    logged = next(line for line in lines if line["event"] == "request failed")
    assert logged["kind"] == ["Broken"]
    assert logged["request_id"] == answer.headers["x-request-id"]
    assert any("toys.py" in place for place in logged["where"])
    assert "Canary" not in str(lines)


async def test_access_log_names_the_template_of_the_route(steady: Client) -> None:
    stream = io.StringIO()
    log = AccessLog(stream)
    edge = Edge(steady.app.router, services_of(steady), log)

    await knocked(edge, "/v1/machine-keys/Anna-Canary", b"name=Anna-Canary", within=steady.app)
    log.flush()

    line = json.loads(stream.getvalue())
    assert line["route"] == "/v1/machine-keys/{key_id}"
    assert (line["method"], line["status"], line["event"]) == ("DELETE", 401, "request")
    assert line["ms"] >= 0
    assert "Canary" not in stream.getvalue()


async def test_gathered_lines_are_written_each_once(steady: Client) -> None:
    stream = io.StringIO()
    log = AccessLog(stream)
    for number in range(3):
        log.write(services_of(steady).clock.now(), f"req_{number}", "/livez", "GET", 200, 0.001)
    assert stream.getvalue() == ""

    log.flush()
    log.flush()

    assert [json.loads(line)["request_id"] for line in stream.getvalue().splitlines()] == [
        "req_0",
        "req_1",
        "req_2",
    ]


async def test_caller_who_goes_away_while_sending_is_nobodys_failure(steady: Client) -> None:
    sent = await knocked(
        steady.app,
        "/v1/toys",
        method="POST",
        headers=[(b"authorization", b"Bearer " + steady.tokens["control_center"].encode())],
        messages=[{"type": "http.request", "body": b'{"na', "more_body": True}, {"type": "http.disconnect"}],
    )

    assert sent == []


async def test_failure_after_the_answer_began_ends_the_connection(steady: Client) -> None:
    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await knocked(Edge(half, services_of(steady), None), "/")


@pytest.mark.parametrize(("failure", "code"), [(WebSocketException(1008), 1008), (RuntimeError("x"), 1011)])
async def test_socket_that_fails_is_closed_with_a_code(steady: Client, failure: Exception, code: int) -> None:
    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise failure

    sent = await knocked(Edge(failing, services_of(steady), None), "/v1/stream", kind="websocket")

    assert [(message["type"], message["code"]) for message in sent] == [("websocket.close", code)]


async def test_lifespan_starts_and_stops_what_runs_beside_in_reverse_order(steady: Client) -> None:
    told: list[str] = []
    services = services_of(steady)
    services.background.extend([_Hook("first", told), lambda: _Hook("second", told)])

    async with steady.app.router.lifespan_context(steady.app):
        told.append("running")
        await asyncio.sleep(0)

    services.background.clear()
    assert told == ["first in", "second in", "running", "second out", "first out"]
    assert services.vitals.draining
    services.vitals.draining = False


class _Hook:
    def __init__(self, name: str, told: list[str]) -> None:
        self.name, self.told = name, told

    async def __aenter__(self) -> None:
        self.told.append(f"{self.name} in")

    async def __aexit__(self, *_: object) -> None:
        self.told.append(f"{self.name} out")


async def knocked(
    app: object,
    path: str,
    query: bytes = b"",
    *,
    kind: str = "http",
    method: str = "DELETE",
    headers: list[tuple[bytes, bytes]] | None = None,
    messages: list[Message] | None = None,
    within: FastAPI | None = None,
) -> list[Message]:
    """One request on the level of ASGI; returns what was sent back."""
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "scheme": "http",
        "headers": headers or [],
        "app": within,
    }
    waiting = list(messages or [{"type": "http.request", "body": b"", "more_body": False}])
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[operator]
    return sent
