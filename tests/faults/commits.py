"""The connection to the database is cut somewhere around a commit: nobody is told anything that is not true."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.faults.far import Far
from tests.faults.proxy import Cut
from tests.properties.company import GENERAL
from tests.support.api import Response
from tests.support.builders import a_customer


def before_commit() -> Cut:
    """The server never hears of the commit."""
    return Cut("up", 0, "COMMIT")


def after_commit() -> Cut:
    """The server has committed, and nobody hears of it."""
    return Cut("down", 0, "COMMIT")


EFFECTS = {
    "activation": "SELECT count(*) FROM relationships WHERE customer_id = $1",
    "promise": "SELECT count(*) FROM callbacks WHERE customer_id = $1",
    "call": "SELECT count(*) FROM contacts WHERE customer_id = $1",
}


@dataclass
class Asked:
    """One request with an effect, to be sent as often as needed; `subject` is the customer it is about."""

    kind: str
    who: str
    path: str
    body: dict[str, Any]
    subject: UUID
    key: str

    async def send(self, far: Far) -> Response:
        headers = {"Idempotency-Key": self.key}
        return await far.client.as_(self.who).post(self.path, json=self.body, headers=headers)

    async def effects(self, far: Far) -> int:
        return await far.count(EFFECTS[self.kind], self.subject)


@dataclass
class CommitCuts:
    """Cuts one request after the other; `tally` counts what came of it."""

    far: Far
    dice: random.Random
    tally: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _numbers: int = 0

    async def cut(self, kind: str, cut: Cut) -> None:
        """Send, be cut, send again with the same key: one effect, and the truth is told."""
        asked = await self._something(kind)
        self.far.proxy.cut(cut)
        first = await asked.send(self.far)
        was_cut = cut.done.is_set()
        self.far.proxy.forget_cuts()
        stood = await asked.effects(self.far)
        again = await asked.send(self.far)
        self._judge(asked, cut, first, again, stood, await asked.effects(self.far))
        self.tally["commit_cuts"] += was_cut

    async def cut_anywhere(self) -> None:
        """A request and a byte that are drawn."""
        kind = self.dice.choice(tuple(EFFECTS))
        drawn: Cut = self.dice.choice(
            (
                before_commit(),
                after_commit(),
                Cut("up", self.dice.randrange(4000)),
                Cut("down", self.dice.randrange(4000)),
            )
        )
        await self.cut(kind, drawn)

    def _judge(self, asked: Asked, cut: Cut, first: Response, again: Response, stood: int, stands: int) -> None:
        acknowledged = first.is_success
        if acknowledged and not stood:
            self._found("acknowledged_lost", asked, cut, first, again)
        if not acknowledged and (first.status_code != 503 or "retry-after" not in first.headers):
            self._found("violations", asked, cut, first, again)
        if not again.is_success or stands != 1:
            self._found("violations", asked, cut, first, again)
        if (stood and asked.kind != "call") != (again.headers.get("idempotent-replayed") == "true"):
            self._found("violations", asked, cut, first, again)

    def _found(self, what: str, asked: Asked, cut: Cut, first: Response, again: Response) -> None:
        self.tally[what] += 1
        where = f"{cut.direction} {cut.bytes} {cut.after}"
        self.wrong.append(f"{what}: {asked.kind} cut {where}: {first.status_code}, then {again.status_code}")

    async def _something(self, kind: str) -> Asked:
        self._numbers += 1
        own = None if kind == "activation" else self.dice.choice(self.far.company.advisors[:2])
        async with self.far.near.transaction() as session:
            customer = await a_customer(session, advisor=own)
        path, who, body = await self._request(kind, customer.external_ref)
        if kind == "call":
            phones = await self.far.look("SELECT number FROM customer_phones WHERE customer_id = $1", customer.id)
            body = {"call_id": f"pbx-{self._numbers}", "from": phones[0]["number"], "to": GENERAL}
        return Asked(kind, who, path, body, customer.id, f"key-{self._numbers}")

    async def _request(self, kind: str, ref: str) -> tuple[str, str, dict[str, Any]]:
        base = f"/v1/customers/{ref}"
        match kind:
            case "activation":
                return f"{base}/advisor", "control_center", {"channel": "portal"}
            case "promise":
                return f"{base}/callbacks", "control_center", {"slot_starts_at": await self._a_slot(base)}
            case _:
                return "/v1/telephony/calls", "telephony", {}

    async def _a_slot(self, base: str) -> str:
        found = (await self.far.client.as_("control_center").get(f"{base}/callback-slots")).json()["slots"]
        if not found:  # this day's windows are full
            self.far.clock.advance(timedelta(hours=3).total_seconds())
            return await self._a_slot(base)
        starts_at: str = found[0]["starts_at"]
        return starts_at
