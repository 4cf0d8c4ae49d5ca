"""`durchwahl audit`: exit codes and JSON that scripts can trust."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.services import Services
from cli import assembly
from cli.main import app
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.audit.test_chain import meddle, seal, something_done

pytestmark = pytest.mark.database


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments])


@pytest.fixture
async def chained(
    database: Database, database_uri: str, settings: Settings, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """Four changes, sealed; the command finds this database, from an event loop of its own."""

    @asynccontextmanager
    async def opened(_: Any) -> AsyncIterator[Services]:
        own = Database(database_uri, settings)
        try:
            yield Services(own, clock, settings)
        finally:
            await own.close()

    monkeypatch.setattr(assembly, "opened", opened)
    await something_done(database, 4)
    await seal(database)
    return database


async def in_thread(*arguments: str) -> Result:
    import asyncio

    return await asyncio.to_thread(command, *arguments)


async def test_good_chain_is_said_to_hold(chained: Database) -> None:
    done = await in_thread("verify", "--json")

    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["rows"], told["broken"]) == (4, None)
    assert (await in_thread("verify", "--expect", told["head"])).exit_code == 0


async def test_broken_chain_is_named_and_fails(chained: Database) -> None:
    await meddle(chained, "UPDATE audit SET action = 'toy.hidden' WHERE subject = 'toy_1'")

    done = await in_thread("verify", "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["broken"]["why"] == "row_changed"


async def test_head_that_is_not_there_fails(chained: Database) -> None:
    assert (await in_thread("verify", "--expect", f"1:{'0' * 64}")).exit_code == 1


async def test_lines_are_shown_newest_first(chained: Database) -> None:
    done = await in_thread("show", "--actor", "acc_somebody", "--json", "--limit", "3")

    assert [json.loads(line)["subject"] for line in done.stdout.splitlines()] == ["toy_3", "toy_2", "toy_1"]
