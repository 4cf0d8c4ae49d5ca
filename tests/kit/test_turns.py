"""So many at a time, the others in the order in which they came."""

from __future__ import annotations

import asyncio

import pytest

from kit.errors import Unavailable
from kit.turns import Turns


async def test_others_wait_for_a_turn_in_the_order_in_which_they_came() -> None:
    turns, came = Turns(1, wait_s=60), list[int]()

    async def come(number: int) -> None:
        async with turns.turn():
            came.append(number)

    async with turns.turn():
        waiting = [asyncio.create_task(come(number)) for number in range(3)]
        await asyncio.sleep(0)
        assert came == []
    await asyncio.gather(*waiting)

    assert came == [0, 1, 2]


async def test_who_gets_no_turn_in_time_is_sent_away_and_takes_none() -> None:
    turns = Turns(1, wait_s=0.001)

    async with turns.turn():
        with pytest.raises(Unavailable):
            async with turns.turn():
                pass

    async with turns.turn():
        pass


async def test_turn_of_who_fails_or_leaves_is_free_again() -> None:
    turns = Turns(1, wait_s=60)

    with pytest.raises(ValueError, match="failed"):
        async with turns.turn():
            raise ValueError("failed")
    async with turns.turn():
        leaving = asyncio.create_task(turns.turn().__aenter__())
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)

    async with asyncio.timeout(5), turns.turn():
        pass
