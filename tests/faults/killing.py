"""Processes that live until they are killed in the middle of calls and promises, and those who talk with them.

What was not acknowledged is sent again to the next process, as a switch and a control center do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kit import invariants
from kit.database import Database
from tests.properties import company as companies
from tests.properties.company import GENERAL, Company
from tests.properties.steps import UNFINISHED
from tests.support.builders import MONDAY_MORNING

ROOT = Path(__file__).parent.parent.parent
POINTS = ("after_insert", "before_commit", "after_commit", "by_hand")
MOST_COMMANDS = 60
OPEN = """
SELECT 'contact ' || state AS what FROM contacts WHERE ended_at IS NULL
UNION ALL SELECT 'offer' FROM offers WHERE state = 'open'
UNION ALL SELECT 'dial' FROM callback_attempts WHERE ended_at IS NULL
UNION ALL SELECT 'overdue promise ' || state FROM callbacks WHERE final_at IS NULL AND next_action_at <= $1
"""
KINDS = {"call": 3, "goes_on": 7, "time": 3, "wish": 1, "dials": 2, "returns": 1}


class Dead(Exception):
    """The process was killed before it answered."""


@dataclass
class Process:
    """One life of the service."""

    process: asyncio.subprocess.Process

    @classmethod
    async def begin(cls, uri: str, *failpoint: str) -> Process:
        arguments = (sys.executable, "-m", "tests.faults.victim", uri, *failpoint)
        pipe = asyncio.subprocess.PIPE
        process = cls(await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe, cwd=ROOT))
        await process.heard()
        return process

    async def tell(self, command: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            await self.process.stdin.drain()

    async def heard(self) -> dict[str, Any]:
        """The next answer. Raises `Dead`."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line.endswith(b"\n"):
            assert await self.process.wait() == -9, "it died of something else"
            raise Dead
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def ask(self, command: dict[str, Any]) -> dict[str, Any]:
        await self.tell(command)
        return await self.heard()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@dataclass
class Outside:
    """The switch and the control center: what they ask, what they were told, and what they ask again."""

    database: Database
    company: Company
    dice: random.Random
    now: datetime = MONDAY_MORNING
    unanswered: dict[str, Any] | None = None
    calls: dict[str, str] = field(default_factory=dict)
    events: set[tuple[str, str]] = field(default_factory=set)
    promises: set[str] = field(default_factory=set)
    dialled: Counter[str] = field(default_factory=Counter)
    _numbers: int = 0

    @property
    def desks(self) -> list[str]:
        return [str(advisor.id) for advisor in self.company.advisors]

    def look_around(self) -> dict[str, Any]:
        return {"verb": "look_around", "desks": self.desks}

    async def next_command(self) -> dict[str, Any]:
        """What was not answered, else something new."""
        if self.unanswered is None:
            self._numbers += 1
            self.unanswered = {"n": self._numbers, **await self._something()}
        return {**self.unanswered, "now": self.now.isoformat()}

    async def _something(self) -> dict[str, Any]:
        match self.dice.choices(list(KINDS), list(KINDS.values()))[0]:
            case "call":
                caller = self.dice.choice(self.company.phones)
                return {"verb": "call", "call_id": f"pbx-{self._numbers}", "caller": caller, "dialled": GENERAL}
            case "goes_on":
                return await self._next_news() or self.look_around()
            case "wish":
                return {"verb": "wish", "ref": self.dice.choice(self.company.refs)}
            case "dials":
                return {"verb": "take_dials"}
            case "returns":
                return {"verb": "return_all", "desks": self.desks}
            case _:
                await self._time_passes()
                return self.look_around()

    async def _time_passes(self) -> None:
        """A moment, or until the next promise falls due."""
        self.now += timedelta(seconds=self.dice.choice((0.5, 1, 2, 5, 10)))
        sql = "SELECT min(next_action_at) AS at FROM callbacks WHERE state IN ('scheduled', 'due')"
        async with self.database.reading() as session:
            at = await session.fetch_value(sql)
        if at is not None and self.dice.random() < 0.3:
            self.now = max(self.now, at)

    async def _next_news(self) -> dict[str, Any] | None:
        async with self.database.reading() as session:
            unfinished = await session.fetch(UNFINISHED)
        if not unfinished:
            return None
        thing = self.dice.choice(unfinished)
        if thing["token"] is not None and str(thing["token"]) not in self.dialled:
            return {"verb": "take_dials"}  # nobody has dialled it, so there is no news of it
        answer = self.dice.choice(("answered", "answered", "answered", "no_answer"))
        match thing["what"]:
            case "rings" | "dial_rings":
                return self._news(thing, answer, "advisor")
            case "dials":
                return self._news(thing, answer, "caller")
            case "talks":
                return self._news(thing, "hangup", "caller")
            case "asks":
                return self._news(thing, "digits", "caller", digits=self.dice.choice(("1", "2", "2", "3", "")))
            case _:
                return None

    def _news(self, thing: dict[str, Any], type: str, leg: str, **more: Any) -> dict[str, Any]:  # noqa: A002
        signal = {"identity": f"e-{self._numbers}", "type": type, "leg": leg, **more}
        if thing["token"] is not None:
            return {"verb": "hear_dial", "token": str(thing["token"]), "signal": signal}
        if thing["what"] == "rings":
            signal["offer_id"] = str(thing["id"])
        return {"verb": "hear", "call_id": thing["call_id"], "signal": signal}

    def was_answered(self, answer: dict[str, Any]) -> None:
        """Keep what was acknowledged; what the database was too slow for is sent again."""
        if answer.get("refused") == "DatabaseAway":
            return
        command, self.unanswered = self.unanswered, None
        assert command is not None
        if "refused" in answer:
            return
        told: Any = answer.get("answer")
        match command["verb"]:
            case "call":
                self.calls[command["call_id"]] = told
            case "hear":
                self.events.add((command["call_id"], told))
            case "wish" if told is not None:
                self.promises.add(told)
            case "take_dials":
                self.dialled.update(told)

    # --- what must be true afterwards

    async def lost(self) -> list[str]:
        """What was acknowledged and is not there."""
        async with self.database.reading() as session:
            kept = await session.fetch("SELECT switch_call_id, id FROM contacts WHERE direction = 'in'")
            events = await session.fetch("SELECT call_id, identity FROM switch_events")
            promises = await session.fetch("SELECT id FROM callbacks")
        calls = {row["switch_call_id"]: str(row["id"]) for row in kept}
        return [
            *(call_id for call_id, contact_id in self.calls.items() if calls.get(call_id) != contact_id),
            *map(str, self.events - {(row["call_id"], row["identity"]) for row in events}),
            *(self.promises - {str(row["id"]) for row in promises}),
        ]

    async def broken(self) -> dict[str, Any]:
        async with self.database.reading() as session:
            return dict(await invariants.violations(session, self.now, since=MONDAY_MORNING))

    async def unfinished(self) -> list[str]:
        """What is open although everybody has been silent for long."""
        async with self.database.reading() as session:
            return [row["what"] for row in await session.fetch(OPEN, self.now)]

    @property
    def dialled_twice(self) -> list[str]:
        return [token for token, times in self.dialled.items() if times > 1]


