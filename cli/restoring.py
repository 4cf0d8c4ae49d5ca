"""A backup back into a database: whole or not at all, with the newest schema, and as a new life of the event log.

- Everything comes in one transaction, into an empty database. With `replace` what is there is put aside first, and
  put back if the restore fails.
- The rows are counted against the manifest.
- Transaction numbers of another server mean nothing here: the events are numbered anew, and a new epoch answers
  every cursor of the old life with a resync.
- Older schemas are migrated; the roles get their rights; whom the replaced database had erased is erased again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory

from cli import assembly
from cli.dumping import CONNECT_S, Heard, counted
from cli.manifest import Damaged, Manifest
from contacts.exchange import Exchange
from kit import clients
from kit.catalogue import Catalogue
from kit.database import Database, Row
from kit.hosts import Hosts, Raw
from kit.settings import Settings
from migrations import runner
from privacy import service as privacy
from worker.loops import ensure_months

ASIDE = "before_restore"
HAS_ERASURES = "SELECT to_regclass('erasures') IS NOT NULL"


class NotEmpty(Exception):
    """There is something where the backup should go."""


class InUse(Exception):
    """Somebody is connected to the database that would be replaced."""


class Newer(Exception):
    """The backup's schema is not known to this version."""


async def restored(
    settings: Settings, file: Path, made: Manifest, now: datetime, replace: bool, hear: Heard
) -> list[str]:
    """Bring the backup in and make it fit for work; returns what is left for somebody mightier than the owner."""
    _known(made)
    url, wanted = await assembly.owner_url(settings, migrate=False), assembly.roles_of(settings)
    erased = await _erased(url, settings)
    await _bring(url, file, made, replace, hear)
    left = await runner.upgrade(url, wanted=wanted)
    connection = await Hosts(url).connect(CONNECT_S)
    try:
        await begin_anew(connection, now)
    finally:
        await connection.close()
    await _finish(url, settings, now, erased)
    return left


async def _erased(url: str, settings: Settings) -> Sequence[Row]:
    """The erasures of the database whose place the backup takes: some may be younger than the backup."""
    async with _opened(url, settings) as database, database.reading() as session:
        return await privacy.done(session) if await session.fetch_value(HAS_ERASURES) else ()


async def _finish(url: str, settings: Settings, now: datetime, erased: Sequence[Row]) -> None:
    """As the owner, so that it needs no right that the service hasn't."""
    async with _opened(url, settings) as database:
        await ensure_months(database, now)
        async with database.transaction() as session:
            await privacy.erase_again(session, Exchange(Catalogue.load()), now, erased)


@asynccontextmanager
async def _opened(url: str, settings: Settings) -> AsyncIterator[Database]:
    database = Database(url, settings, application="durchwahl restore")
    try:
        yield database
    finally:
        await database.close()


async def _bring(url: str, file: Path, made: Manifest, replace: bool, hear: Heard) -> None:
    """All or nothing."""
    hosts = Hosts(url)
    connection = await hosts.connect(CONNECT_S, server_settings={"statement_timeout": "0"})
    try:
        at_least = max(made.client_major, connection.get_server_version().major)
        program = await clients.find("pg_restore", at_least)
        aside = await _make_room(connection, replace)
        try:
            options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--verbose")
            await clients.run(program, *options, str(file), url=hosts.last, hear=hear)
            await _check(connection, made)
        except BaseException:
            if aside:
                await _put_back(connection)
            raise
        if aside:
            await connection.execute(f"DROP SCHEMA {ASIDE} CASCADE")
    finally:
        await connection.close()


def _known(made: Manifest) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(runner.config()).walk_revisions()}
    if made.revision not in known:
        raise Newer(f"the backup has schema {made.revision}, which is not known here: use the version that made it")


OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()
"""
FILLED = """
SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""


async def _make_room(connection: Raw, replace: bool) -> bool:
    """Whether something was put aside."""
    if not await connection.fetchval(FILLED):
        return False
    if not replace:
        raise NotEmpty
    if await connection.fetchval(OTHERS):
        raise InUse
    async with connection.transaction():
        await connection.execute(f"ALTER SCHEMA public RENAME TO {ASIDE}")
        await connection.execute("CREATE SCHEMA public")
    return True


async def _put_back(connection: Raw) -> None:
    async with connection.transaction():
        await connection.execute("DROP SCHEMA public CASCADE")
        await connection.execute(f"ALTER SCHEMA {ASIDE} RENAME TO public")


async def _check(connection: Raw, made: Manifest) -> None:
    found = await counted(connection)
    wrong = sorted(name for name in found.keys() | made.rows.keys() if found.get(name) != made.rows.get(name))
    if wrong:
        raise Damaged(f"not as many rows as the manifest says: {', '.join(wrong)}")


NEXT_LIFE = """
INSERT INTO event_epoch SELECT greatest(max(epoch) + 1, $1) FROM event_epoch
"""


async def begin_anew(connection: Raw, now: datetime) -> None:
    """A new life of the event log: the owner's business. Its number grows with time, so that no two restores of one
    backup are taken for the same life."""
    async with connection.transaction():
        await connection.execute("UPDATE events SET xid = 0", timeout=3600)
        await connection.execute(NEXT_LIFE, int(now.timestamp()) // 60)
    await connection.execute("ANALYZE", timeout=3600)
