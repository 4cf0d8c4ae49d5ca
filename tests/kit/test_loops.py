"""Loops that work, wait, and never end by themselves. No test waits for time to pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg

from kit.errors import Fault
from kit.heartbeats import Heartbeats
from kit.loops import BEAT_S, LONGEST_DELAY_S, Loop, Supervisor, wait

SECOND = timedelta(seconds=1)


class Pauses:
    """A waiter that never lets real time pass: it notes what was asked for and lets others run."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, wake: asyncio.Event, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(0)


class Work:
    """Fails with the errors given, one per run, then goes well."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors, self.runs = list(errors), 0
        self.reached: dict[int, asyncio.Event] = {}

    async def __call__(self) -> int:
        self.runs += 1
        if event := self.reached.get(self.runs):
            event.set()
        if self.errors:
            raise self.errors.pop(0)
        return self.runs

    async def times(self, runs: int) -> None:
        await self.reached.setdefault(runs, asyncio.Event()).wait()


def a_loop(work: Callable[[], Awaitable[Any]], **options: Any) -> Loop:
    return Loop("work", work, options.pop("pause", SECOND), waiter=options.pop("waiter", Pauses()), **options)


async def test_no_failure_ends_a_loop() -> None:
    work = Work(
        OSError(),
        asyncpg.InterfaceError(""),
        asyncpg.PostgresError(),
        Fault(),
        TimeoutError(),
        asyncio.CancelledError(),
        ValueError(),
    )
    loop = a_loop(work)

    loop.start()
    await work.times(9)

    assert loop.running
    assert loop.failures == 0
    await loop.stop()


async def test_failures_are_backed_off_up_to_a_bound() -> None:
    work, pauses = Work(*[OSError() for _ in range(12)]), Pauses()
    loop = a_loop(work, waiter=pauses)

    loop.start()
    await work.times(13)
    await loop.stop()

    delays = pauses.asked[:12]
    assert delays == sorted(delays)
    assert delays[0] == 0.1
    assert delays[-1] == LONGEST_DELAY_S


async def test_a_wake_up_does_not_shorten_the_delay_after_a_failure() -> None:
    woken: list[bool] = []

    async def note(wake: asyncio.Event, seconds: float) -> None:
        woken.append(wake.is_set())
        await asyncio.sleep(0)

    loop = a_loop(Work(OSError()), waiter=note)
    loop.wake.set()

    loop.start()
    await until(lambda: len(woken) >= 1)
    await loop.stop()

    assert woken[0] is False


async def test_a_wake_up_starts_the_next_run_before_the_pause_is_over() -> None:
    work = Work()
    loop = a_loop(work, pause=timedelta(hours=1), waiter=wait)
    loop.start()
    await work.times(1)

    loop.wake.set()
    await work.times(2)

    await loop.stop()


async def test_wake_ups_within_the_rest_are_gathered_into_one_run() -> None:
    gate, asked = asyncio.Event(), list[float]()

    async def held(wake: asyncio.Event, seconds: float) -> None:
        asked.append(seconds)
        await (wake.wait() if seconds > 1 else gate.wait())

    work = Work()
    loop = a_loop(work, pause=timedelta(seconds=4), rest=timedelta(milliseconds=20), waiter=held)
    loop.start()
    await work.times(1)
    for _ in range(5):
        loop.wake.set()
        await asyncio.sleep(0)
    assert work.runs == 1

    gate.set()
    await work.times(2)
    await until(lambda: len(asked) >= 3)

    assert work.runs == 2
    assert asked[0] == 0.02
    await loop.stop()


async def test_a_run_that_hangs_is_ended_and_tried_again() -> None:
    never, runs = asyncio.Event(), 0
    second = asyncio.Event()

    async def hang_once() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            await never.wait()
        second.set()

    loop = a_loop(hang_once, limit=timedelta(milliseconds=1))
    loop.start()
    await second.wait()
    await loop.stop()

    assert runs >= 2


async def test_starting_and_stopping_twice_is_safe() -> None:
    work = Work()
    loop = a_loop(work, pause=timedelta(hours=1), waiter=wait)

    loop.start()
    loop.start()
    await work.times(1)
    await loop.stop()
    await loop.stop()

    assert work.runs == 1
    assert not loop.running
    assert not loop.died
    loop.start()
    await work.times(2)
    await loop.stop()


async def test_stopping_lets_a_run_finish() -> None:
    begun, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go.wait()
        ended.set()

    loop = a_loop(work)
    loop.start()
    await begun.wait()
    stopping = asyncio.create_task(loop.stop())
    await asyncio.sleep(0)
    go.set()
    await stopping

    assert ended.is_set()


async def test_stopping_cancels_a_run_that_does_not_finish() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    loop = a_loop(work)
    loop.start()
    await begun.wait()
    await loop.stop(grace=timedelta(milliseconds=1))

    assert cancelled.is_set()


async def test_a_long_pause_beats_and_a_run_that_hangs_does_not() -> None:
    now, oldest = 0.0, 0.0
    heartbeats, hanging = Heartbeats(lambda: now), asyncio.Event()

    async def pass_time(wake: asyncio.Event, seconds: float) -> None:
        nonlocal now, oldest
        now += seconds
        oldest = max(oldest, heartbeats.ages_s()["work"])
        await asyncio.sleep(0)

    async def work() -> None:
        nonlocal now
        if now > 0:
            now += 60
            hanging.set()
            await asyncio.Event().wait()

    loop = a_loop(work, pause=timedelta(seconds=60), waiter=pass_time)
    loop.heartbeats = heartbeats
    loop.start()
    await hanging.wait()

    assert oldest == BEAT_S
    assert heartbeats.silent(timedelta(seconds=30)) == ["work"]
    await loop.stop(grace=timedelta(milliseconds=1))


async def test_the_supervisor_starts_again_what_somebody_else_has_ended() -> None:
    work = Work()
    loop = a_loop(work, pause=timedelta(hours=1), waiter=wait)
    supervisor = Supervisor([loop], watch=timedelta(hours=1))
    async with supervisor:
        await work.times(1)
        assert loop._task is not None
        loop._task.cancel()
        await until(lambda: loop.died)

        restarted = await supervisor.watch_once()
        await work.times(2)

        assert restarted == ["work"]
        assert await supervisor.watch_once() == []
    assert not loop.running


async def test_who_ends_on_purpose_is_not_taken_for_dead() -> None:
    work, heartbeats = Work(), Heartbeats()
    loop = a_loop(work, pause=timedelta(hours=1), waiter=wait)

    async with Supervisor([loop], heartbeats, name="watcher"):
        await work.times(1)
        beating = set(heartbeats.ages_s())

    assert beating == {"work", "watcher"}
    assert heartbeats.ages_s() == {}


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - it lets the loop turn, no time passes
        await asyncio.sleep(0)
