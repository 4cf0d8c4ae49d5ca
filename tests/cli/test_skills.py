"""`durchwahl skills`: tables for people, JSON for scripts, and a way on where there is no plan yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from kit.database import Database
from tests.support.builders import a_customer, a_product, an_advisor

pytestmark = pytest.mark.database

Command = Callable[..., Result]


@pytest.fixture
async def command(
    database: Database, database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    async with database.transaction() as session:
        until = {"dns": datetime.now(UTC) + timedelta(days=20)}
        anna = await an_advisor(session, skills={"dns": 3}, skills_valid_until=until)
        product = await a_product(session, skill="dns", level=3)
        await a_customer(session, advisor=anna, products=[product.id])
    monkeypatch.setenv("DURCHWAHL_DATABASE_URL", database_uri)
    monkeypatch.setenv("DURCHWAHL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_without_a_plan_it_says_how_to_make_one(command: Command) -> None:
    refused = command("skills")

    assert (refused.exit_code, "rebalance --dry-run" in refused.stderr) == (1, True)


def test_newest_plan_is_shown_as_tables_and_as_json(command: Command) -> None:
    run = json.loads(command("rebalance", "--dry-run", "--json").stdout)["id"]

    shown, told = command("skills"), json.loads(command("skills", run, "--json").stdout)

    assert shown.exit_code == 0
    for words in ("Skills by market, 1 short", "dns:3", "Certificates that end within 90 days, 1 in all", "DE de"):
        assert words in shown.stdout
    assert (told["run"], told["ending"], told["certificates"][0]["uncovered_customers"]) == (run, 1, 1)
