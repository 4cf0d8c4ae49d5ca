"""Where a process is put together: database, clock, words, loops, stream, application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from api import noting, stream
from api.exchange import exchange_of
from api.services import Services
from kit import embedded
from kit.catalogue import Catalogue
from kit.clock import LiveClock
from kit.database import Database
from kit.loops import Supervisor
from kit.settings import Settings
from migrations import runner
from realtime.doorbell import Doorbell
from worker.loops import Worker, ensure_months

NAME = "durchwahl"


async def database_url(settings: Settings) -> str:
    """The configured database, else the embedded one: started, created and migrated if need be."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    server = embedded.start(settings.data_dir)
    await _ensure_database(server.get_uri())
    url = server.get_uri(NAME)
    await runner.upgrade(url)
    return url


async def migrated(settings: Settings, revision: str) -> None:
    """Bring the database to a revision. The embedded one is brought to the newest when it starts."""
    await runner.upgrade(await database_url(settings), revision)


async def _ensure_database(uri: str) -> None:
    connection = await asyncpg.connect(uri)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", NAME):
            await connection.execute(f'CREATE DATABASE "{NAME}"')
    finally:
        await connection.close()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """The services of a process, without anything running yet."""
    database = Database(await database_url(settings), settings)
    clock = LiveClock()
    services = Services(database, clock, settings, catalogue=Catalogue.load())
    try:
        await ensure_months(database, clock.now())
        yield services
    finally:
        await database.close()


def with_loops(services: Services, *, work: bool = True) -> None:
    """Add what runs beside the requests: the stream, the doorbell to other replicas, the worker's loops.

    Without `work` only the dispatch runs here: who frees an advisor dispatches.
    """
    stream.install(services)
    noting.install(services)
    worker = Worker(services.database, exchange_of(services), services.clock)
    doorbell: Doorbell = services.extras[stream.DOORBELL]
    doorbell.on_ring.append(worker.freed.set)
    services.extras["worker"] = worker
    loops = worker.loops()
    services.background.append(
        lambda: Supervisor(loops if work else loops[:1], services.vitals.heartbeats, name="worker")
    )
