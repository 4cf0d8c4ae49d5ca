"""The specialist of the demo: away most of the day, back whenever somebody is to be called back.

She gives a course, which is an absence with an end; whoever calls hears when she will be back, and may take a
callback for then. When that time comes she is there for those whom she promised to call, and leaves again. With
nobody to call the course goes on. So a newcomer who tries the demo always hears of an absence, and always sees the
promise kept within `SLOT` and a little more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from kit.clock import Clock
from realtime.fold import Thing, View
from simulation.cast import Player
from simulation.desk_client import DeskClient

SLOT = timedelta(minutes=5)
AHEAD = timedelta(seconds=20)
"""She decides so long before the end whether the course goes on."""
AT_IT = frozenset({"due", "offered", "dialling"})
OPEN = AT_IT | {"scheduled"}


@dataclass
class Specialist:
    """`supervisor` is the account that enters her absences."""

    desks: DeskClient
    player: Player
    supervisor: UUID
    view: Callable[[], View]
    clock: Clock
    _away_until: datetime | None = None

    async def look_once(self) -> None:
        """Decide whether to be away, and do what follows from it."""
        if self.player.code not in self.view().data["presences"]:
            return  # nothing is known yet
        await self._heartbeat()
        now, until = self.clock.now(), self._away_until
        if self._has_to_call(now):
            await self._be_there()
        elif until is None or (now >= until - AHEAD and not self._has_to_call(until)):
            await self._leave(now)
        else:
            await self._stay_away()

    async def _leave(self, now: datetime) -> None:
        """Away until the first round time that is not too near; the calendar knows it before the desk does."""
        until = round_up(now + AHEAD, SLOT)
        body = {
            "starts_at": now.isoformat(),
            "ends_at": until.isoformat(),
            "kind": "training",
            "despite_minimum": True,
        }
        path = f"/v1/advisors/{self.player.code}/absences"
        if await self.desks.ask(self.supervisor, "POST", path, body) is not None:
            self._away_until = until
            await self._stay_away()

    async def _stay_away(self) -> None:
        if self._state() in ("available", "wrap_up"):
            await self._choose("training")
        elif self._state() == "not_responding":
            await self._choose("break")

    async def _be_there(self) -> None:
        self._away_until = None
        if self._state() in ("offline", "training", "break", "not_responding", "wrap_up"):
            await self._choose("available")

    def _has_to_call(self, by: datetime) -> bool:
        """Whether a promise of hers is being kept, or is due by then."""
        return any(_is_due(promise, by) for promise in self._promises())

    def _promises(self) -> list[Thing]:
        callbacks = self.view().data["callbacks"].values()
        return [one for one in callbacks if one["advisor"] == self.player.code and one["owner_state"] == "own"]

    def _state(self) -> str:
        return str(self.view().data["presences"][self.player.code]["state"])

    async def _heartbeat(self) -> None:
        if self._state() != "offline":
            await self.desks.ask(self.player.account_id, "POST", "/v1/desk/heartbeat")

    async def _choose(self, state: str) -> None:
        await self.desks.ask(self.player.account_id, "PUT", "/v1/desk/presence", {"state": state})


def _is_due(promise: Thing, by: datetime) -> bool:
    begins = datetime.fromisoformat(promise["window"][0])
    return promise["state"] in AT_IT or (promise["state"] in OPEN and begins <= by)


def round_up(instant: datetime, step: timedelta) -> datetime:
    """The first multiple of `step` since midnight that is not before the instant."""
    midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ceil((instant - midnight) / step) * step
