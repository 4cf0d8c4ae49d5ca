"""Figures that cost nothing until somebody asks: each is a function that is called for every scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Values: TypeAlias = Mapping[tuple[str, ...], float]
"""By the values of the labels; what is not there is not known."""

Read: TypeAlias = Callable[[], Values]

NO_LABELS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """`grows` makes it a counter, whose name then ends in `_total`."""

    name: str
    words: str
    read: Read
    labels: tuple[str, ...] = ()
    grows: bool = False

    def family(self, values: Values) -> Metric:
        kind = CounterMetricFamily if self.grows else GaugeMetricFamily
        family = kind(self.name, self.words, labels=self.labels)
        for labels, value in values.items():
            family.add_metric(list(labels), value)
        return family


class Readings(Collector):
    """All readings of one registry, by name."""

    def __init__(self) -> None:
        self._readings: dict[str, Reading] = {}

    def add(self, reading: Reading) -> None:
        self._readings[reading.name] = reading

    def all(self) -> list[Reading]:
        return list(self._readings.values())

    def collect(self) -> Iterator[Metric]:
        for reading in self.all():
            yield reading.family(reading.read())

    def describe(self) -> Iterator[Metric]:
        """Names only, without asking anybody."""
        for reading in self._readings.values():
            yield reading.family({})
