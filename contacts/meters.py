"""What is measured of routing, where it happens: how long it takes, who lost which race, what came too late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from kit.errors import Fault
from kit.metrics import Metrics

FINE = (0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1)
"""Seconds; a decision takes some ten microseconds."""


class Meters:
    """Of one process; without `metrics` they count for nobody."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        metrics = metrics or Metrics()
        self._decision = metrics.histogram(
            "durchwahl_decision_seconds", "The core alone: from the problem to its plan, for one contact.", (), FINE
        )
        claims = metrics.counter(
            "durchwahl_claims",
            "Advisors claimed for a contact or a promise; `lost`: somebody else was faster.",
            ("outcome",),
        )
        self._won, self._lost = claims.labels("won"), claims.labels("lost")
        self._routing = metrics.histogram(
            "durchwahl_routing_seconds",
            "From an announced call to its answer, committed; calls that got none in time are counted as failures.",
        )
        self._unrouted = metrics.counter(
            "durchwahl_routing_failures",
            "Announced calls that got no decision in time: `too-late`, `database-away` or another problem's word.",
            ("problem",),
        )
        self._dispatch = metrics.histogram(
            "durchwahl_dispatch_seconds",
            "From a commit that frees an advisor or makes somebody wait to the end of the dispatch that it woke.",
        )

    @contextmanager
    def deciding(self) -> Iterator[None]:
        began = perf_counter()
        yield
        self._decision.observe(perf_counter() - began)

    def claimed(self, wanted: int, won: int) -> None:
        """So many advisors were wanted, and so many had."""
        self._won.inc(won)
        self._lost.inc(wanted - won)

    @contextmanager
    def routing(self) -> Iterator[None]:
        """Around the answer to an announced call."""
        began = perf_counter()
        try:
            yield
        except Exception as error:
            word, status = (error.word, error.status) if isinstance(error, Fault) else ("internal", 500)
            if status >= 500:
                self._unrouted.labels(word).inc()
            raise
        self._routing.observe(perf_counter() - began)

    def dispatched(self, seconds: float) -> None:
        self._dispatch.observe(seconds)
