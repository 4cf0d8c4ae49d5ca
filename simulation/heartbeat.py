"""Signs of life: a switch that tells of all its talks at once, every `EVERY`, as long as there are any."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from contacts import service
from kit.database import Session
from simulation.agenda import Agenda
from simulation.virtual_service import VirtualService

EVERY = timedelta(seconds=45)


class Heartbeat:
    """The talks that go on, by call id or, for callbacks, by token; in the order in which they began."""

    def __init__(self, virtual: VirtualService, agenda: Agenda) -> None:
        self._virtual, self._agenda = virtual, agenda
        self._calls: dict[str, None] = {}
        self._tokens: dict[UUID, None] = {}
        self._beats = False

    def begin(self, talk: str | UUID) -> None:
        if isinstance(talk, UUID):
            self._tokens[talk] = None
        else:
            self._calls[talk] = None
        if not self._beats:
            self._beats = True
            self._agenda.at(self._virtual.now + EVERY, self._beat)

    def end(self, talk: str | UUID) -> None:
        if isinstance(talk, UUID):
            self._tokens.pop(talk, None)
        else:
            self._calls.pop(talk, None)

    async def _beat(self) -> None:
        self._beats = bool(self._calls or self._tokens)
        if not self._beats:
            return
        now = self._virtual.now

        async def tell(session: Session) -> None:
            await service.still_there(session, list(self._calls), list(self._tokens), now)

        await self._virtual.run(tell)
        self._agenda.at(now + EVERY, self._beat)
