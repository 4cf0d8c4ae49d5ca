"""A real PostgreSQL for the tests: one server for all workers, one migrated template, one database per need."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path

import asyncpg

from kit import embedded
from migrations import runner

ROOT = Path(__file__).parent.parent.parent
TEMPLATE = "durchwahl_template"
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""What the tests write need not survive a power cut."""


def server_uri() -> str:
    """The server named by DURCHWAHL_TEST_DATABASE_URL, or an embedded one under `.data/test`."""
    given = os.environ.get("DURCHWAHL_TEST_DATABASE_URL")
    return given or embedded.start(ROOT / ".data" / "test", CARELESS).get_uri()


def with_database(uri: str, name: str) -> str:
    """The same server, another database."""
    return re.sub(r"(//[^/]*)/[^?]*", rf"\1/{name}", uri, count=1)


async def ensure_template(uri: str) -> None:
    """Create the migrated template unless it is there with the newest revision; other workers wait meanwhile."""
    wanted = f"{TEMPLATE}_{_schema_fingerprint()}"
    connection = await asyncpg.connect(uri)
    try:
        await connection.execute("SELECT pg_advisory_lock(727275)")
        exists = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", wanted)
        if not exists:
            building = f"{wanted}_building"
            await connection.execute(f'DROP DATABASE IF EXISTS "{building}"')
            await connection.execute(f'CREATE DATABASE "{building}"')
            await runner.upgrade(with_database(uri, building))
            await connection.execute(f'ALTER DATABASE "{building}" RENAME TO "{wanted}"')
    finally:
        await connection.close()


def _schema_fingerprint() -> str:
    digest = sha256()
    for path in sorted((ROOT / "migrations" / "versions").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


async def create_database(uri: str, name: str) -> str:
    """A fresh copy of the template (about 150 ms); returns its URI."""
    await ensure_template(uri)
    connection = await asyncpg.connect(uri)
    try:
        await connection.execute("SELECT pg_advisory_lock(727276)")
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}_{_schema_fingerprint()}"')
    finally:
        await connection.close()
    return with_database(uri, name)


async def drop_database(uri: str, name: str) -> None:
    connection = await asyncpg.connect(uri)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()
