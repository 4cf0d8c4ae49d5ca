"""Loops say that they are alive; health asks who has fallen silent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta


class Heartbeats:
    """One process's loops by name. A loop that ends on purpose says so, or it counts as dead.

    Ages are measured by the monotonic clock: a wall clock that is set back would make the dead look alive.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last: dict[str, float] = {}
        self.failures: Counter[str] = Counter()
        """Runs that failed since the start, by loop."""

    def beat(self, name: str) -> None:
        self._last[name] = self._monotonic()

    def fail(self, name: str) -> None:
        """A run has failed; the loop lives on."""
        self.failures[name] += 1

    def end(self, name: str) -> None:
        self._last.pop(name, None)

    def ages_s(self) -> Mapping[str, float]:
        """Seconds since each loop was last heard."""
        now = self._monotonic()
        return {name: now - last for name, last in self._last.items()}

    def silent(self, after: timedelta) -> list[str]:
        """The loops that have not been heard for `after`."""
        return sorted(name for name, age in self.ages_s().items() if age >= after.total_seconds())
