"""Backup and restore: one instant, whole or not at all, and everything holds afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from cli import backup, dumping, manifest, restoring
from cli.main import app
from cli.manifest import Damaged, Manifest
from kit import invariants
from kit.database import Database, Session
from kit.settings import Settings
from migrations import ground
from privacy import service as privacy
from realtime import log
from realtime.log import PastIsGone
from tests.properties import company as companies
from tests.properties.company import Company
from tests.support import postgres
from tests.support.builders import MONDAY_MORNING, a_customer

pytestmark = pytest.mark.database

NOW = MONDAY_MORNING


def quiet(_: str) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
async def company(database: Database) -> Company:
    async with database.transaction() as session:
        return await companies.found(session)


@pytest.fixture
async def empty(server_uri: str) -> Any:
    """A database with nothing in it, as its owner."""
    name = f"restored_{uuid4().hex[:8]}"
    found = await ground.lay(server_uri, name, postgres.roles_of(server_uri))
    yield found
    await postgres.drop_database(server_uri, name)


def settings_for(settings: Settings, urls: ground.Urls) -> Settings:
    return Settings(
        database_url=urls.runtime,
        migration_database_url=urls.owner,
        environment="test",
        data_dir=settings.data_dir,
        _env_file=None,
    )


@contextlib.asynccontextmanager
async def writing(database: Database) -> Any:
    """Customers come in all the time, each with an event that says so."""
    written = asyncio.Event()

    async def write() -> None:
        while True:
            async with database.transaction() as session:
                await a_customer(session)
            written.set()

    task = asyncio.create_task(write())
    await written.wait()
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_restored_is_what_was_there_at_one_instant_although_writing_went_on(
    database: Database, owner_uri: str, empty: ground.Urls, company: Company, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "everything.dump"
    async with database.reading() as session:
        cursor = await log.present(session)
    async with writing(database):
        made = await dumping.dump(owner_uri, file, NOW, quiet)

    left = await restoring.restored(settings_for(settings, empty), file, manifest.read(file), NOW, False, quiet)

    assert left == []
    restored = Database(empty.runtime, settings)
    async with restored.reading() as session:
        counted = {name: await session.fetch_value(f"SELECT count(*) FROM {name}") for name in made.rows}
        assert counted == {**made.rows, "event_epoch": made.rows["event_epoch"] + 1}
        assert await invariants.violations(session, NOW, since=MONDAY_MORNING) == {}
        with pytest.raises(PastIsGone):
            await log.check(session, cursor)
    async with restored.transaction() as session:
        await a_customer(session)
    await restored.close()
    assert made.rows["customers"] > len(company.customers)


async def test_events_that_come_after_a_restore_come_after_those_before(
    database: Database, owner_uri: str, empty: ground.Urls, company: Company, settings: Settings, tmp_path: Path
) -> None:
    """Transaction numbers of the old server may be far ahead of the new one's."""
    file = tmp_path / "everything.dump"
    await postgres.execute(
        owner_uri,
        "INSERT INTO events (at, xid, type, subject, data) VALUES ('2026-11-23', 1e12, 'a.b', 'old', '{}')",
    )
    await dumping.dump(owner_uri, file, NOW, quiet)
    await restoring.restored(settings_for(settings, empty), file, manifest.read(file), NOW, False, quiet)
    restored = Database(empty.runtime, settings)
    async with restored.reading() as session:
        cursor = await log.present(session)
    await postgres.execute(
        empty.owner, "INSERT INTO events (at, type, subject, data) VALUES ('2026-11-23', 'a.b', 'new', '{}')"
    )

    events: list[log.Logged] = []
    async with restored.reading() as session:
        while not events:  # a transaction of another test may hold the log back for a moment
            events, _ = await log.read_after(session, cursor, 10)

    await restored.close()
    assert [event.subject for event in events] == ["new"]


