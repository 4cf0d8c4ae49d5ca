"""`durchwahl export`, `erase` and `retention` as a script uses them: exit codes, JSON, and two persons."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from accounts.models import Account
from cli import privacy
from kit.database import Database, Session
from kit.settings import Settings
from tests.support.api import NO_HASH
from tests.support.builders import a_customer, an_advisor, insert, new_id

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("_company")]

REF, NAME = "K-1", "Erika"
ASKS, DECIDES = "frieda@desk.example", "gregor@desk.example"
NOBODY_THERE = "postgresql://somebody@127.0.0.1:1/nothing"


@pytest.fixture
async def _company(
    database: Database, database_uri: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A customer with an advisor, two auditors, and a supervisor; the command finds this database."""
    async with database.transaction() as session:
        anna = await an_advisor(session, name="Anna")
        await a_customer(session, external_ref=REF, name=NAME, advisor=anna)
        for address, role in ((ASKS, "auditor"), (DECIDES, "auditor"), ("lea@desk.example", "supervisor")):
            await an_account(session, address, role)
    monkeypatch.setenv("DURCHWAHL_DATABASE_URL", database_uri)
    monkeypatch.setenv("DURCHWAHL_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


async def an_account(session: Session, address: str, role: str) -> Account:
    now = datetime.now(UTC)
    account = Account(id=new_id(now), email=address, name=address, password_hash=NO_HASH, role=role, created_at=now)
    return await insert(session, account)


def command(*arguments: str) -> Result:
    return CliRunner().invoke(privacy.app, list(arguments))


def answered(*arguments: str) -> Any:
    """The one line of JSON of a command that went well."""
    done = command(*arguments, "--json")
    assert done.exit_code == 0, done.output
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def refused(*arguments: str) -> tuple[int, str]:
    """The exit code and the word; nothing may be on standard output."""
    done = command(*arguments)
    assert done.stdout == ""
    return done.exit_code, done.stderr.partition(":")[0]


def asked() -> str:
    return str(answered("erase", REF, "--requested-by", ASKS)["id"])


def test_export_is_one_json_document_of_the_person() -> None:
    done = command("export", REF)

    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["person"].startswith("cus_")
    assert told["data"]["customers"]["rows"][0]["name"] == NAME
    assert set(told["data"]) >= {"customers", "customer_phones", "relationships"}


@pytest.mark.parametrize("what", [("export",), ("export", "--advisor"), ("erase", "--requested-by", ASKS)])
def test_reference_that_nobody_has_is_refused(what: tuple[str, ...]) -> None:
    verb, *options = what

    assert refused(verb, "K-404", *options) == (privacy.REFUSED, "not-found")


def test_second_person_erases() -> None:
    erasure = asked()

    done = answered("erase", "--approve", erasure, "--by", DECIDES)

    assert (done["id"], done["state"], done["reason"]) == (erasure, "done", "customer_request")
    assert done["requested_by"] != done["decided_by"]
    assert refused("export", REF) == (privacy.REFUSED, "not-found")
    assert answered("erase", "--approve", erasure, "--by", DECIDES) == done


@pytest.mark.parametrize("decision", ["--approve", "--decline"])
def test_same_person_does_not_decide(decision: str) -> None:
    erasure = asked()

    assert refused("erase", decision, erasure, "--by", ASKS) == (privacy.REFUSED, "same-person")
    assert command("export", REF).exit_code == 0


def test_declined_request_leaves_everything_and_can_be_made_again() -> None:
    first = asked()

    assert answered("erase", "--decline", first, "--by", DECIDES)["state"] == "declined"
    assert refused("erase", "--approve", first, "--by", DECIDES) == (privacy.REFUSED, "already-decided")
    assert command("export", REF).exit_code == 0
    assert asked() != first


def test_open_requests_are_listed_a_line_each() -> None:
    assert command("erase", "--list", "--json").stdout == ""
    erasure = asked()

    for_people = command("erase", "--list").stdout

    assert answered("erase", "--list")["id"] == erasure
    assert for_people.startswith(f"{erasure}  cus_")
    assert NAME not in for_people


@pytest.mark.parametrize(
    ("erasure", "who", "word"),
    [
        ("era_01J00000000000000000000000", DECIDES, "not-found"),
        ("no erasure", DECIDES, "not-found"),
        (None, "lea@desk.example", "forbidden"),
        (None, "nobody@desk.example", "forbidden"),
    ],
)
def test_who_may_not_and_what_is_not_there_is_refused(erasure: str | None, who: str, word: str) -> None:
    assert refused("erase", "--approve", erasure or asked(), "--by", who) == (privacy.REFUSED, word)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (REF,),
        (REF, "--requested-by", ASKS, "--reason", "mood"),
        (REF, "--requested-by", ASKS, "--list"),
        ("--approve", "era_01J00000000000000000000000"),
    ],
)
def test_what_makes_no_sense_is_a_mistake(arguments: tuple[str, ...]) -> None:
    assert command("erase", *arguments).exit_code == 2


async def test_retention_tells_what_would_go_then_lets_go(database: Database) -> None:
    async with database.transaction() as session:
        long_ago = datetime.now(UTC) - timedelta(days=200)
        await an_advisor(session, name="Ben", leaving_at=long_ago, now=long_ago - timedelta(days=1))

    dry = await leavers("--dry-run")
    still_there = await names(database)
    done = await leavers()
    again = await leavers()

    assert (dry["rows"], done["rows"], again["rows"]) == (1, 1, 0)
    assert "Ben" in still_there
    assert await names(database) == ["", "Anna"]


async def leavers(*options: str) -> dict[str, Any]:
    """What is told of the rule for advisors who have left."""
    done = await asyncio.to_thread(command, "retention", *options, "--json")
    assert done.exit_code == 0, done.output
    (found,) = [rule for rule in map(json.loads, done.stdout.splitlines()) if rule["rule"] == "leavers"]
    return dict(found)


async def names(database: Database) -> list[str]:
    async with database.reading() as session:
        rows = await session.fetch("SELECT name FROM advisors ORDER BY name")
    return [row["name"] for row in rows]


@pytest.mark.parametrize("arguments", [("export", REF), ("erase", "--list"), ("retention", "--dry-run")])
def test_database_that_is_away_has_a_code_of_its_own(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DURCHWAHL_DATABASE_URL", NOBODY_THERE)

    assert refused(*arguments)[0] == privacy.AWAY
