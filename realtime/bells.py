"""Whoever waits for news of one thing, rung as its events are read from the log.

A bell says only that something has happened; who hears it looks for themselves. It rings in the process that reads
the log, so a change by another replica rings as soon as the doorbell has brought it here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator


class Bells:
    """Names are ids of things (`con_…`) and types of events (`callback.offered`)."""

    def __init__(self) -> None:
        self._hung: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextlib.contextmanager
    def hung(self, name: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is news under that name."""
        bell = asyncio.Event()
        self._hung[name].add(bell)
        try:
            yield bell
        finally:
            self._hung[name].discard(bell)
            if not self._hung[name]:
                del self._hung[name]

    def ring(self, names: Iterable[str]) -> None:
        if not self._hung:
            return
        for name in set(names) & self._hung.keys():
            for bell in self._hung[name]:
                bell.set()
