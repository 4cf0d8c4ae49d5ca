"""The doctor finds what was broken on purpose, says what to do, and changes nothing."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from rich.console import Console
from typer.testing import CliRunner

from cli.doctor import command, configuration
from cli.doctor import queries as doctor_queries
from cli.doctor.examination import SUBJECTS, examine
from cli.doctor.findings import Finding, exit_code
from cli.main import app
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from reporting.measuring import Measuring
from tests.house.repository import ROOT
from tests.support.builders import (
    a_customer,
    a_desk_group,
    a_number,
    an_advisor,
    numbers,
)
from worker.loops import ensure_months

SECRET = "a secret of some length"  # pragma: allowlist secret
CODE = re.compile(r'"((?:' + "|".join([*SUBJECTS, "books"]) + r')\.[a-z-]+)"')

URL = SecretStr("postgresql://service:correct-horse-battery@one,two/durchwahl")

CONFIGURED: dict[str, Any] = {
    "environment": "production",
    "database_url": URL,
    "secret": SecretStr(SECRET),
    "public_url": "https://durchwahl.example",
    "smtp_host": "mail.intranet",
    "smtp_from": "advisors@durchwahl.intranet",
}


def configured(**changed: Any) -> Settings:
    return Settings(**{**CONFIGURED, **changed}, _env_file=None)


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


# -- configuration


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"database_url": None}, ["configuration.embedded-database"]),
        ({"secret": None}, ["configuration.no-secret"]),
        ({"secret": SecretStr("short")}, ["configuration.short-secret"]),
        ({"secret": SecretStr("0123456789abcdef")}, ["configuration.placeholder-secret"]),
        ({"secret": SecretStr("x" * 32)}, ["configuration.placeholder-secret"]),
        ({"database_url": SecretStr("postgresql://u:postgres@h/d")}, ["configuration.placeholder-secret"]),
        ({"public_url": ""}, ["configuration.no-public-url"]),
        ({"public_url": "http://durchwahl.example"}, ["configuration.public-url-not-https"]),
        ({"smtp_host": ""}, ["configuration.no-mail"]),
        ({"environment": "demo"}, ["configuration.not-production"]),
    ],
)
def test_settings_are_judged(changed: dict[str, Any], expected: list[str]) -> None:
    assert codes(list(configuration.check(configured(**changed)))) == expected


def test_no_finding_repeats_a_secret() -> None:
    found = list(configuration.check(configured(secret=SecretStr("changeme-short"))))

    assert found
    assert "changeme-short" not in repr(found)


# -- database and company


@pytest.fixture
async def healthy(database: Database, clock: VirtualClock) -> Database:
    """A small company in which nothing is wrong, and whose loops have just measured."""
    await ensure_months(database, clock.now())
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, name="Anna", group=group, state="offline")
        await a_customer(session, advisor=anna)
        await a_number(session, advisor=anna)
        await numbers(session, 30)
    await Measuring(database, clock.now).run_once()
    return database


async def as_owner(uri: str, statement: str) -> None:
    """What the service itself may not do."""
    connection = await asyncpg.connect(uri)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def found(database: Database, clock: VirtualClock, *subjects: str) -> list[Finding]:
    return [f async for f in examine(configured(database_url=None), database, clock, subjects or SUBJECTS)]


@pytest.mark.database
async def test_in_a_healthy_company_nothing_is_found_but_the_embedded_database(
    healthy: Database, clock: VirtualClock
) -> None:
    assert codes(await found(healthy, clock)) == ["configuration.embedded-database"]


BROKEN: dict[str, tuple[str, str]] = {
    "database.schema-behind": ("database", "UPDATE alembic_version SET version_num = '0001'"),
    "database.schema-ahead": ("database", "UPDATE alembic_version SET version_num = '9999'"),
    "database.partition-missing": ("database", "DROP TABLE events_2026_12"),
    "database.default-partition-used": (
        "database",
        "INSERT INTO events (at, type, subject, data) VALUES ('1999-01-01Z', 'a.b', 's', '{}'); "
        "SELECT pg_stat_force_next_flush()",
    ),
    "numbers.few-left": ("numbers", "DELETE FROM direct_dial_numbers WHERE state = 'free'"),
    "cover.no-general-group": ("cover", "DELETE FROM general_groups"),
    "cover.empty-general-group": ("cover", "DELETE FROM desk_group_members"),
    "cover.group-without-cover": (
        "cover",
        "INSERT INTO absences SELECT gen_random_uuid(), id, '2026-11-25Z', '2026-11-28Z', 'other', "
        "'approved', '2026-11-01Z' FROM advisors",
    ),
    "advisors.no-sip-target": ("advisors", "UPDATE advisors SET sip_uri = NULL, sip_endpoint = NULL"),
    "advisors.no-market": ("advisors", "DELETE FROM advisor_markets"),
    "advisors.no-desk-group": ("advisors", "DELETE FROM desk_group_members"),
    "advisors.no-working-pattern": ("advisors", "UPDATE advisors SET working_pattern = '{}'"),
    "advisors.no-number": (
        "advisors",
        "DELETE FROM direct_dial_numbers WHERE advisor_id IS NOT NULL",
    ),
    "advisors.left-with-customers": ("advisors", "UPDATE advisors SET leaving_at = '2026-11-01Z'"),
    "advisors.certificate-ends": (
        "advisors",
        "INSERT INTO advisor_skills SELECT id, 'first-aid', 3, '2026-12-01Z' FROM advisors",
    ),
    "customers.without-advisor": (
        "customers",
        "UPDATE relationships SET ends_at = starts_at, ended_reason = 'ended'",
    ),
    "books.over-cap": ("customers", "UPDATE books SET cap_s = 1, over_cap = true"),
    "loops.silent": ("loops", "DELETE FROM measurements"),
    "loops.not-measured": (
        "loops",
        "UPDATE measurements SET measured_at = '2026-11-23T08:00Z' WHERE kind = 'stock'",
    ),
    "invariants.broken": ("invariants", "UPDATE books SET load_s = load_s + 1"),
}
"""By code: the subject to ask about, and the statement that breaks something."""


@pytest.mark.database
@pytest.mark.parametrize("code", BROKEN)
async def test_broken_on_purpose_it_is_found(
    healthy: Database, owner_uri: str, clock: VirtualClock, code: str
) -> None:
    subject, statement = BROKEN[code]
    await as_owner(owner_uri, statement)

    findings = await found(healthy, clock, subject)

    assert code in codes(findings)
    assert all(finding.sentence.endswith(".") and finding.do.endswith((".", ")")) for finding in findings)


@pytest.mark.database
async def test_offer_past_its_deadline_means_that_a_loop_is_stale(healthy: Database, clock: VirtualClock) -> None:
    async with healthy.transaction() as session:
        await session.execute(
            "INSERT INTO contacts (id, market_id, channel, direction, state, since, received_at, age_at, language, "
            "needs, priority, choices_asked, tried, last_signal_at, deadline_at) VALUES (gen_random_uuid(), 'DE', "
            "'phone', 'in', 'choosing', $1, $1, $1, 'de', '{}', 0, 0, '{}', $1, $1)",
            clock.now() - timedelta(minutes=1),
        )

    (finding,) = await found(healthy, clock, "loops")

    assert (finding.code, finding.facts) == ("loops.stale", {"what": "contacts", "count": 1})


@pytest.mark.database
async def test_days_left_follow_from_the_pace_of_the_last_thirty(healthy: Database, clock: VirtualClock) -> None:
    async with healthy.transaction() as session:
        for _ in range(59):
            await a_number(session, advisor=await an_advisor(session))
        yesterday = clock.now() - timedelta(days=1)
        await session.execute("UPDATE direct_dial_numbers SET since = $1 WHERE state = 'assigned'", yesterday)

    (finding,) = await found(healthy, clock, "numbers")

    assert finding.facts["days_left"] == 15
    assert finding.severity == "warning"


@pytest.mark.database
async def test_role_that_owns_the_tables_and_has_no_time_outs_is_named(
    healthy: Database, owner_uri: str, settings: Settings, clock: VirtualClock
) -> None:
    owner = Database(owner_uri, settings)

    of_owner = [f async for f in examine(configured(), owner, clock, ["database"])]
    await owner.close()
    of_service = [f async for f in examine(configured(), healthy, clock, ["database"])]

    assert codes(of_owner) == ["database.role-too-mighty", "database.no-time-outs"]
    assert codes(of_service) == []


@pytest.mark.database
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"version": 140_010}, "database.too-old"),
        ({"in_recovery": True}, "database.read-only"),
        ({"connections": 20}, "database.few-connections"),
    ],
)
async def test_server_that_can_not_be_made_in_a_test_is_judged(
    healthy: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], code: str
) -> None:
    ask = doctor_queries.server

    async def server(session: Any) -> Any:
        return {**await ask(session), **changed}

    monkeypatch.setattr(doctor_queries, "server", server)

    assert code in codes(await found(healthy, clock, "database"))


@pytest.mark.database
async def test_clock_that_is_off_is_an_error(
    healthy: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure(*_: object) -> timedelta:
        return timedelta(seconds=-3)

    monkeypatch.setattr("cli.doctor.database.measure", measure)

    (finding,) = await found(healthy, clock, "database")

    assert (finding.code, finding.facts) == ("database.clock-off", {"offset_s": -3.0})


@pytest.mark.database
async def test_invariant_that_takes_too_long_is_said_and_the_others_are_checked(
    healthy: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.doctor.running.PATIENCE", timedelta(milliseconds=1))
    async with healthy.transaction() as session:
        await session.execute("UPDATE books SET load_s = load_s + 1")

    async def slow(session: Any, _now: datetime, *, only: list[str]) -> dict[str, Any]:
        if only == ["I1"]:
            await session.fetch_value("SELECT pg_sleep(1)")
        return {}

    monkeypatch.setattr("cli.doctor.running.invariants.violations", slow)

    findings = await found(healthy, clock, "invariants")

    assert [(finding.code, finding.facts["invariant"]) for finding in findings] == [("invariants.too-slow", "I1")]


async def test_database_that_is_away_is_one_finding(settings: Settings, clock: VirtualClock) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing", settings)

    findings = await found(nowhere, clock)
    await nowhere.close()

    assert codes(findings)[-1] == "database.away"
    assert exit_code(findings) == 2


@pytest.mark.database
async def test_doctor_only_reads(healthy: Database, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is asked in transactions that PostgreSQL knows to be read-only."""
    for manner in ("transaction", "reading", "run"):
        monkeypatch.setattr(Database, manner, None)

    assert codes(await found(healthy, clock)) == ["configuration.embedded-database"]


