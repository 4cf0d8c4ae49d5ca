"""Figures for Prometheus, in a registry of their own, so that two applications in one process do not meet.

Labels are routes, methods, statuses and ids of invariants; never anything about a person.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; 0.025, 0.05 and 0.5 are limits that the objectives name."""


class Metrics:
    """The figures of one process."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # they double the exposition and say nothing
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "durchwahl_http_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._duration = Histogram(
            "durchwahl_http_request_duration_seconds",
            "From the request's head to the end of the answer.",
            ("route", "method"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.db_writable = Gauge(
            "durchwahl_db_writable", "1 when a row could be written just now.", registry=self.registry
        )
        self.loop_lag = Gauge(
            "durchwahl_loop_lag_seconds", "How late the event loop was at last.", registry=self.registry
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

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
