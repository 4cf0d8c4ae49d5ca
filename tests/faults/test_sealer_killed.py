"""The sealer of the audit is killed in the middle: the chain is as it was, and the next sealer goes on from it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from audit import sealing
from cli.main import app
from kit.database import Database
from tests.audit.test_chain import MONDAY, seal, something_done, verified
from tests.faults.killing import Dead, Process
from tests.realtime.writing import until

pytestmark = [pytest.mark.database, pytest.mark.timeout(240)]

ROWS, A_RUN = 12, 5


@pytest.fixture(autouse=True)
def _here(database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURCHWAHL_DATABASE_URL", database_uri)
    monkeypatch.setenv("DURCHWAHL_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


async def told_by_the_command() -> dict[str, Any]:
    done = await asyncio.to_thread(CliRunner().invoke, app, ["audit", "verify", "--json"])
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


async def waiting(database: Database) -> int:
    async with database.reading() as session:
        return await sealing.waiting(session)


async def something_to_seal(database: Database, count: int) -> None:
    """Older than every transaction that runs, of other databases too: a run takes as many as it may."""
    await something_done(database, count)
    old_enough = "SELECT bool_and(xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint) FROM audit"

    async def settled() -> bool:
        async with database.reading() as session:
            return bool(await session.fetch_value(old_enough))

    await until(settled)


async def seal_until_killed(uri: str, point: str, nth: int) -> None:
    """Runs of five rows each, as one replica; it dies in the `nth` of them."""
    sealer = await Process.begin(uri, point, str(nth))
    command = {"n": 1, "verb": "seal", "now": MONDAY.isoformat(), "most": A_RUN}
    for _ in range(nth - 1):
        assert (await sealer.ask(command))["answer"] == A_RUN
    with pytest.raises(Dead):
        await sealer.ask(command)


@pytest.mark.parametrize(
    ("point", "left"), [("after_insert", ROWS - A_RUN), ("before_commit", ROWS - A_RUN), ("after_commit", 2)]
)
async def test_chain_is_whole_after_its_sealer_was_killed(
    database: Database, database_uri: str, point: str, left: int
) -> None:
    await something_to_seal(database, ROWS)

    await seal_until_killed(database_uri, point, nth=2)

    assert await waiting(database) == left
    verdict = await verified(database)
    assert (verdict.broken, verdict.rows) == (None, ROWS - left)
    assert (await told_by_the_command())["rows"] == ROWS - left
    assert await seal(database) == left
    told = await told_by_the_command()
    assert (told["rows"], told["broken"]) == (ROWS, None)


async def test_chain_grows_through_one_death_after_another(database: Database, database_uri: str) -> None:
    """Somebody writes meanwhile; each sealer dies in its first run, some before its commit and some after."""
    points = ("after_insert", "after_commit", "before_commit", "after_commit")
    for point in points:
        await something_to_seal(database, 3)
        await seal_until_killed(database_uri, point, nth=1)
        assert (await verified(database)).broken is None

    await seal(database)

    told = await told_by_the_command()
    assert (told["rows"], told["broken"]) == (3 * len(points), None)