async def test_an_older_schema_is_migrated_and_what_must_follow_a_restore_follows(
    owner_uri: str, empty: ground.Urls, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "older.dump"
    await postgres.ground_at(owner_uri, "0004")
    made = await dumping.dump(owner_uri, file, NOW, quiet)
    done: list[str] = []

    async def again(session: Session, *_: Any) -> None:
        done.append(await session.fetch_value("SELECT version_num FROM alembic_version"))

    monkeypatch.setattr(privacy, "erase_again", again)
    await restoring.restored(settings_for(settings, empty), file, made, NOW, False, quiet)

    assert made.revision == "0004"
    assert done > ["0004"]


ERASED = """
INSERT INTO erasures (id, customer_id, market_id, reason, state, requested_by, requested_at, decided_by, decided_at)
VALUES (gen_random_uuid(), $1, 'DE', 'customer_request', 'done', 'acc_1', $2, 'acc_2', $2)
"""


async def test_whom_a_backup_brings_back_is_erased_again(
    database: Database, owner_uri: str, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "before.dump"
    async with database.transaction() as session:
        gone, stays = await a_customer(session), await a_customer(session)
    await dumping.dump(owner_uri, file, NOW, quiet)
    async with database.transaction() as session:
        await session.execute(ERASED, gone.id, NOW)
    urls = ground.Urls(owner_uri, ground.with_user(owner_uri, postgres.RUNTIME))
    await database.close()

    await restoring.restored(settings_for(settings, urls), file, manifest.read(file), NOW, True, quiet)

    restored = Database(urls.runtime, settings)
    async with restored.reading() as session:
        left = await session.fetch("SELECT id FROM customers")
    await restored.close()
    assert [row["id"] for row in left] == [stays.id]


Ask = Callable[..., Awaitable[Result]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command in a thread of its own, on the database of these URLs."""

    async def command(owner: str, *arguments: str) -> Result:
        monkeypatch.setenv("DURCHWAHL_MIGRATION_DATABASE_URL", owner)
        monkeypatch.setenv("DURCHWAHL_DATABASE_URL", ground.with_user(owner, postgres.RUNTIME))
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))

    return command


async def test_the_commands_end_with_codes_that_scripts_can_trust(
    owner_uri: str, empty: ground.Urls, ask: Ask, tmp_path: Path
) -> None:
    file = str(tmp_path / "b.dump")

    made = await ask(owner_uri, "backup", file, "--json")
    codes = {
        "again": (await ask(owner_uri, "backup", file)).exit_code,
        "not there": (await ask(empty.owner, "restore", f"{file}x")).exit_code,
        "restored": (await ask(empty.owner, "restore", file, "--json")).exit_code,
        "not empty": (await ask(empty.owner, "restore", file)).exit_code,
        "replaced": (await ask(empty.owner, "restore", file, "--replace")).exit_code,
        "nobody there": (await ask("postgresql://u@127.0.0.1:1/x", "restore", file)).exit_code,
    }

    assert made.exit_code == 0
    assert json.loads(made.stdout)["rows"]["events"] == 0
    assert codes == {
        "again": backup.NOT_SO,
        "not there": backup.NOT_SO,
        "restored": 0,
        "not empty": backup.NOT_SO,
        "replaced": 0,
        "nobody there": backup.FAILED,
    }


async def test_a_damaged_backup_is_refused_before_anything_is_touched(
    owner_uri: str, empty: ground.Urls, ask: Ask, tmp_path: Path
) -> None:
    file = tmp_path / "b.dump"
    await dumping.dump(owner_uri, file, NOW, quiet)
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)

    answer = await ask(empty.owner, "restore", str(file))

    assert answer.exit_code == backup.DAMAGED
    with pytest.raises(Damaged):
        manifest.read(file)


async def test_what_was_there_comes_back_when_a_replacement_fails(
    owner_uri: str, database: Database, ask: Ask, tmp_path: Path
) -> None:
    """The manifest claims a row too many: found only after everything is in."""
    file = tmp_path / "b.dump"
    made = await dumping.dump(owner_uri, file, NOW, quiet)
    Manifest(**{**made.__dict__, "rows": {**made.rows, "customers": 1}}).write(file)
    async with database.transaction() as session:
        await companies.found(session)
    connected = await ask(owner_uri, "restore", str(file), "--replace")
    await database.close()

    failed = await ask(owner_uri, "restore", str(file), "--replace")

    assert (connected.exit_code, failed.exit_code) == (backup.NOT_SO, backup.DAMAGED)
    async with database.reading() as session:
        assert await session.fetch_value("SELECT count(*) FROM customers") == 9
        assert await session.fetch_value("SELECT count(*) FROM pg_namespace WHERE nspname = 'before_restore'") == 0


async def test_a_backup_of_a_newer_version_is_refused(
    owner_uri: str, empty: ground.Urls, ask: Ask, tmp_path: Path
) -> None:
    file = tmp_path / "b.dump"
    made = await dumping.dump(owner_uri, file, NOW, quiet)
    Manifest(**{**made.__dict__, "revision": "9999"}).write(file)

    assert (await ask(empty.owner, "restore", str(file))).exit_code == backup.DAMAGED
