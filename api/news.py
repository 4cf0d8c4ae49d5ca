"""A request that waits for news: woken by the log that this process reads, and looking now and then anyway."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from api.services import Services
from api.stream import STREAM
from realtime.stream import Stream

BACKSTOP_S = 2.0
UNLISTENED_S = 0.2
"""How often to look where no log is read in this process."""


class News:
    """What one request waits for, until its time is over."""

    def __init__(self, bell: asyncio.Event, look_s: float, for_s: float) -> None:
        self._bell, self._look_s = bell, look_s
        self._until = asyncio.get_running_loop().time() + for_s

    async def may_come(self) -> bool:
        """Returns when it is time to look; False when the time is over."""
        left = self._until - asyncio.get_running_loop().time()
        if left <= 0:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(self._look_s, left)):
                await self._bell.wait()
        self._bell.clear()
        return True


@contextlib.contextmanager
def of(services: Services, name: str, for_s: float) -> Iterator[News]:
    """News of a thing (`con_…`) or of a type of events, for at most `for_s` seconds."""
    stream: Stream | None = services.extras.get(STREAM)
    if stream is None:
        yield News(asyncio.Event(), UNLISTENED_S, for_s)
        return
    with stream.bells.hung(name) as bell:
        yield News(bell, BACKSTOP_S, for_s)
