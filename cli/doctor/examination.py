"""All checks in order, grouped by subject; each group can be asked for alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta

from cli.doctor import company, configuration, running
from cli.doctor import database as databases
from cli.doctor.findings import Finding
from contacts import directory, directory_queries
from kit.clock import Clock
from kit.database import Database, DatabaseAway
from kit.settings import Settings

SUBJECTS = (
    "configuration",
    "database",
    "numbers",
    "cover",
    "advisors",
    "customers",
    "loops",
    "invariants",
)

PATIENCE = timedelta(seconds=20)


async def examine(
    settings: Settings, database: Database, clock: Clock, subjects: Collection[str] = SUBJECTS
) -> AsyncIterator[Finding]:
    """Findings as they come. Where the database is away, or its schema is not ours, the rest is not asked."""
    if "configuration" in subjects:
        for finding in configuration.check(settings):
            yield finding
    now = clock.now()
    try:
        behind = False
        async for finding in _database(settings, database, now):
            behind = behind or finding.code == "database.schema-behind"
            if "database" in subjects:
                yield finding
        if behind:
            return
        async for finding in _company(database, now, subjects):
            yield finding
        if "invariants" in subjects:
            async for finding in running.check_invariants(database, now):
                yield finding
    except (DatabaseAway, OSError):
        yield Finding(
            "database.away",
            "error",
            "The database can't be reached, or refuses this role; what lies in it was not looked at.",
            "See that it runs, and that host, name and password in DURCHWAHL_DATABASE_URL are right.",
        )


async def _database(settings: Settings, database: Database, now: datetime) -> AsyncIterator[Finding]:
    async with database.report(PATIENCE) as session:
        for check in (
            databases.check_server(session, settings),
            databases.check_schema(session),
            databases.check_clock(session),
            databases.check_partitions(session, now),
        ):
            async for finding in check:
                yield finding


async def _company(database: Database, now: datetime, subjects: Collection[str]) -> AsyncIterator[Finding]:
    async with database.report(PATIENCE) as session:
        if "cover" in subjects:
            version = await directory_queries.version(session)
            for finding in company.check_cover(await directory.load(session, version), now):
                yield finding
        for subject, check in {
            "numbers": company.check_numbers,
            "advisors": company.check_advisors,
            "customers": company.check_customers,
            "loops": running.check_loops,
        }.items():
            if subject in subjects:
                async for finding in check(session, now):
                    yield finding
