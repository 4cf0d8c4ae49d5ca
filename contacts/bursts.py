"""Several who wait and several who are free: matched at once instead of one advisor after the other.

Where few meet, that is done in the process and the transaction that found them. More are handed to a process that
is kept warm for nothing else (`Solver`), with no transaction open meanwhile; what comes back is looked at again
when it is claimed. Where the solver is not warm yet, dies or takes too long, the longest idle picks first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from kit.apart import Apart, Died, TooLong
from kit.logs import facts, logger
from routing.matching import NotMatched, Pair, load, match
from routing.problem import Person, Waiting
from routing.waiting import may_take

MOST_HERE = 400
"""Contacts × advisors up to which a burst is matched at once: 20 × 20 take 1.5 ms (`bench/matching.py`)."""
MOST_AT_ONCE = 1_000
"""Contacts of one burst; those who have waited less follow in the next."""
WITHIN = timedelta(milliseconds=200)
WARM_WITHIN = timedelta(seconds=30)
WARM = ("routing.matching", "ortools.graph.python.min_cost_flow")

log = logger("bursts")


@dataclass(frozen=True)
class Burst:
    """Who waits and who is free at `now`."""

    waiting: Sequence[Waiting]
    people: Sequence[Person]
    now: datetime

    @property
    def competes(self) -> bool:
        """Whether somebody could take two of the contacts, one of whom somebody else could take as well. Elsewhere
        the order in which they pick decides nothing but who picks."""
        if len(self.waiting) < 2 or len(self.people) < 2:
            return False
        choices = Counter[int]()
        takers = []
        for contact in self.waiting:
            able = [n for n, person in enumerate(self.people) if may_take(person, contact)]
            choices.update(able)
            takers += [able] if len(able) > 1 else []
        return any(choices[n] > 1 for able in takers for n in able)

    @property
    def is_small(self) -> bool:
        return len(self.waiting) * len(self.people) <= MOST_HERE

    def matched(self) -> tuple[Pair, ...] | None:
        """Solved here and now; None where the solver gave up."""
        try:
            return match(self.waiting, self.people, self.now)
        except NotMatched as error:
            log.error("burst.unmatched", **facts(error))
            return None


class Solver:
    """The process for large bursts. Begins to warm up with the context, ends with it; outside of it nothing is
    solved."""

    def __init__(self, within: timedelta = WITHIN) -> None:
        self._within_s = within.total_seconds()
        self._apart = Apart(WARM)
        self._warming: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._warm_up()
        await asyncio.to_thread(load)  # for the small bursts, which are matched here
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        warming, self._warming = self._warming, None
        if warming is not None:
            warming.cancel()
            await asyncio.wait({warming})
        await self._apart.__aexit__(kind, error, trace)

    @property
    def pid(self) -> int | None:
        """Of the process that is there now."""
        return self._apart.pid

    async def warmed(self) -> None:
        """Until it takes work."""
        if self._warming is not None:
            await self._warming

    async def solve(
        self, waiting: Sequence[Waiting], people: Sequence[Person], now: datetime
    ) -> tuple[Pair, ...] | None:
        """Who takes whom; None where the solver is not there, or did not answer in time."""
        if self._warming is None or not self._warming.done():
            return None
        try:
            return await self._apart.run(match, waiting, people, now, limit_s=self._within_s)
        except (TooLong, Died, NotMatched) as error:
            log.warning("burst.without_solver", waiting=len(waiting), free=len(people), **facts(error))
            self._warm_up()
            return None

    def _warm_up(self) -> None:
        self._warming = asyncio.create_task(self._warm(), name="solver warms up")

    async def _warm(self) -> None:
        """The first answer takes as long as its imports; what fails here fails again where it is told."""
        with contextlib.suppress(TooLong, Died):
            await self._apart.run(
                match, (), (), datetime.min.replace(tzinfo=UTC), limit_s=WARM_WITHIN.total_seconds()
            )
