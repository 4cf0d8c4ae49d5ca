"""`durchwahl assign` and `rebalance` as typed, with the solver in its own process."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from books import service
from books.service import Asked
from cli.book import app
from kit.clock import LiveClock
from kit.database import Database
from kit.ids import encode
from tests.support.builders import a_customer, an_advisor, new_id, numbers


@pytest.fixture
def configured(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURCHWAHL_DATABASE_URL", database_uri)
    monkeypatch.setenv("DURCHWAHL_ENVIRONMENT", "test")


async def durchwahl(*words: str) -> Result:
    """The command in a thread, since it brings an event loop of its own."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(words)))


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    return found


async def holders(database: Database) -> Counter[Any]:
    async with database.reading() as session:
        rows = await session.fetch("SELECT advisor_id FROM relationships WHERE ends_at IS NULL")
    return Counter(row["advisor_id"] for row in rows)


async def test_everybody_is_assigned(database: Database, configured: None) -> None:
    async with database.transaction() as session:
        for _ in range(3):
            await an_advisor(session)
        await numbers(session, 3)
        for _ in range(30):
            await a_customer(session)

    result = await durchwahl("assign", "--json")

    run = told(result)
    assert (result.exit_code, run["state"], run["done"], run["figures"]["way"]) == (0, "applied", 30, "flow")
    assert sorted((await holders(database)).values()) == [10, 10, 10]


async def test_who_is_left_without_an_advisor_shows_in_the_exit_code(database: Database, configured: None) -> None:
    async with database.transaction() as session:
        await an_advisor(session)
        await numbers(session, 1)
        await a_customer(session, products=["dns"])

    result = await durchwahl("assign")

    assert result.exit_code == 2
    said = "short: 1 customer in DE, de, dns:1 (360 s a month): nobody has all of these skills (1 could otherwise)"
    assert said in result.stderr


async def test_a_preview_names_people_and_says_what_to_do(database: Database, configured: None) -> None:
    now = LiveClock().now()
    async with database.transaction() as session:
        book: dict[str, Any] = {"cap_s": 20 * 360, "target_s": 10 * 360}
        full = await an_advisor(session, name="Ada Abel", **book)
        await an_advisor(session, name="Bert Braun", **book)
        await numbers(session, 2)
        for _ in range(20):
            await a_customer(session, advisor=full, since=now - timedelta(days=3))

    preview = await durchwahl("rebalance", "--dry-run", "--budget", "5")
    run = next(word for word in preview.stderr.split() if word.startswith("run_"))
    done = await durchwahl("rebalance", "--apply", run)
    again = await durchwahl("rebalance", "--apply", run)

    lines = [" ".join(line.split()) for line in preview.stderr.splitlines()]
    assert "Ada Abel 20 15 100% 75%" in lines
    assert "Bert Braun 0 5 0% 25%" in lines
    assert "Ada Abel Bert Braun 5 1800 evens the books out" in lines
    assert f"carry it out: durchwahl rebalance --apply {run}" in lines
    assert done.exit_code == 0
    assert (again.exit_code, again.stderr.splitlines()) == (
        1,
        ["refused (illegal-transition): That is not possible in the present state.", "The run is applied."],
    )


async def test_dry_run_apply_undo(database: Database, configured: None) -> None:
    now = LiveClock().now()
    async with database.transaction() as session:
        book: dict[str, Any] = {"cap_s": 24 * 360, "target_s": 12 * 360}
        full, _ = await an_advisor(session, **book), await an_advisor(session, **book)
        await numbers(session, 2)
        for _ in range(24):
            await a_customer(session, advisor=full, since=now - timedelta(days=3))

    preview = told(await durchwahl("rebalance", "--dry-run", "--budget", "25%", "--json"))
    assert (preview["state"], preview["planned"], (await holders(database))[full.id]) == ("ready", 6, 24)
    applied = told(await durchwahl("rebalance", "--apply", preview["id"], "--json"))
    assert (applied["done"], (await holders(database))[full.id]) == (6, 18)
    again = await durchwahl("rebalance", "--apply", preview["id"], "--json")
    assert (again.exit_code, told(again)["refused"]) == (1, "illegal-transition")
    undone = told(await durchwahl("rebalance", "--undo", preview["id"], "--json"))

    assert (undone["undone"], (await holders(database))[full.id]) == (6, 24)


@pytest.mark.parametrize("words", [("--budget", "2x"), ("--budget", "-1"), ("--undo", "run_1", "--dry-run")])
async def test_what_makes_no_sense_is_refused(configured: None, words: tuple[str, ...]) -> None:
    assert (await durchwahl("rebalance", *words)).exit_code == 2


async def test_an_interrupted_assignment_is_gone_on_with(database: Database, configured: None) -> None:
    async with database.transaction() as session:
        await an_advisor(session)
        await numbers(session, 1)
        await a_customer(session)
        now = LiveClock().now()
        begun = await service.request(session, Asked("assign", apply_at_once=True), now, new_id)

    refused = await durchwahl("rebalance", "--json")
    result = await durchwahl("assign", "--json")

    assert (refused.exit_code, told(refused)) == (
        1,
        {"refused": "book-run-in-progress", "run": encode("run", begun["id"])},
    )
    assert (told(result)["id"], told(result)["done"]) == (encode("run", begun["id"]), 1)
