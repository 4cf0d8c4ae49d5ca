"""What is to happen when: the future of a virtual day, in the order of time and, within an instant, of writing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from heapq import heappop, heappush

Action = Callable[[], Awaitable[None]]


class Agenda:
    """Entries are not taken out before their time: an action that has lost its point does nothing."""

    def __init__(self) -> None:
        self._entries: list[tuple[datetime, int, Action]] = []
        self._written = 0

    def __len__(self) -> int:
        return len(self._entries)

    def at(self, instant: datetime, action: Action) -> None:
        self._written += 1
        heappush(self._entries, (instant, self._written, action))

    @property
    def next_at(self) -> datetime | None:
        return self._entries[0][0] if self._entries else None

    def pop(self) -> Action:
        return heappop(self._entries)[2]
