"""A real PostgreSQL for the tests: one server for all workers, one migrated template, one database per need."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from kit import embedded
from kit.settings import Settings
from migrations import ground, roles, runner
from migrations.ground import OWNER, with_user
from migrations.roles import Roles

ROOT = Path(__file__).parent.parent.parent
TEMPLATE = "durchwahl_template"
RUNTIME = "durchwahl_app"
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""What the tests write need not survive a power cut."""


def server_uri() -> str:
    """The server named by DURCHWAHL_TEST_DATABASE_URL, or an embedded one under `.data/test`."""
    given = os.environ.get("DURCHWAHL_TEST_DATABASE_URL")
    return given or embedded.start(ROOT / ".data" / "test", CARELESS).get_uri()


def roles_of(uri: str) -> Roles:
    """The roles as on the embedded server, with the password by which the server named is reached."""
    wanted = roles.of(Settings(_env_file=None))
    assert wanted.runtime is not None
    return replace(wanted, runtime=replace(wanted.runtime, password=unquote(urlsplit(uri).password or "")))


def as_owner(uri: str) -> str:
    """The same database as the owner of its tables."""
    return with_user(uri, OWNER)


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
            found = await ground.lay(uri, building, roles_of(uri))
            await runner.upgrade(found.owner, wanted=roles_of(uri))
            await connection.execute(f"GRANT SET ON PARAMETER deadlock_timeout TO {OWNER}")
            await connection.execute(f'ALTER DATABASE "{building}" RENAME TO "{wanted}"')
    finally:
        await connection.close()


def _schema_fingerprint() -> str:
    digest = sha256()
    for path in sorted((ROOT / "migrations").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


async def create_database(uri: str, name: str) -> str:
    """A fresh copy of the template (about 150 ms); returns its URI as the runtime role, which owns nothing."""
    await ensure_template(uri)
    connection = await asyncpg.connect(uri)
    try:
        await connection.execute("SELECT pg_advisory_lock(727276)")
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        template = f"{TEMPLATE}_{_schema_fingerprint()}"
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER}')
        await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {RUNTIME}')
    finally:
        await connection.close()
    return ground.urls(uri, name, roles_of(uri)).runtime


async def execute(uri: str, *statements: str) -> None:
    """Run statements, each committed by itself; as the owner, say `as_owner(uri)`."""
    connection = await asyncpg.connect(uri)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def ground_at(owner_uri: str, revision: str) -> None:
    """An older schema, with the rights that go with it."""
    await runner.downgrade(owner_uri, revision)
    await runner.upgrade(owner_uri, revision, roles_of(owner_uri))


async def drop_database(uri: str, name: str) -> None:
    connection = await asyncpg.connect(uri)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()
