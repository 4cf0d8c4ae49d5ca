"""A process of the service that is told what to do on its standard input, and may be killed at any moment.

    python -m tests.faults.victim URI [POINT NTH]

Each line is a command with the instant at which it comes; the answer is written when it is committed, as an HTTP
answer would be. Nothing is remembered but what the database holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

from audit import sealing
from callbacks import queries as callback_queries
from contacts import arrivals, desk, dispatch, keeping, service, wishes
from contacts.deadlines import DUE_WORK, Work
from contacts.exchange import Exchange
from kit import failpoints
from kit.catalogue import Catalogue
from kit.database import Database, Session
from kit.errors import Fault
from kit.settings import Settings
from telephony.inbound import InboundCall, Signal

Command = dict[str, Any]


class Victim:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.exchange = Exchange(catalogue=Catalogue.load(strict=True))
        self.now = datetime.min.replace(tzinfo=UTC)

    async def obey(self, command: Command) -> Any:
        self.now = datetime.fromisoformat(command["now"])
        verb: Callable[[Command], Awaitable[Any]] = getattr(self, command["verb"])
        return await verb(command)

    async def call(self, command: Command) -> str:
        call = InboundCall(command["call_id"], command["caller"], command["dialled"])
        answer = await self._run(lambda s: service.receive_call(s, self.exchange, call, self.now))
        return str(answer.contact_id)

    async def hear(self, command: Command) -> str:
        signal = _signal(command)
        await self._run(lambda s: service.hear(s, self.exchange, command["call_id"], signal, self.now))
        return signal.identity

    async def wish(self, command: Command) -> str:
        """The id of the promise: what was answered with 201."""

        async def promise(session: Session) -> Any:
            scene = await arrivals.scene_for(session, self.exchange, self.now)
            found = await wishes.slots(scene, command["ref"])
            return await wishes.promise(scene, command["ref"], found[0].slot.starts_at, None, None)

        return str((await self._run(promise))["id"])

    async def take_dials(self, _: Command) -> list[str]:
        """What is dialled from now on."""
        taken = await self._run(lambda s: callback_queries.hand_out(s, self.now, 10))
        return [str(attempt["token"]) for attempt in taken]

    async def hear_dial(self, command: Command) -> str:
        token, signal = UUID(command["token"]), _signal(command)
        await self._run(lambda s: keeping.hear(s, self.exchange, token, signal, self.now))
        return signal.identity

    async def look_around(self, command: Command) -> None:
        """What the loops do, after a sign of life from the desks that are open."""
        for advisor_id in command.get("desks", ()):
            await self._run(partial(self._heartbeat, UUID(advisor_id)))
        for work in DUE_WORK:
            async with self.database.reading() as session:
                due = await work.find(session, self.now)
            for identifier in due:
                await self._run(partial(self._treat, work, identifier))
        while await self._run(lambda s: dispatch.dispatch(s, self.exchange, self.now)):
            pass

    async def return_all(self, command: Command) -> None:
        """Everybody who is not busy is back."""
        for advisor_id in command["desks"]:
            with contextlib.suppress(Fault):
                await self._run(partial(self._return, UUID(advisor_id)))

    async def seal(self, command: Command) -> int:
        """One run of the sealer; how many rows."""
        sealed: int = await self._run(lambda s: sealing.run_once(s, self.now, command["most"]))
        return sealed

    async def _heartbeat(self, advisor_id: UUID, session: Session) -> None:
        await desk.heartbeat(session, advisor_id, self.now)

    async def _return(self, advisor_id: UUID, session: Session) -> None:
        await desk.choose(session, self.exchange, advisor_id, "available", self.now)

    async def _treat(self, work: Work, identifier: UUID, session: Session) -> None:
        await work.treat(session, self.exchange, identifier, self.now)

    async def _run(self, work: Callable[[Session], Awaitable[Any]]) -> Any:
        return await self.database.run(work)


def _signal(command: Command) -> Signal:
    told = dict(command["signal"])
    if told.get("offer_id"):
        told["offer_id"] = UUID(told["offer_id"])
    return Signal(**told)


async def main(uri: str, point: str | None = None, nth: str = "1") -> None:
    database = Database(uri, Settings(environment="test", _env_file=None), application="victim")
    victim = Victim(database)
    print(json.dumps({"ready": True}), flush=True)
    if point is not None:
        failpoints.arm(cast("failpoints.Point", point), int(nth))
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        try:
            answer = {"answer": await victim.obey(command)}
        except Fault as refused:
            answer = {"refused": type(refused).__name__}
        print(json.dumps({"n": command["n"], **answer}), flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
