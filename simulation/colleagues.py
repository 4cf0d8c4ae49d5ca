"""Simulated advisors at their desks: they come to work, wrap up, take breaks, and come back.

They see what they see through the stream and do what they do through the desk's routes, like people. The phone is
the switch's business: answering it accepts an offer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from realtime.fold import Thing, View
from simulation.cast import Player
from simulation.desk_client import DeskClient
from telephony.simulated_line import Sleep

PAUSES_S: Mapping[str, tuple[float, float]] = {
    "offline": (0.5, 8),
    "wrap_up": (3, 12),
    "not_responding": (6, 20),
    "break": (40, 150),
    "meeting": (60, 240),
    "training": (60, 240),
}
"""How long somebody stays in a status before they do something about it."""
DISPOSITIONS = ("question", "order", "invoice", "fault", "change", "advice")
NOTES = (None, None, None, "Meldet sich wieder, wenn die neue Seite steht.", "Rechnung noch einmal geschickt.")
LEAST_AVAILABLE = 3
"""Nobody takes a break who would leave fewer of the desk group."""
AWAY_SHARE = 0.3
"""Nobody takes a break while more of the colleagues than this are at one."""


@dataclass
class Colleagues:
    """`view` gives the present view of the stream."""

    desks: DeskClient
    players: Sequence[Player]
    view: Callable[[], View]
    dice: Random
    sleep: Sleep = asyncio.sleep
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _planned: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_code = {player.code: player for player in self.players}

    def hear(self, noun: str, thing: Thing) -> None:
        """Of each change on the stream; plans what somebody does about their new status."""
        player = self._by_code.get(thing["advisor"]) if noun == "presence" else None
        if player is None or thing["state"] not in PAUSES_S or self._planned.get(player.code) == thing["since"]:
            return
        self._planned[player.code] = thing["since"]
        task = asyncio.create_task(self._later(player, thing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def heartbeat_once(self) -> None:
        """Every desk is open."""
        for player in self.players:
            if self._state(player) not in (None, "offline"):
                await self.desks.ask(player.account_id, "POST", "/v1/desk/heartbeat")

    async def pause_once(self) -> str | None:
        """Somebody goes to a break or a meeting, if the others can do without; returns who."""
        available = [player for player in self.players if self._state(player) == "available"]
        gone = [player for player in self.players if self._state(player) in ("break", "meeting", "training")]
        groups = {player.code: self.view().data["presences"][player.code]["group"] for player in available}
        per_group = list(groups.values())
        could = [player for player in available if per_group.count(groups[player.code]) > LEAST_AVAILABLE]
        if not could or len(gone) >= AWAY_SHARE * len(self.players):
            return None
        player = self.dice.choice(could)
        await self._choose(player, self.dice.choices(("break", "meeting", "training"), (6, 3, 1))[0])
        return player.code

    async def finish(self) -> None:
        """Until everybody has done what they were about to do."""
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _later(self, player: Player, thing: Thing) -> None:
        await self.sleep(self.dice.uniform(*PAUSES_S[thing["state"]]))
        present = self.view().data["presences"].get(player.code)
        if present is None or present["since"] != thing["since"]:
            return
        if thing["state"] == "wrap_up":
            await self._wrap_up(player)
        else:
            await self._choose(player, "available")

    async def _wrap_up(self, player: Player) -> None:
        contacts = self.view().data["contacts"].values()
        mine = [one["id"] for one in contacts if one["advisor"] == player.code and one["state"] == "wrapping"]
        done = {
            "disposition": self.dice.choice(DISPOSITIONS),
            "solved": self.dice.random() < 0.8,
            "note": self.dice.choice(NOTES),
        }
        for contact_id in mine:
            await self.desks.ask(player.account_id, "POST", f"/v1/contacts/{contact_id}/wrap-up", done)
        if not mine:
            await self._choose(player, "available")

    async def _choose(self, player: Player, state: str) -> None:
        await self.desks.ask(player.account_id, "PUT", "/v1/desk/presence", {"state": state})

    def _state(self, player: Player) -> str | None:
        presence = self.view().data["presences"].get(player.code)
        return None if presence is None else str(presence["state"])
