"""Whether the loops do their work, and whether every invariant holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from asyncpg import QueryCanceledError

from cli.doctor import queries
from cli.doctor.findings import Finding, some
from kit import invariants
from kit.database import Database, DatabaseAway, ReadSession
from reporting.measures import kinds

SILENT = timedelta(minutes=2)
PATIENCE = timedelta(seconds=20)

STALE = {
    "offers": "open offers are past their deadline",
    "callbacks": "callbacks are past their next action",
    "contacts": "contacts are past the deadline of their state",
}


async def check_loops(session: ReadSession, now: datetime) -> AsyncIterator[Finding]:
    """The doctor sees no process; it sees what they have left undone."""
    measured = {row["kind"]: row["measured_at"] for row in await queries.rows(session, queries.MEASURED)}
    live = measured.get("live")
    if live is None or now - live > SILENT:
        since = "never" if live is None else f"last at {live:%Y-%m-%d %H:%M} UTC"
        yield Finding(
            "loops.silent",
            "error",
            f"No process runs the loops: the figures of the moment were measured {since}.",
            "Start `durchwahl serve` with DURCHWAHL_WORKERS=true, or `durchwahl worker`.",
        )
    else:
        for finding in _old(measured, now):
            yield finding
    for row in await queries.rows(session, queries.STALE, now):
        if row["count"]:
            yield Finding(
                "loops.stale",
                "error",
                f"{row['count']} {STALE[row['what']]}: the loop `deadlines` does not get to them.",
                "Look for `loop.failed` and `due.failed` in the logs (docs/operate/incidents, DurchwahlLoopFails).",
                {"what": row["what"], "count": row["count"]},
            )


def _old(measured: dict[str, datetime | None], now: datetime) -> list[Finding]:
    """Kinds that others are measured beside, and that fail by themselves."""
    pauses = {kind.name: kind.pause for kind in kinds()}
    seen = {name: at for name, at in measured.items() if at is not None and name in pauses}
    old = sorted(name for name, at in seen.items() if now - at > 4 * pauses[name] + timedelta(minutes=1))
    if not old:
        return []
    return [
        Finding(
            "loops.not-measured",
            "warning",
            f"{', '.join(old)}: not measured for long, although the loop runs.",
            "Look at the logs for `measuring.failed`; a statement may take too long on this database.",
            {"kinds": old},
        )
    ]


async def check_invariants(database: Database, now: datetime) -> AsyncIterator[Finding]:
    """One by one, each with its own time; what takes too long is said."""
    for invariant in invariants.load().values():
        try:
            async with database.report(PATIENCE) as session:
                found = (await invariants.violations(session, now, only=[invariant.id])).get(invariant.id, [])
        except (DatabaseAway, QueryCanceledError):
            yield Finding(
                "invariants.too-slow",
                "warning",
                f"{invariant.id} could not be checked within {PATIENCE.seconds} s.",
                "Run ANALYZE on the database and ask again.",
                {"invariant": invariant.id},
            )
            continue
        if found:
            codes = sorted({violation.why for violation in found})
            yield Finding(
                "invariants.broken",
                "error",
                f"{invariant.id} is broken {len(found)} times ({', '.join(codes)}): {invariant.sentence}.",
                "See docs/operate/incidents/DurchwahlInvariantBroken.md.",
                {"invariant": invariant.id, "codes": codes, **some([violation.id for violation in found])},
            )
