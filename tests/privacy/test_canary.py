"""I33: nothing of a person in logs, traces, metrics, URLs, problems, events, decisions or the audit.

Canaries go through every route that writes, through reading and through refusals; then everything that leaves the
service beside its answers is searched. The search itself is tried with a canary that is let out on purpose.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.app import Services, create_app
from cli.assembly import rooms_with_verbs
from kit import logs
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from kit.tracing import Tracing
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.nasty.test_nasty import named
from tests.privacy.canaries import CANARIES, NOTE, READING, REFUSED, STEPS, TYPED, walked
from tests.support import postgres
from tests.support.api import Client, make_client

pytestmark = pytest.mark.database

LOGS_OF_HISTORY = ("events", "audit", "decisions")


def sightings(text: str) -> list[str]:
    """Canaries in a text, however it is written."""
    return [canary for canary in CANARIES if canary in text or json.dumps(canary)[1:-1] in text]


@contextmanager
def overheard() -> Iterator[io.StringIO]:
    """Everything that is logged, at any level, structured or not."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    handler.addFilter(lambda record: not record.name.startswith("httpx2"))  # the client's, not ours
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.PrintLoggerFactory(heard),
        cache_logger_on_first_use=False,
    )
    try:
        yield heard
    finally:
        structlog.configure(**before)
        root.removeHandler(handler)
        root.setLevel(level)


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(scope="module")
async def company(
    server_uri: str, settings: Settings, exporter: InMemorySpanExporter
) -> AsyncIterator[tuple[Client, Names]]:
    """With an access log and traces, which the other tests do without."""
    name = f"canaries_{uuid4().hex[:12]}"
    uri = await postgres.create_database(server_uri, name)
    tracing = Tracing(SimpleSpanProcessor(exporter), "1")
    database = Database(uri, settings, application="tests", tracing=tracing)
    app = create_app(Services(database, VirtualClock(MONDAY_MORNING), settings))
    with tracing.watching(rooms_with_verbs()):
        yield await founded(await make_client(app))
    tracing.close()
    await database.close()
    await postgres.drop_database(server_uri, name)


async def problems_of(client: Client, names: Names) -> str:
    """What is refused, and what is read: only problems and headers are kept, as answers may hold the data."""
    told = []
    for who, method, path, body in REFUSED:
        answer = await client.as_(who).request(method, path, json=body)
        assert answer.status_code >= 400, path
        told.append(answer.text + str(answer.headers))
    for who, path in READING:
        answer = await client.as_(who).get(named(path, names))
        told.append(str(answer.headers) + (answer.text if answer.status_code >= 400 else ""))
    return "\n".join(told)


async def history_of(database: Database) -> str:
    found: list[str] = []
    async with database.reading() as session:
        for table in LOGS_OF_HISTORY:
            found += [row["t"] for row in await session.fetch(f"SELECT t::text AS t FROM {table} AS t")]
    return "\n".join(found)


def traces_of(exporter: InMemorySpanExporter) -> str:
    """Names, attributes, events and states of all spans."""
    return "\n".join(span.to_json() for span in exporter.get_finished_spans())


async def test_no_canary_is_seen_outside_of_its_cage(
    company: tuple[Client, Names], exporter: InMemorySpanExporter, capfd: pytest.CaptureFixture[str]
) -> None:
    client, names = company
    names = dict(names)
    exporter.clear()
    services: Services = client.app.state.services
    urls: list[str] = []

    with overheard() as heard:
        async for step, answer in walked(client, names):
            urls.append(f"{step.path} {answer.headers.get('location', '')}")
        problems = await problems_of(client, names)
    printed = capfd.readouterr()

    assert sightings(heard.getvalue()) == []
    assert sightings(printed.out + printed.err) == []
    assert sightings("\n".join(urls)) == []
    assert sightings(problems) == []
    assert sightings((await client.as_(None).get("/metrics")).text) == []
    assert sightings(await history_of(services.database)) == []
    assert sightings(traces_of(exporter)) == []
    assert_all_was_traced(exporter)
    assert len(heard.getvalue() + printed.out + printed.err) > 1000, "nothing was logged: nothing was searched"


def assert_all_was_traced(exporter: InMemorySpanExporter) -> None:
    """Every step left the span of its route, with verbs and statements under some."""
    names = {span.name for span in exporter.get_finished_spans()}
    assert {step.route for step in STEPS} <= names
    assert {"contacts.service.receive_calls", "kit.announcements.INSERT"} <= names


async def test_canary_that_got_out_is_seen(company: tuple[Client, Names], exporter: InMemorySpanExporter) -> None:
    """Planted in a log line, in a plain logger's, in a span and in an event: each is found."""
    client, _ = company
    services: Services = client.app.state.services
    with overheard() as heard:
        logs.logger("api").warning("planted", note=NOTE)
        logging.getLogger("somebody.else").error("planted %s", CANARIES[1])

    assert sightings(heard.getvalue()) == [CANARIES[1], NOTE]
    exporter.clear()
    tracing = services.tracing
    assert tracing is not None
    with tracing.request(None), tracing.span(NOTE, digits=TYPED):
        pass
    assert sightings(traces_of(exporter)) == [NOTE, TYPED]
    async with services.database.transaction() as session:
        await session.execute(
            "INSERT INTO events (at, type, subject, data) VALUES ($1, 'toy.made', 'toy', $2)",
            MONDAY_MORNING, json.dumps({"name": CANARIES[0]}),
        )  # fmt: skip
    assert sightings(await history_of(services.database)) == [CANARIES[0]]
