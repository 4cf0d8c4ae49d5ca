"""What the first callers would wait for, done before anybody is let in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from api.exchange import exchange_of
from api.kept import books_of
from api.services import Services
from kit.errors import Unavailable
from kit.logs import logger

CONNECTIONS = 8
"""Opened beforehand: half of the pool. Each takes some tens of milliseconds, and callers come several at once."""


@contextlib.asynccontextmanager
async def warm(services: Services) -> AsyncIterator[None]:
    """A database that is away is no reason not to start: then the first callers wait, or hear that it is away."""
    try:
        await _connections(services)
        await _readings(services)
    except Unavailable as error:
        logger("api").warning("warming.left", problem=error.word)
    yield


async def _connections(services: Services) -> None:
    async with contextlib.AsyncExitStack() as opened:
        for _ in range(min(CONNECTIONS, services.settings.pool_size)):
            await opened.enter_async_context(services.database.lane())


async def _readings(services: Services) -> None:
    """Who is who, for calls; the books, for activations."""
    async with services.database.reading() as session:
        await exchange_of(services).directory.current(session)
        await books_of(services).current(session, services.clock.now())
