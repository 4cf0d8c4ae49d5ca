"""However the news of a call is mixed up and repeated: it ends as it would have in order.

DURCHWAHL_ORDERS=50000 DURCHWAHL_SEED=7 pytest tests/properties/test_orders.py
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kit.clock import VirtualClock
from kit.database import Session
from tests.properties.stories import (
    STORIES,
    Story,
    Telling,
    anna_and_ben,
    in_any_order,
    in_order,
    the_end,
)
from tests.support.builders import MONDAY_MORNING
from tests.support.world import World

pytestmark = pytest.mark.database

ORDERS = int(os.environ.get("DURCHWAHL_ORDERS", "1000"))
SEED = int(os.environ.get("DURCHWAHL_SEED", "1"))


@contextlib.asynccontextmanager
async def undone(session: Session) -> AsyncIterator[None]:
    """What happens inside is forgotten."""
    transaction: Any = session.raw.transaction()
    await transaction.start()
    try:
        yield
    finally:
        session.wakes.clear()
        await transaction.rollback()


@pytest.mark.timeout(120 + ORDERS // 4)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_any_order_and_any_repeats_lead_to_the_same_end(session: Session, story: Story) -> None:
    founded = World(session, VirtualClock(MONDAY_MORNING))
    people = await anna_and_ben(founded)
    await founded.after_commit()

    async def begun() -> Telling:
        world = World(session, VirtualClock(MONDAY_MORNING), founded.exchange)
        return Telling(world, people, story, await story.scene(world, people))

    async with undone(session):
        telling = await begun()
        await in_order(telling)
        expected = await the_end(telling)
    assert expected["broken"] == {}

    dice = random.Random(f"{SEED} {story.name}")
    for _ in range(ORDERS // len(STORIES) + 1):
        async with undone(session):
            telling = await begun()
            told = await in_any_order(telling, dice)
            assert await the_end(telling) == expected, told
