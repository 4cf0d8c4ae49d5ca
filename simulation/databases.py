"""Databases of a replay's own: empty, migrated, dropped afterwards; nothing in them is worth a disk's waiting.

Without a URL a private server is started in a folder that goes away again, with `fsync` and `synchronous_commit`
off: the statements are those of a live service, only a crash of the machine would lose them. On a server that is
named nothing is changed but for the databases.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from kit import embedded

CARELESS = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "autovacuum = off",
    "max_wal_size = '4GB'",
    "checkpoint_timeout = '1h'",
)


@asynccontextmanager
async def server(url: str | None) -> AsyncIterator[str]:
    """The URL of a server where databases may be made: the one named, or a private one."""
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="durchwahl-replay-") as folder:
        started = await asyncio.to_thread(embedded.start, Path(folder))
        try:
            await _statements(started.get_uri(), [f"ALTER SYSTEM SET {setting}" for setting in CARELESS])
            await _statements(started.get_uri(), ["SELECT pg_reload_conf()"])
            yield started.get_uri()
        finally:
            await asyncio.to_thread(started.cleanup)


async def create(url: str, name: str, template: str | None = None) -> str:
    """A database of that name instead of any that was there; returns its URL."""
    copied = f' TEMPLATE "{template}"' if template is not None else ""
    await _statements(url, [f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"{copied}'])
    return named(url, name)


async def drop(url: str, names: Sequence[str]) -> None:
    await _statements(url, [f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in names])


def named(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _statements(url: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
