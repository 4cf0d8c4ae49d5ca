"""`durchwahl audit verify` and `durchwahl audit show`.

Exit codes: 0 when the chain holds, 1 when it is broken, 3 when the database is away.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic_core import to_json

from kit.settings import Settings

if TYPE_CHECKING:
    from audit.queries import Search
    from audit.verifying import Verdict
    from kit.database import Row

app = typer.Typer(no_args_is_help=True, help="Who did what, and whether the record of it holds.")

BROKEN, AWAY = 1, 3

Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
Instant = Annotated[datetime | None, typer.Option(help="An instant, in UTC where no zone is given.")]


@app.command()
def verify(
    as_json: Json = False,
    expect: Annotated[
        str | None, typer.Option(help="A head noted earlier, `N:HASH`; it must still be in the chain.")
    ] = None,
) -> None:
    """Walk the chain and name the first broken link."""
    verdict, as_noted = asyncio.run(_guarded(_verified(expect)))
    broken = asdict(verdict.broken) if verdict.broken is not None else None
    told = {"seals": verdict.seals, "rows": verdict.rows, "head": f"{verdict.n}:{verdict.head}", "broken": broken}
    if expect is not None:
        told["as_noted"] = as_noted
    if as_json:
        sys.stdout.write(to_json(told).decode() + "\n")
    else:
        for name, value in told.items():
            typer.echo(f"{name}: {value}")
    if broken is not None or not as_noted:
        raise typer.Exit(BROKEN)


@app.command()
def show(
    subject: Annotated[str | None, typer.Option(help="What was changed: `con_…`, `DE`.")] = None,
    actor: Annotated[str | None, typer.Option(help="Who did it: `acc_…`, `key_…`, `loop:…`, `cli`.")] = None,
    action: Annotated[str | None, typer.Option(help="What was done: `contact.offered`.")] = None,
    since: Instant = None,
    until: Instant = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """Search the audit; the newest first, a line each."""
    from audit.queries import Search

    for row in asyncio.run(_guarded(_found(Search(subject, actor, action, _utc(since), _utc(until)), limit))):
        sys.stdout.write(_line(row, as_json) + "\n")


async def _guarded(work: Any) -> Any:
    from kit.database import DatabaseAway

    try:
        return await work
    except DatabaseAway as away:
        typer.echo(away.title, err=True)
        raise typer.Exit(AWAY) from None


async def _verified(expect: str | None) -> tuple[Verdict, bool]:
    from audit import verifying
    from cli.assembly import opened

    async with opened(Settings()) as services, services.database.snapshot() as session:
        return await verifying.verify(session), await verifying.holds(session, expect)


async def _found(search: Search, limit: int) -> Sequence[Row]:
    from audit import service
    from cli.assembly import opened

    async with opened(Settings()) as services, services.database.reading() as session:
        return await service.search(session, search, None, limit)


def _line(row: Row, as_json: bool) -> str:
    from audit import service

    entry = service.shown(row)
    if as_json:
        return entry.model_dump_json()
    return "  ".join((entry.at.isoformat(), entry.actor, entry.action, entry.subject, entry.request_id or "-"))


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
