"""Much work on the event loop, done in pieces, so that nobody waits for all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

Item = TypeVar("Item")

PIECE = 50
"""Some milliseconds, where an item takes a tenth of one."""


async def piecewise(items: Iterable[Item], size: int = PIECE) -> AsyncIterator[Item]:
    """The items in order; between pieces whatever else is ready has its turn."""
    for number, item in enumerate(items, 1):
        yield item
        if number % size == 0:
            await asyncio.sleep(0)
