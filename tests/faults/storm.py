"""Fault after fault in a living town, drawn with a seed: recover, and then everything must be as it must be.

After each fault every replica is ready again, all invariants hold soon, and whatever a client was
told is there. `python -m tests.chaos long --part storm` plays storms for hours.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.faults.proxy import Cut, Weather
from tests.faults.replicas import Replica
from tests.faults.small_disk import SmallServer
from tests.faults.town import Town

RECOVERS_S = 15.0
"""Five seconds after an outage are allowed, and ten more as tests share their machine."""
POINTS = ("after_insert", "before_commit", "after_commit")
KILLED = -signal.SIGKILL


@dataclass
class Storm:
    """`freeze_s`: how long a frozen replica stays so. `tally` counts faults by name, and what was wrong."""

    town: Town
    freeze_s: float = 15.0
    weather_s: float = 3.0
    tally: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_recovery_s: float = 0.0

    async def cycle(self, name: str | None = None) -> None:
        """One fault, drawn unless it is named, at a drawn instant; then all is well again."""
        dice = self.town.dice
        name = name or dice.choices(tuple(FAULTS), [share for _, share in FAULTS.values()])[0]
        await asyncio.sleep(dice.uniform(0.3, 1.5))
        await FAULTS[name][0](self)
        self.tally[name] += 1
        self.tally["kill_cycles"] += name.startswith("kill")
        try:
            recovery_s = await self.town.recovered(RECOVERS_S)
            self.slowest_recovery_s = max(self.slowest_recovery_s, recovery_s)
        except (TimeoutError, AssertionError) as error:
            self.found("violations", [str(error) or "not ready"], name)
        self.found("acknowledged_lost", await self.town.lost(), name)

    async def end(self, within_s: float) -> None:
        """Nobody calls any more: what is open comes to its end."""
        self.found("not_final", await self.town.unfinished(within_s), "at the end")
        self.found("violations", await self.town.broken(), "at the end")
        self.found("acknowledged_lost", await self.town.lost(), "at the end")
        self.found("dialled_twice", self.town.ledger.dialled_twice, "at the end")

    def found(self, what: str, things: Collection[Any], where: str) -> None:
        if things:
            self.tally[what] += len(things)
            self.wrong.append(f"{what} after {where}: {things}")

    @property
    def somebody(self) -> Replica:
        return self.town.dice.choice(self.town.replicas)


async def kill_one(storm: Storm) -> None:
    replica = storm.somebody
    await replica.kill()
    await replica.start()


async def kill_at_a_point(storm: Storm) -> None:
    """Where it matters most: in a transaction, or with an answer on the tongue."""
    replica, dice = storm.somebody, storm.town.dice
    replica.arm(dice.choice(POINTS), dice.randint(1, 40))
    if await replica.ends(5) is None:
        await replica.kill()
    await replica.start()


async def kill_all(storm: Storm) -> None:
    await asyncio.gather(*(replica.kill() for replica in storm.town.replicas))
    await asyncio.gather(*(replica.start() for replica in storm.town.replicas))


async def freeze(storm: Storm) -> None:
    replica = storm.somebody
    replica.send(signal.SIGSTOP)
    await asyncio.sleep(storm.freeze_s)
    replica.send(signal.SIGCONT)


async def leave(storm: Storm) -> None:
    await restart(storm, storm.somebody)


async def roll(storm: Storm) -> None:
    """As a new version comes: one replica after the other."""
    for replica in storm.town.replicas:
        await restart(storm, replica)


async def restart(storm: Storm, replica: Replica) -> None:
    """It leaves by itself, and costs the switch nothing that the next replica does not heal."""
    unhealed = storm.town.ledger.unhealed
    before = len(unhealed)
    code = await replica.leave()
    if code != 0:
        storm.found("violations", [f"left with {code}"], "leave")
        await replica.kill()
    await replica.start()
    storm.tally["restarts"] += 1
    storm.found("violations", unhealed[before:], "leave")


async def crash_the_database(storm: Storm) -> None:
    await storm.town.server.restart("immediate")


async def kill_a_backend(storm: Storm) -> None:
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'durchwahl' LIMIT $1"
    await storm.town.server.run(sql, storm.town.dice.randint(1, 5))


async def reset(storm: Storm) -> None:
    storm.town.proxy.reset()


async def cut(storm: Storm) -> None:
    """Some connections end at a drawn byte, or around a commit."""
    dice = storm.town.dice
    for _ in range(5):
        way = dice.choice(("up", "down"))
        storm.town.proxy.cut(Cut(way, dice.choice((0, dice.randrange(3000))), dice.choice(("", "COMMIT"))))  # type: ignore[arg-type]
        await asyncio.sleep(dice.uniform(0.1, 0.5))
    storm.town.proxy.forget_cuts()


def weather(kind: Weather) -> Callable[[Storm], Awaitable[None]]:
    async def act(storm: Storm) -> None:
        async with storm.town.proxy.during(kind):
            await asyncio.sleep(storm.weather_s)

    return act


async def hold_a_lock(storm: Storm) -> None:
    """Somebody at a console keeps the rows that everything needs."""
    connection = await asyncpg.connect(storm.town.uri)
    try:
        async with connection.transaction():
            await connection.execute("SELECT advisor_id FROM presences ORDER BY advisor_id FOR UPDATE")
            await asyncio.sleep(storm.weather_s)
    finally:
        await connection.close()


async def fill_the_disk(storm: Storm) -> None:
    """Only where the server's disk is a small one. Everybody is told so who has something to write."""
    server, answers = storm.town.server, storm.town.ledger.answers
    assert isinstance(server, SmallServer)
    before = answers[503]
    server.disk.fill()
    try:
        await asyncio.sleep(storm.town.dice.uniform(1, 3) * storm.weather_s)
    finally:
        server.disk.empty()
    storm.tally["refused_without_room"] += answers[503] - before


FAULTS: dict[str, tuple[Callable[[Storm], Awaitable[None]], int]] = {
    "kill_one": (kill_one, 3),
    "kill_at_a_point": (kill_at_a_point, 6),
    "kill_all": (kill_all, 2),
    "freeze": (freeze, 1),
    "leave": (leave, 2),
    "roll": (roll, 1),
    "crash_the_database": (crash_the_database, 2),
    "kill_a_backend": (kill_a_backend, 2),
    "reset": (reset, 2),
    "cut": (cut, 3),
    "delay": (weather(Weather(latency_s=0.25)), 1),
    "throttle": (weather(Weather(bytes_per_s=20_000)), 1),
    "black_hole": (weather(Weather(black_hole=True)), 2),
    "hold_a_lock": (hold_a_lock, 1),
    "fill_the_disk": (fill_the_disk, 0),
}
"""What may happen, and how often in comparison; what is never drawn is asked for by its name."""
