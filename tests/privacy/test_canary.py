"""I33: nothing of a person in logs, metrics, URLs, problems, events, decisions or the audit.

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

from api.app import Services, create_app
from kit import logs
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.conftest import MONDAY_MORNING
from tests.nasty.company import Names, founded
from tests.nasty.test_nasty import named
from tests.privacy.canaries import CANARIES, NOTE, READING, REFUSED, walked
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
async def company(server_uri: str, settings: Settings) -> AsyncIterator[tuple[Client, Names]]:
    """With an access log, which the other tests do without."""
    name = f"canaries_{uuid4().hex[:12]}"
    database = Database(await postgres.create_database(server_uri, name), settings, application="tests")
    app = create_app(Services(database, VirtualClock(MONDAY_MORNING), settings))
    yield await founded(await make_client(app))
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


async def test_no_canary_is_seen_outside_of_its_cage(
    company: tuple[Client, Names], capfd: pytest.CaptureFixture[str]
) -> None:
    client, names = company
    names = dict(names)
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
    assert len(heard.getvalue() + printed.out + printed.err) > 1000, "nothing was logged: nothing was searched"


async def test_canary_that_got_out_is_seen(company: tuple[Client, Names]) -> None:
    """Planted in a log line, in a plain logger's, and in an event: each is found."""
    client, _ = company
    services: Services = client.app.state.services
    with overheard() as heard:
        logs.logger("api").warning("planted", note=NOTE)
        logging.getLogger("somebody.else").error("planted %s", CANARIES[1])

    assert sightings(heard.getvalue()) == [CANARIES[1], NOTE]
    async with services.database.transaction() as session:
        await session.execute(
            "INSERT INTO events (at, type, subject, data) VALUES ($1, 'toy.made', 'toy', $2)",
            MONDAY_MORNING, json.dumps({"name": CANARIES[0]}),
        )  # fmt: skip
    assert sightings(await history_of(services.database)) == [CANARIES[0]]