# -- how it is told

ONE = Finding("advisors.no-market", "warning", "2 advisors serve no market.", "Give each a market.", {"count": 2})
OTHER = Finding("database.away", "error", "The database can't be reached.", "See that it runs.")


def test_exit_code_follows_the_worst() -> None:
    info = Finding("a.b", "info", "x.", "y.")

    assert [exit_code(found) for found in ([], [info], [info, ONE], [ONE, OTHER])] == [0, 0, 1, 2]


def test_people_read_what_is_wrong_and_what_to_do() -> None:
    out = StringIO()

    command.tell_people([OTHER, ONE], 0.4, Console(file=out, width=60, force_terminal=False))

    assert out.getvalue().splitlines() == [
        "error   database.away",
        "        The database can't be reached.",
        "        → See that it runs.",
        "warning advisors.no-market",
        "        2 advisors serve no market.",
        "        → Give each a market.",
        "1 error, 1 warning (0.4 s)",
    ]


def test_machines_read_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    command.tell_machines([ONE], 0.4)

    told = json.loads(capsys.readouterr().out)
    assert (told["exit_code"], told["warning"], told["error"]) == (1, 1, 0)
    assert told["findings"][0]["code"] == "advisors.no-market"


def test_unknown_subject_is_refused_with_those_that_there_are() -> None:
    done = CliRunner().invoke(app, ["doctor", "--only", "weather"])

    assert done.exit_code == 2
    assert "configuration" in done.output


def test_every_code_is_on_the_page_and_no_other() -> None:
    folder, page = ROOT / "cli" / "doctor", ROOT / "docs" / "operate" / "doctor.md"
    said = {code for path in folder.glob("*.py") for code in re.findall(CODE, path.read_text())}

    listed = set(re.findall(r"`((?:" + "|".join([*SUBJECTS, "books"]) + r")\.[a-z-]+)`", page.read_text()))

    assert listed == said
