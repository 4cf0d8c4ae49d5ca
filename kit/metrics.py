"""Figures for Prometheus, in a registry of their own, so that two applications in one process do not meet.

Labels are routes, methods, states, markets and ids of invariants; never anything about a person.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import generate_latest

from kit.readings import NO_LABELS, Read, Reading, Readings

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; 0.025, 0.05, 0.5 and 1 are limits that the objectives name."""


class Metrics:
    """The figures of one process. What is counted where it happens asks for `counter` or `histogram`; what is only
    looked at when Prometheus asks is a `reading`."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # they double the exposition and say nothing
        self.registry = CollectorRegistry()
        self._readings = Readings()
        self.registry.register(self._readings)
        ProcessCollector(namespace="durchwahl", registry=self.registry)
        self._requests = self.counter(
            "durchwahl_http_requests", "Requests answered.", ("route", "method", "status")
        )
        self._duration = self.histogram(
            "durchwahl_http_request_duration_seconds",
            "From the request's head to the end of the answer.",
            ("route", "method"),
        )
        self.db_writable: float | None = None
        """1 when a row could be written just now, 0 when not, None before the first try."""
        self.loop_lag_s = 0.0
        self.reading(
            "durchwahl_db_writable",
            "1 when a row could be written just now and nobody was told of a full disk.",
            self._writable,
        )
        self.reading(
            "durchwahl_loop_lag_seconds",
            "How late the event loop was at most in the last half second.",
            lambda: {NO_LABELS: self.loop_lag_s},
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def counter(self, name: str, words: str, labels: tuple[str, ...] = ()) -> Counter:
        """Something that only grows; the exposition adds `_total` to its name."""
        return Counter(name, words, labels, registry=self.registry)

    def histogram(
        self, name: str, words: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = BUCKETS
    ) -> Histogram:
        return Histogram(name, words, labels, buckets=buckets, registry=self.registry)

    def reading(
        self, name: str, words: str, read: Read, labels: tuple[str, ...] = (), *, grows: bool = False
    ) -> None:
        """A figure that is looked up when somebody asks; a second one of that name takes the first one's place.

        `grows`: a counter, whose name ends in `_total`.
        """
        self._readings.add(Reading(name, words, read, labels, grows))

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request. Children are kept here, as looking them up by label costs 2 µs each time."""
        counter = self._counters.get((route, method, status))
        if counter is None:
            counter = self._requests.labels(route, method, str(status))
            self._counters[route, method, status] = counter
        counter.inc()
        histogram = self._histograms.get((route, method))
        if histogram is None:
            histogram = self._histograms[route, method] = self._duration.labels(route, method)
        histogram.observe(seconds)

    def exposition(self) -> bytes:
        return generate_latest(self.registry)

    def _writable(self) -> dict[tuple[str, ...], float]:
        return {} if self.db_writable is None else {NO_LABELS: self.db_writable}
