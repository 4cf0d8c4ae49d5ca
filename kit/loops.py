"""Loops that work, wait, and never end by themselves.

`run_once` works and returns what it did; the loop waits: for its timer, or until it is woken.
- Whatever `run_once` raises is logged and the loop goes on after a growing delay (at most 2 s, so that every loop
  is back within 3 s of a database that returns). A wake-up does not shorten that delay.
- It beats before and after each run and while it waits: an old heartbeat means that it hangs, not that it rests.
- Starting and stopping twice is safe. Stopping lets a run finish for a moment, then cancels it.
- A task that dies all the same (cancelled by somebody else) is started again by the `Supervisor`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from types import TracebackType
from typing import Any, Protocol

from kit.actors import acting
from kit.heartbeats import Heartbeats
from kit.logs import facts, logger

BEAT_S = 5.0  # readiness asks for 30 s; a loop that pauses longer than this beats in between
FIRST_DELAY_S, LONGEST_DELAY_S = 0.1, 2.0
RUN_LIMIT = timedelta(seconds=60)
GRACE = timedelta(seconds=2)


class Waiter(Protocol):
    """Returns when `wake` is set or after `seconds`, whichever comes first."""

    async def __call__(self, wake: asyncio.Event, seconds: float) -> None: ...


async def wait(wake: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()


class Loop:
    """One kind of work, again and again.

    `pause` is the longest time between two runs, `rest` the shortest; wake-ups within the rest are gathered into
    one run. `limit` ends a run that hangs; where it is longer than usual the loop beats while it runs, too.
    """

    def __init__(
        self,
        name: str,
        run_once: Callable[[], Awaitable[Any]],
        pause: timedelta,
        *,
        wake: asyncio.Event | None = None,
        rest: timedelta = timedelta(0),
        limit: timedelta = RUN_LIMIT,
        waiter: Waiter = wait,
    ) -> None:
        self.name = name
        self.wake = wake or asyncio.Event()
        self.failures = 0
        """How many runs in a row have failed."""
        self._run_once = run_once
        self._pause_s, self._rest_s = pause.total_seconds(), rest.total_seconds()
        self._limit_s = limit.total_seconds()
        self._wait = waiter
        self.heartbeats: Heartbeats | None = None
        """Where it says that it is alive."""
        self._task: asyncio.Task[None] | None = None
        self._resting = False
        self._stopping = False

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def died(self) -> bool:
        """It was started, nobody stopped it, and yet it has ended."""
        return self._task is not None and self._task.done()

    def start(self) -> None:
        if not self.running:
            self._stopping = self._resting = False
            self._beat()
            self._task = asyncio.create_task(self._live(), name=f"loop {self.name}")

    async def stop(self, grace: timedelta = GRACE) -> None:
        """Let a run finish within `grace`, then cancel it; at once where the loop only waits."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping = True
        try:
            if not self._resting:
                await asyncio.wait({task}, timeout=grace.total_seconds())
        finally:
            task.cancel()
        await asyncio.wait({task}, timeout=grace.total_seconds())

    async def turn(self) -> bool:
        """One run, guarded; whether it went well."""
        self._beat()
        try:
            async with asyncio.timeout(self._limit_s):
                async with self._beating_meanwhile():
                    with acting(f"loop:{self.name}"):
                        await self._run_once()
        except asyncio.CancelledError as error:
            if _is_being_cancelled():
                raise
            self._failed(error)
        except Exception as error:
            self._failed(error)
        else:
            self.failures = 0
        self._beat()
        return self.failures == 0

    @contextlib.asynccontextmanager
    async def _beating_meanwhile(self) -> AsyncIterator[None]:
        """Long work is no hang before its limit."""
        if self._limit_s <= RUN_LIMIT.total_seconds():
            yield
            return
        beating = asyncio.create_task(self._beat_on())
        try:
            yield
        finally:
            beating.cancel()

    async def _beat_on(self) -> None:
        while not self._stopping:
            await self._wait(asyncio.Event(), BEAT_S)
            self._beat()

    async def _live(self) -> None:
        while not self._stopping:
            self.wake.clear()
            if await self.turn():
                await self._idle(asyncio.Event(), self._rest_s)
                await self._idle(self.wake, self._pause_s - self._rest_s)
            else:
                await self._idle(asyncio.Event(), self._delay_s())

    async def _idle(self, wake: asyncio.Event, seconds: float) -> None:
        """Wait in slices, so that a long pause does not look like a loop that hangs."""
        self._resting = True
        while seconds > 0 and not wake.is_set() and not self._stopping:
            await self._wait(wake, min(seconds, BEAT_S))
            seconds -= BEAT_S
            self._beat()
        self._resting = False

    def _delay_s(self) -> float:
        return float(min(FIRST_DELAY_S * 2 ** min(self.failures - 1, 10), LONGEST_DELAY_S))

    def _beat(self) -> None:
        if self.heartbeats is not None:
            self.heartbeats.beat(self.name)

    def _failed(self, error: BaseException) -> None:
        self.failures += 1
        if self.heartbeats is not None:
            self.heartbeats.fail(self.name)
        logger("loops").error("loop.failed", loop=self.name, failures=self.failures, **facts(error))


class Supervisor:
    """Starts loops together, starts again what died, and stops them together.

    `name` is its own, as it beats like those it watches; a loop that is stopped on purpose leaves `heartbeats`.
    """

    def __init__(
        self,
        loops: Iterable[Loop],
        heartbeats: Heartbeats | None = None,
        *,
        name: str = "supervisor",
        watch: timedelta = timedelta(seconds=1),
    ) -> None:
        self.loops = list(loops)
        self.heartbeats = heartbeats or Heartbeats()
        self._watcher = Loop(name, self.watch_once, watch)
        for loop in self._all():
            loop.heartbeats = self.heartbeats

    async def __aenter__(self) -> Supervisor:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def start(self) -> None:
        for loop in self._all():
            loop.start()

    async def stop(self, grace: timedelta = GRACE) -> None:
        await self._watcher.stop(grace)
        await asyncio.gather(*(loop.stop(grace) for loop in self.loops))
        for loop in self._all():
            self.heartbeats.end(loop.name)

    async def watch_once(self) -> list[str]:
        """Start again what has died; returns the names."""
        died = [loop for loop in self.loops if loop.died]
        for loop in died:
            logger("loops").error("loop.died", loop=loop.name)
            loop.start()
        return [loop.name for loop in died]

    def _all(self) -> list[Loop]:
        return [*self.loops, self._watcher]


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