@dataclass
class Killing:
    """Cycles of life and death on one database; `tally` counts them and what came of them, `wrong` names it."""

    outside: Outside
    uri: str
    tally: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    async def cycle(self, point: str) -> None:
        """One process lives until it is killed at the point; nothing that it has acknowledged is lost."""
        await live_until_killed(self, point)
        self.tally["kill_cycles"] += 1
        self.found("lost", await self.outside.lost(), f"{point}, cycle {self.tally['kill_cycles']}")

    async def end(self) -> None:
        """The last process is not killed: what is open comes to its end, and all is as it must be."""
        await run_out(self)
        self.found("lost", await self.outside.lost(), "at the end")
        self.found("violations", await self.outside.broken(), "at the end")
        self.found("not_final", await self.outside.unfinished(), "at the end")
        self.found("dialled_twice", self.outside.dialled_twice, "at the end")

    def found(self, what: str, things: Collection[Any], where: str) -> None:
        if things:
            self.tally[what] += len(things)
            self.wrong.append(f"{what} {where}: {things}")


async def killing(database: Database, uri: str, seed: int) -> Killing:
    """The company is founded in the fresh database of that URI."""
    async with database.transaction() as session:
        company = await companies.found(session)
    return Killing(Outside(database, company, random.Random(seed)), uri)


async def live_until_killed(killing: Killing, point: str) -> None:
    outside, dice = killing.outside, killing.outside.dice
    by_hand = point == "by_hand"
    process = await Process.begin(killing.uri, *(() if by_hand else (point, str(dice.randint(5, 40)))))
    last = dice.randint(5, MOST_COMMANDS) if by_hand else 10**6
    with contextlib.suppress(Dead):
        await recovered(killing, process)
        for n in range(last + 1):
            command = await outside.next_command()
            if n == last:
                await process.tell(command)
                await asyncio.sleep(dice.uniform(0, 0.01))  # somewhere in the middle of it
                break
            outside.was_answered(await process.ask(command))
    await process.kill()


async def recovered(killing: Killing, process: Process) -> None:
    """What fell due while nobody was there is done, and all is as it must be."""
    outside = killing.outside
    await process.ask({"n": 0, "now": outside.now.isoformat(), **outside.look_around()})
    killing.found("violations", await outside.broken(), f"after cycle {killing.tally['kill_cycles']}")


async def run_out(killing: Killing) -> None:
    outside = killing.outside
    process = await Process.begin(killing.uri)
    if outside.unanswered is not None:
        outside.was_answered(await process.ask(await outside.next_command()))
    for n in range(8):
        outside.now += timedelta(seconds=31)
        answer = await process.ask({"n": -n, "verb": "look_around", "now": outside.now.isoformat()})
        assert "answer" in answer
    await process.kill()
