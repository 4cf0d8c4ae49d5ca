"""Functions that run apart: what they return and raise, and what happens when they don't end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from kit.apart import Apart, Died, TooLong, Unsendable

PATIENT = 60.0


def double(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows * 2


def hang() -> None:
    threading.Event().wait()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(words: str) -> None:
    raise LookupError(words)


def refuse() -> None:
    raise FileNotFoundError("not the pipe's")


class Odd(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(one)


def fail_oddly() -> None:
    raise Odd("a", "b")


def hold_the_lock() -> int:
    """As the solver does: a sort of two million in one call that no other thread of the process gets past."""
    list(range(2_000_000, 0, -1)).sort(key=lambda number: number % 1000)
    return os.getpid()


async def test_a_function_runs_in_another_process_that_stays_warm() -> None:
    async with Apart() as apart:
        pids = {await apart.run(os.getpid, limit_s=PATIENT) for _ in range(3)}

    assert len(pids) == 1
    assert os.getpid() not in pids


async def test_large_arrays_go_there_and_back() -> None:
    rows = np.arange(3_000_000, dtype=np.float64)

    async with Apart() as apart:
        back = await apart.run(double, rows, limit_s=PATIENT)

    assert np.array_equal(back, rows * 2)
    back[0] = 1.0  # and may be written to


async def test_what_the_function_raises_is_raised_here_and_says_where() -> None:
    async with Apart() as apart:
        with pytest.raises(LookupError, match="no such desk") as raised:
            await apart.run(fail, "no such desk", limit_s=PATIENT)
        pid = await apart.run(os.getpid, limit_s=PATIENT)

        assert "in fail" in raised.value.__notes__[0]
        assert pid == apart.pid


async def test_an_error_of_files_is_the_functions_and_not_the_pipes() -> None:
    async with Apart() as apart:
        with pytest.raises(FileNotFoundError):
            await apart.run(refuse, limit_s=PATIENT)


async def test_what_cannot_be_sent_is_told() -> None:
    async with Apart() as apart:
        with pytest.raises(Unsendable, match="lock"):
            await apart.run(threading.Lock, limit_s=PATIENT)
        with pytest.raises(Unsendable, match="Odd"):
            await apart.run(fail_oddly, limit_s=PATIENT)


async def test_one_that_hangs_is_killed_and_the_next_finds_a_fresh_process() -> None:
    async with Apart() as apart:
        first = await apart.run(os.getpid, limit_s=PATIENT)

        with pytest.raises(TooLong):
            await apart.run(hang, limit_s=0.05)

        assert await apart.run(os.getpid, limit_s=PATIENT) != first
        assert not runs(first)


async def test_a_process_that_dies_is_told_and_replaced() -> None:
    async with Apart() as apart:
        with pytest.raises(Died):
            await apart.run(die, limit_s=PATIENT)

        assert await apart.run(os.getpid, limit_s=PATIENT)


async def test_a_process_killed_between_two_functions_is_replaced() -> None:
    async with Apart() as apart:
        first = await apart.run(os.getpid, limit_s=PATIENT)
        os.kill(first, signal.SIGKILL)
        with contextlib.suppress(Died):  # where its end is not known yet
            await apart.run(os.getpid, limit_s=PATIENT)

        assert await apart.run(os.getpid, limit_s=PATIENT) != first


async def test_who_no_longer_waits_has_the_function_killed() -> None:
    async with Apart() as apart:
        first = await apart.run(os.getpid, limit_s=PATIENT)
        waiting = asyncio.create_task(apart.run(hang, limit_s=PATIENT))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        assert await apart.run(os.getpid, limit_s=PATIENT) != first


async def test_functions_take_turns_and_waiting_does_not_count() -> None:
    async with Apart() as apart:
        both = await asyncio.gather(*(apart.run(hold_the_lock, limit_s=PATIENT) for _ in range(2)))

        assert len(set(both)) == 1


async def test_the_process_ends_with_the_context() -> None:
    async with Apart() as apart:
        pid = await apart.run(os.getpid, limit_s=PATIENT)

    assert not runs(pid)


async def test_the_loop_goes_on_turning_while_a_function_holds_its_lock() -> None:
    turns = 0

    async with Apart() as apart:
        work = asyncio.create_task(apart.run(hold_the_lock, limit_s=PATIENT))
        while not work.done():
            await asyncio.sleep(0.001)  # turns are what is counted here
            turns += 1

    assert turns > 20


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
