"""What clients were told, kept by the clients: whatever was acknowledged must be there afterwards.

`Balancer` is the way of all requests to the replicas: in turn, to the next one where nobody listens, as a load
balancer does, and it keeps the ledger of every answer that goes back. `Insisting` is the way of a switch that knows
all replicas: what fails at one is said again, word for word, to the next.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2

from kit.database import ReadSession
from kit.ids import encode
from tests.faults.replicas import Replica

CALLS, DIALS = "/v1/telephony/calls", "/v1/telephony/dials"


@dataclass
class Ledger:
    """`answers` counts statuses; 0 where there was none. `healed` counts what failed at one replica and not at the
    next, `unhealed` tells what failed at all."""

    calls: dict[str, str] = field(default_factory=dict)
    events: set[tuple[str, str]] = field(default_factory=set)
    dials: Counter[str] = field(default_factory=Counter)
    promises: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    healed: int = 0
    unhealed: list[str] = field(default_factory=list)

    def note(self, request: httpx2.Request, response: httpx2.Response) -> None:
        self.answers[response.status_code] += 1
        if not response.is_success:
            return
        path = request.url.path
        if path == CALLS:
            self.calls[_sent(request)["call_id"]] = response.json()["contact_id"]
        elif path == f"{DIALS}/claim":
            self.dials.update(dial["token"] for dial in response.json()["dials"])
        elif path.startswith(f"{CALLS}/") and path.endswith("/events"):
            self.events.add((path.split("/")[4], _sent(request)["event_id"]))
        elif path.endswith("/callbacks") and response.status_code == 201:
            self.promises.add(response.json()["id"])

    async def lost(self, session: ReadSession) -> list[str]:
        """What was acknowledged before and is not there; people go on meanwhile."""
        told, told_events, told_promises = dict(self.calls), set(self.events), set(self.promises)
        kept = await session.fetch("SELECT switch_call_id, id FROM contacts WHERE direction = 'in'")
        calls = {row["switch_call_id"]: encode("con", row["id"]) for row in kept}
        heard = {(row["call_id"], row["identity"]) for row in await session.fetch(HEARD)}
        promises = {encode("cb", row["id"]) for row in await session.fetch("SELECT id FROM callbacks")}
        return [
            *(f"call {call_id}" for call_id, contact in told.items() if calls.get(call_id) != contact),
            *(f"event {event}" for event in told_events - heard),
            *(f"promise {promise}" for promise in told_promises - promises),
        ]

    @property
    def dialled_twice(self) -> list[str]:
        return [token for token, times in self.dials.items() if times > 1]


HEARD = "SELECT call_id, identity FROM switch_events"


def _sent(request: httpx2.Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.content)
    return body


class Balancer(httpx2.AsyncBaseTransport):
    def __init__(self, replicas: Sequence[Replica], ledger: Ledger) -> None:
        self._replicas, self._ledger, self._turns = replicas, ledger, count()
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        in_turn = self._in_turn()
        for replica in in_turn:
            try:
                return await self._ask(replica, request)
            except httpx2.ConnectError:
                if replica is in_turn[-1]:
                    raise
        raise AssertionError("unreachable")

    def _in_turn(self) -> Sequence[Replica]:
        """Each replica once; every request begins with another."""
        first = next(self._turns) % len(self._replicas)
        return [*self._replicas[first:], *self._replicas[:first]]

    async def _ask(self, replica: Replica, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(port=replica.port)
        try:
            response = await self._inner.handle_async_request(request)
            await response.aread()
        except httpx2.TransportError:
            self._ledger.answers[0] += 1
            raise
        self._ledger.note(request, response)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class Insisting(Balancer):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        failed: list[str] = []
        in_turn = self._in_turn()
        for replica in in_turn:
            try:
                response = await self._ask(replica, request)
            except httpx2.TransportError as error:
                failed.append(type(error).__name__)
                if replica is in_turn[-1]:
                    self._gave_up(request, failed)
                    raise
                continue
            if response.status_code < 500:
                self._ledger.healed += bool(failed)
                return response
            failed.append(response.text)
        self._gave_up(request, failed)
        return response

    def _gave_up(self, request: httpx2.Request, failed: Sequence[str]) -> None:
        self._ledger.unhealed.append(f"{request.method} {request.url.path}: {failed}")
