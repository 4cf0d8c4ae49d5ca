"""`durchwahl import` and `durchwahl activate`: files in, a report per line, codes that scripts can trust."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from cli import people
from kit.database import Database
from tests.support.builders import a_market, a_product, an_advisor, numbers

pytestmark = pytest.mark.database

Command = Callable[..., Result]


@pytest.fixture
async def command(
    database: Database, database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    async with database.transaction() as session:
        await a_market(session)
        await a_product(session)
        await an_advisor(session, cap_s=3 * 360)
        await numbers(session, 1)
    monkeypatch.setenv("DURCHWAHL_DATABASE_URL", database_uri)
    monkeypatch.setenv("DURCHWAHL_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(people.app, [str(argument) for argument in arguments])


def test_file_of_customers_comes_in_with_a_report(command: Command, tmp_path: Path) -> None:
    file, report = tmp_path / "customers.csv", tmp_path / "report.ndjson"
    file.write_text("external_ref,market,languages\nK-1,DE,de\nK-2,XX,de\nK-3,DE,de|en\n")

    first = command("import", "customers", file, "--report", report, "--json")
    again = command("import", "customers", file, "--json")

    assert (first.exit_code, again.exit_code) == (people.REFUSED, people.REFUSED)
    assert _figures(first) == {"lines": 3, "created": 2, "error": 1}
    assert _figures(again) == {"lines": 3, "skipped": 2, "error": 1}
    told = [json.loads(line) for line in report.read_text().splitlines()]
    assert [(one["line"], one["outcome"]) for one in told] == [(2, "created"), (3, "error"), (4, "created")]


def test_numbers_without_a_flaw_end_with_zero(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "numbers.ndjson"
    file.write_text('{"number": "069 90009-001", "market": "DE"}\n')

    assert command("import", "numbers", file).exit_code == 0


def test_everybody_gets_an_advisor(command: Command, tmp_path: Path, database_uri: str) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("external_ref,market\n" + "".join(f"K-{n},DE\n" for n in range(4)))
    command("import", "customers", file)

    one = command("activate", "K-2", "--json")
    rest = command("activate", "--all", "--json", "--report", "-", "--errors-only")
    none = command("activate", "--all", "--market", "AT", "--json")

    assert (one.exit_code, _figures(one)) == (0, {"lines": 1, "created": 1})
    assert (rest.exit_code, _figures(rest)) == (people.REFUSED, {"lines": 3, "created": 2, "error": 1})
    assert json.loads(rest.stdout.splitlines()[0])["code"] == "no-advisor-fits"
    assert (none.exit_code, _figures(none)) == (0, {"lines": 0})
    assert asyncio.run(_count(database_uri, "SELECT count(*) FROM relationships")) == 3


def test_naming_nobody_is_a_mistake(command: Command) -> None:
    assert command("activate").exit_code == 2
    assert command("import", "houses", "x").exit_code == 2


def _figures(result: Result) -> dict[str, Any]:
    summary = json.loads(result.stdout.splitlines()[-1])
    return {name: value for name, value in summary.items() if name not in {"seconds", "per_second"}}


async def _count(uri: str, sql: str) -> int:
    connection = await asyncpg.connect(uri)
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()
