"""The page of figures as it follows from the code; `python -m tests.house.metrics_page` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.metrics import MetricWrapperBase

from api import stream
from api.app import create_app
from api.exchange import exchange_of
from api.services import Services
from kit.catalogue import Catalogue
from kit.clock import LiveClock
from kit.database import Database
from kit.readings import Readings
from kit.settings import Settings
from reporting.measures import FIGURES
from tests.house.repository import ROOT

PAGE = ROOT / "docs" / "operate" / "metrics.md"
WRITE_IT = "./run python -m tests.house.metrics_page"

HEAD = """\
# Figures

`GET /metrics` tells them in the format of Prometheus. Every name begins with `durchwahl_`; a label is a route, a
method, a state, a market, a loop, or the id of an invariant, never a person, a number or an address. The route is
open to whoever reaches the port: keep it inside the network.

**What a process counts** (requests, decisions, loops, connections, streams) is its own: add up over instances, or
look at each. **What was measured in the database** (marked *database*) is measured by one replica at a time, kept
in the table `measurements`, and shown by every replica alike: take the maximum over instances, never the sum. What
nobody has measured for long is left out rather than shown old; `durchwahl_measured_age_seconds` says how old each
kind is.

How often: what is open now every 10 s; growing counts and the invariants of the present every 30 s; numbers and
books every 5 minutes; each invariant that reads the history of a day every 15 minutes, one after the other.

This page is written by `{write_it}`; a test compares it with the code.

| name | kind | labels | what it says |
|---|---|---|---|
"""


def application() -> FastAPI:
    return create_app(services())


def services() -> Services:
    """Of a process that is put together and never started: nothing connects."""
    settings = Settings(environment="test", _env_file=None)
    made = Services(Database("postgresql://nowhere/x", settings), LiveClock(), settings, catalogue=Catalogue.load())
    create_app(made)
    exchange_of(made)
    stream.install(made)
    made.board  # noqa: B018 - it registers its figures
    return made


@dataclass(frozen=True)
class Family:
    """What stands in a scrape under one name."""

    name: str
    kind: str
    labels: tuple[str, ...]
    words: str

    @property
    def exposed(self) -> tuple[str, ...]:
        """The names as rules and boards use them."""
        parts = ("bucket", "sum", "count") if self.kind == "histogram" else ()
        return tuple(f"{self.name}_{part}" for part in parts) or (self.name,)


def families() -> list[Family]:
    registry = services().metrics.registry
    labels = dict(_labels(registry))
    found = [_family(metric, labels.get(metric.name, ())) for metric in registry.collect()]
    return sorted(found, key=lambda family: family.name)


def _family(metric: Metric, labels: tuple[str, ...]) -> Family:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    return Family(name, metric.type, labels, metric.documentation)


def _labels(registry: CollectorRegistry) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Which labels a family has, also where nothing has been counted yet."""
    for collector in registry._collector_to_names:
        if isinstance(collector, Readings):
            yield from ((one.name.removesuffix("_total"), one.labels) for one in collector.all())
        elif isinstance(collector, MetricWrapperBase):
            yield collector._name, tuple(collector._labelnames)


def exposed() -> dict[str, Family]:
    return {name: family for family in families() for name in family.exposed}


def expected() -> str:
    return HEAD.format(write_it=WRITE_IT) + "".join(_row(family) for family in families())


def _row(family: Family) -> str:
    labels = ", ".join(f"`{label}`" for label in family.labels)
    return f"| `{family.name}` | {family.kind}{_database(family)} | {labels} | {family.words} |\n"


def _database(family: Family) -> str:
    return ", *database*" if family.name.removeprefix("durchwahl_") in FIGURES else ""


if __name__ == "__main__":
    PAGE.write_text(expected())
