"""The database: version, role, time-outs, connections, schema, clock, partitions ahead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from alembic.script import ScriptDirectory

from cli.doctor import queries
from cli.doctor.findings import Finding
from kit.clock import LiveClock
from kit.database import ReadSession, Row
from kit.offset import measure
from kit.settings import Settings
from migrations import runner

OLDEST = 150_000
WORST_OFFSET = timedelta(seconds=2)
WANTED = ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout")
BESIDE_THE_POOL = 2
"""Connections of a replica that are not in its pool: the doorbell, and one to spare."""


async def check_server(session: ReadSession, settings: Settings) -> AsyncIterator[Finding]:
    server = await queries.server(session)
    if server["version"] < OLDEST:
        yield Finding(
            "database.too-old",
            "error",
            f"PostgreSQL {server['version'] // 10_000} is too old.",
            "Upgrade to PostgreSQL 15 or later.",
        )
    if server["in_recovery"]:
        yield Finding(
            "database.read-only",
            "error",
            "The server is a standby: nothing can be written.",
            "Name all hosts in DURCHWAHL_DATABASE_URL, so that the primary is found; or promote this one.",
        )
    async for finding in _role(session, server, settings):
        yield finding
    needed = settings.pool_size + BESIDE_THE_POOL
    if server["connections"] < 2 * needed:
        yield Finding(
            "database.few-connections",
            "warning",
            f"A replica takes up to {needed} connections, and the server allows {server['connections']} in all: "
            "two replicas do not fit.",
            "Raise max_connections, or lower DURCHWAHL_POOL_SIZE.",
            {"per_replica": needed, "max_connections": server["connections"]},
        )


async def _role(session: ReadSession, server: Row, settings: Settings) -> AsyncIterator[Finding]:
    """The embedded database has one role for everything."""
    if settings.database_url is None:
        return
    if server["is_super"] or server["owns"]:
        what = "is a superuser" if server["is_super"] else "owns the tables"
        yield Finding(
            "database.role-too-mighty",
            "warning",
            f"The role that the service runs as {what}, so it could change history.",
            "Run the service as a role that owns nothing (docs/operate/database.md).",
        )
    missing = sorted(set(WANTED) - await queries.role_settings(session))
    if missing:
        yield Finding(
            "database.no-time-outs",
            "warning",
            "The role has no time-outs of its own, so a client that sets none may hold locks for ever.",
            "Set them: " + "; ".join(f"ALTER ROLE … SET {name} = …" for name in missing) + ".",
            {"missing": missing},
        )


async def check_schema(session: ReadSession) -> AsyncIterator[Finding]:
    scripts = ScriptDirectory.from_config(runner.config())
    head, present = scripts.get_current_head(), await queries.revision(session)
    if present == head:
        return
    known = {script.revision for script in scripts.walk_revisions()}
    if present is None or present in known:
        yield Finding(
            "database.schema-behind",
            "error",
            f"The schema is at {present or 'nothing'}, the code needs {head}.",
            "Run `durchwahl migrate`; old code runs on the new schema.",
            {"at": present, "needs": head},
        )
    else:
        yield Finding(
            "database.schema-ahead",
            "info",
            f"The schema is at {present}, which this code does not know: a newer version has migrated it.",
            "Upgrade this installation, or run the doctor of the newer one.",
            {"at": present, "knows": head},
        )


async def check_clock(session: ReadSession) -> AsyncIterator[Finding]:
    offset = await measure(session, LiveClock())
    if abs(offset) > WORST_OFFSET:
        yield Finding(
            "database.clock-off",
            "error",
            f"The database's clock and this machine's differ by {abs(offset).total_seconds():.1f} s.",
            "Mend the time service of the one that is wrong (docs/operate/incidents/DurchwahlClockOff.md).",
            {"offset_s": round(offset.total_seconds(), 3)},
        )


async def check_partitions(session: ReadSession, now: datetime) -> AsyncIterator[Finding]:
    first = now.date().replace(day=1)
    months = [first, (first + timedelta(days=32)).replace(day=1)]
    for parent in await queries.partitioned(session):
        wanted = [f"{parent}_{month:%Y_%m}" for month in months]
        missing = [name for name in wanted if not await queries.exists(session, name)]
        if missing:
            yield Finding(
                "database.partition-missing",
                "error" if wanted[0] in missing else "warning",
                f"`{parent}` has no partition for {', '.join(name[-7:].replace('_', '-') for name in missing)}.",
                "Let the loops run (`durchwahl serve` or `worker`): `months` makes them ahead of time.",
                {"missing": missing},
            )
        default = f"{parent}_default"
        if await queries.exists(session, default) and await queries.has_rows(session, default):
            yield Finding(
                "database.default-partition-used",
                "warning",
                f"Rows lie in `{default}`, as their month had no partition when they came.",
                "Let the loop `months` run: it moves them when it makes the month's partition.",
            )
