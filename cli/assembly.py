"""Where a process is put together: database, clock, words, loops, stream, application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import TYPE_CHECKING

from api import noting, stream, warming
from api.exchange import exchange_of
from api.instruments import version
from api.services import Services
from kit import embedded
from kit.catalogue import Catalogue
from kit.clock import LiveClock
from kit.database import Database
from kit.loops import Supervisor
from kit.rates import Counting, Rate
from kit.settings import Settings
from migrations import ground, roles, runner
from migrations.ground import Urls
from migrations.roles import Roles
from realtime.doorbell import Doorbell
from worker.loops import Worker, ensure_months

if TYPE_CHECKING:
    from kit.tracing import Tracing
    from mailroom.lmtp import Server

NAME = "durchwahl"


async def database_url(settings: Settings) -> str:
    """The configured database, else the embedded one: started, created and migrated if need be."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return (await _embedded(settings)).runtime


async def owner_url(settings: Settings, *, migrate: bool = True) -> str:
    """The database as the owner of its tables; the embedded one is migrated unless a restore is meant for it."""
    if settings.migration_database_url is not None:
        return settings.migration_database_url.get_secret_value()
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return (await _embedded(settings, migrate=migrate)).owner


async def migrated(settings: Settings, revision: str) -> list[str]:
    """Bring the database to a revision; returns what is left to be done by somebody mightier than its owner."""
    return await runner.upgrade(await owner_url(settings), revision, roles_of(settings))


def roles_of(settings: Settings) -> Roles | None:
    """The roles to look after; None where the service signs in as the owner."""
    if settings.database_url is not None and settings.migration_database_url is None:
        return None
    return roles.of(settings)


async def _embedded(settings: Settings, *, migrate: bool = True) -> Urls:
    """The embedded server's database, at the newest schema."""
    server = embedded.start(settings.data_dir)
    wanted = roles.of(settings)
    found = await ground.lay(server.get_uri(), NAME, wanted)
    if migrate:
        await runner.upgrade(found.owner, wanted=wanted)
    return found


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """The services of a process, without anything running yet."""
    tracing = _tracing(settings)
    database = Database(await database_url(settings), settings, tracing=tracing)
    clock = LiveClock()
    services = Services(database, clock, settings, catalogue=Catalogue.load())
    try:
        await ensure_months(database, clock.now())
        with contextlib.nullcontext() if tracing is None else tracing.watching(rooms_with_verbs()):
            yield services
    finally:
        await database.close()
        if tracing is not None:
            tracing.close()


class TracingMissing(RuntimeError):
    """Traces are asked for, and the libraries for them are not installed."""


def _tracing(settings: Settings) -> Tracing | None:
    if not settings.tracing_url:
        return None
    try:
        from kit import tracing
    except ImportError as error:
        raise TracingMissing("DURCHWAHL_TRACING_URL is set: install durchwahl[tracing]") from error
    return tracing.exporting(settings.tracing_url, version(), settings.tracing_share)


def rooms_with_verbs() -> list[ModuleType]:
    """The modules whose verbs are told in traces."""
    from accounts import service as accounts
    from advisors import presences
    from advisors import service as advisors
    from callbacks import service as callbacks
    from contacts import desk, dispatch, promises
    from contacts import service as contacts
    from customers import service as customers
    from desk_groups import service as desk_groups
    from direct_dial import service as direct_dial

    return [
        accounts, advisors, presences, callbacks, contacts, desk, dispatch, promises, customers, desk_groups,
        direct_dial,
    ]  # fmt: skip


def with_loops(services: Services, *, work: bool = True) -> None:
    """Add what runs beside the requests: the stream, the doorbell to other replicas, the worker's loops.

    Without `work` only the dispatch runs here: who frees an advisor dispatches.
    """
    services.background.append(lambda: warming.warm(services))
    stream.install(services)
    noting.install(services)
    worker = Worker(services.database, exchange_of(services), services.clock, services.settings)
    doorbell: Doorbell = services.extras[stream.DOORBELL]
    doorbell.on_ring.append(worker.dispatching.freed.set)
    services.extras["worker"] = worker
    services.background.append(worker.dispatching.solver)
    loops = worker.loops()
    services.background.append(
        lambda: Supervisor(loops if work else loops[:1], services.vitals.heartbeats, name="worker")
    )


def with_mail(services: Services, port: int | None) -> Server:
    """Add the door for mail, where advisors have a domain. Raises `NoMailDomain`."""
    from mailroom.lmtp import Mailroom, Server

    settings = services.settings
    if not settings.mail_domain:
        raise NoMailDomain("DURCHWAHL_MAIL_DOMAIN is not set: nobody has an address to write to")
    room = Mailroom(
        services.database,
        exchange_of(services),
        services.clock,
        services.secret,
        settings.mail_domain,
        Counting(Rate.parse(settings.limit_mail_senders)),
        settings.mail_most_bytes,
    )
    door = Server(room, settings.lmtp_host, port or 0)
    services.background.append(lambda: door)
    return door


class NoMailDomain(RuntimeError):
    """Mail is to be taken in, and advisors have no addresses."""


def with_worker(services: Services) -> None:
    """Add the worker's loops alone, for a process that answers no requests; it hears the doorbell, too."""
    worker = Worker(services.database, exchange_of(services), services.clock, services.settings)
    doorbell = Doorbell(services.database)
    doorbell.on_ring.append(worker.dispatching.freed.set)
    services.extras["worker"] = worker
    services.background.append(worker.dispatching.solver)
    services.background.append(lambda: _listening(doorbell, services))
    services.background.append(lambda: Supervisor(worker.loops(), services.vitals.heartbeats, name="worker"))


@asynccontextmanager
async def _listening(doorbell: Doorbell, services: Services) -> AsyncIterator[None]:
    async with Supervisor(doorbell.loops(), services.vitals.heartbeats, name="doorbell"):
        yield
    await doorbell.close()
