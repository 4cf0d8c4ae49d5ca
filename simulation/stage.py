"""Everybody who plays in the demo, and the loops that keep them playing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from uuid import uuid4

import httpx2

from kit.clock import Clock
from kit.database import Database
from kit.loops import Loop, Supervisor
from kit.settings import Settings
from simulation import cast, showcase
from simulation.callers import Switchroom
from simulation.cast import Player, SignIns
from simulation.colleagues import Colleagues
from simulation.desk_client import DeskClient
from simulation.onlooker import Onlooker
from simulation.specialist import Specialist
from telephony.simulated import SimulatedSwitch
from telephony.simulated_line import Sleep

POLL_S = 2.0
"""How long a request may wait for news: short, so that nobody waits long when the service is to end."""
CONNECTION = timedelta(days=365)
AT_ONCE = timedelta(0)
AGAIN = timedelta(seconds=1)
HEARTBEAT = timedelta(seconds=10)
PAUSE_EVERY_S = 9.0
GRACE = timedelta(milliseconds=100)
"""In the end nobody has to finish anything: the next start finds it."""


@dataclass(frozen=True)
class House:
    """Where the play is given: the service by its URL, and what its process shares with the players."""

    url: str
    telephony_key: str
    database: Database
    clock: Clock
    settings: Settings
    pace: float = 1.0
    """How much quicker than people the players are."""

    def client(self, token: str | None = None) -> httpx2.AsyncClient:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(base_url=self.url, timeout=15, headers=headers)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.pace)


@dataclass(frozen=True)
class Stage:
    """`playing` runs until it is left."""

    players: list[Player]
    customers: int
    room: Switchroom
    switch: SimulatedSwitch
    colleagues: Colleagues
    specialist: Specialist
    onlooker: Onlooker
    sleep: Sleep

    def loops(self) -> list[Loop]:
        return [
            Loop("demo-onlooker", self.onlooker.watch_once, AGAIN, limit=CONNECTION),
            Loop("demo-callers", partial(self.room.place_once, self.switch), AT_ONCE),
            Loop("demo-dials", partial(self.room.dial_once, self.switch), AT_ONCE),
            Loop("demo-heartbeats", self.colleagues.heartbeat_once, HEARTBEAT),
            Loop("demo-pauses", self._pause_once, AT_ONCE),
            Loop("demo-specialist", self.specialist.look_once, AGAIN),
        ]

    @contextlib.asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        supervisor = Supervisor(self.loops(), name="demo")
        supervisor.start()
        try:
            yield
        finally:
            await supervisor.stop(GRACE)
            await self.room.stop()
            await self.colleagues.stop()

    async def _pause_once(self) -> None:
        await self.sleep(PAUSE_EVERY_S)
        await self.colleagues.pause_once()


@contextlib.asynccontextmanager
async def set_up(house: House) -> AsyncIterator[Stage]:
    """The cast as the database has it, with connections to the service."""
    async with house.database.reading() as session:
        players = await cast.advisors(session, house.clock.now())
        clients = [one for one in await cast.customers(session) if one.phone in showcase.PHONES]
        supervisor = await cast.supervisor(session)
    dice = Random(uuid4().int)
    room = Switchroom(clients, showcase.GENERAL_NUMBER, dice, house.sleep)
    async with house.client() as http, house.client(house.telephony_key) as line:
        desks = DeskClient(http, SignIns(house.database, house.clock, house.settings))
        onlooker = Onlooker(house.url, partial(desks.ask, supervisor))
        present = [one for one in players if not one.away and one.key != showcase.SPECIALIST.key]
        colleagues = Colleagues(desks, present, lambda: onlooker.view, dice, house.sleep)
        onlooker.tells.append(colleagues.hear)
        special = next(one for one in players if one.key == showcase.SPECIALIST.key)
        yield Stage(
            players=players,
            customers=len(clients),
            room=room,
            switch=SimulatedSwitch(
                line,
                clock=house.clock,
                dice=dice,
                phones=room.phone,
                sleep=house.sleep,
                poll_s=POLL_S,
                prefix=f"demo-{uuid4().hex[:8]}",
            ),
            colleagues=colleagues,
            specialist=Specialist(desks, special, supervisor, lambda: onlooker.view, house.clock),
            onlooker=onlooker,
            sleep=house.sleep,
        )
