"""`durchwahl import` and `durchwahl activate`: many people at once, with progress and a report per line.

Exit codes: 0 when every line is in, 1 when some were refused, 3 when the database went away (repeat the command:
what is in already changes nothing).
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path
from time import monotonic
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kit.settings import Settings

if TYPE_CHECKING:
    from api.services import Services
    from kit.bulk import Importer
    from kit.records import Line

app = typer.Typer(no_args_is_help=True)

REFUSED, STOPPED = 1, 3
PAGE = 1000
PATIENCE = timedelta(seconds=60)
"""A failover is over by then; so long an import waits for the database."""


class Kind(Enum):
    customers = "customers"
    advisors = "advisors"
    numbers = "numbers"


Report = Annotated[
    Path | None, typer.Option(help="Where to write a line of NDJSON for each line read; `-`: standard output.")
]
ErrorsOnly = Annotated[bool, typer.Option("--errors-only", help="Report only the lines that were refused.")]
Json = Annotated[bool, typer.Option("--json", help="End with the counts as JSON on standard output.")]


@dataclass
class Told:
    """What is told while lines come in: the report, the progress, and the counts at the end."""

    report: IO[bytes] | None
    errors_only: bool
    counts: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None
    began: float = field(default_factory=monotonic)

    def hear(self, reports: list[Any]) -> None:
        for one in reports:
            self.counts[one.outcome] += 1
            if self.report is not None and (one.outcome == "error" or not self.errors_only):
                self.report.write(one.written())

    @property
    def summary(self) -> dict[str, Any]:
        seconds = monotonic() - self.began
        lines = self.counts.total()
        rate = round(lines / seconds) if seconds else 0
        more = {} if self.stopped is None else {"stopped": self.stopped}
        return {"lines": lines, **self.counts, "seconds": round(seconds, 2), "per_second": rate, **more}

    @property
    def exit_code(self) -> int:
        return STOPPED if self.stopped else REFUSED if self.counts["error"] else 0


@app.command("import")
def bring_in(
    kind: Annotated[Kind, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="CSV (`.csv`) or NDJSON.", exists=True, dir_okay=False)],
    report: Report = None,
    errors_only: ErrorsOnly = False,
    as_json: Json = False,
) -> None:
    """Bring in customers, advisors or numbers; good lines are kept, each bad one is reported."""

    async def run(told: Told) -> None:
        from cli.assembly import opened
        from kit import bulk, records

        async with opened(Settings()) as services:
            importer = _importer(kind)
            with _Moving(told, file.stat().st_size, "bytes", as_json) as advance:
                chunks = _counted(records.chunks_of(file), advance)
                lines = bulk.lines_of(chunks, records.format_of(file), importer)
                await _bring(services, importer, lines, told)

    _finish(run, report, errors_only, as_json)


@app.command()
def activate(
    refs: Annotated[list[str] | None, typer.Argument(help="References of customers.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody who has no advisor.")] = False,
    market: Annotated[str | None, typer.Option(help="With --all: only customers of this market.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="CSV or NDJSON with `external_ref`.", exists=True, dir_okay=False)
    ] = None,
    report: Report = None,
    errors_only: ErrorsOnly = False,
    as_json: Json = False,
) -> None:
    """Give customers an advisor and a direct dial number. Whoever has an advisor keeps them."""
    if sum((bool(refs), everybody, file is not None)) != 1:
        raise typer.BadParameter("name customers, or --all, or --file")

    async def run(told: Told) -> None:
        from cli.assembly import opened
        from customers.books import Books
        from customers.bulk import Activations

        async with opened(Settings()) as services:
            importer = Activations(Books())
            with _Moving(told, None, "customers", as_json) as advance:
                lines = _wishes(services, importer, refs or [], file, market)
                await _bring(services, importer, _noted(lines, advance), told)

    _finish(run, report, errors_only, as_json)


def _importer(kind: Kind) -> Importer[Any]:
    from customers.bulk import Customers
    from customers.staff_bulk import Advisors
    from direct_dial.bulk import Numbers

    kinds: dict[Kind, type[Importer[Any]]] = {
        Kind.customers: Customers,
        Kind.advisors: Advisors,
        Kind.numbers: Numbers,
    }
    return kinds[kind]()


async def _bring(services: Services, importer: Importer[Any], lines: AsyncIterator[Line], told: Told) -> None:
    from kit import bulk
    from kit.errors import Fault

    try:
        around = (services.clock.now, services.new_id)
        async for reports in bulk.run(services.database, importer, lines, *around, PATIENCE):
            told.hear(reports)
    except Fault as fault:
        told.stopped = fault.word


async def _wishes(
    services: Services, importer: Importer[Any], refs: list[str], file: Path | None, market: str | None
) -> AsyncIterator[Line]:
    from kit import bulk, records
    from kit.records import Line

    if file is not None:
        async for line in bulk.lines_of(records.chunks_of(file), records.format_of(file), importer):
            yield line
    elif refs:
        for number, ref in enumerate(refs, start=1):
            yield Line(number, {"external_ref": ref})
    else:
        async for number, ref in _everybody(services, market):
            yield Line(number, {"external_ref": ref})


async def _everybody(services: Services, market: str | None) -> AsyncIterator[tuple[int, str]]:
    """Customers without an advisor, page by page, so that memory stays flat."""
    from customers import queries

    number, after = 0, ""
    while True:
        async with services.database.reading() as session:
            page = await queries.without_advisor(session, after, PAGE, market)
        for ref in page:
            number += 1
            yield number, ref
        if len(page) < PAGE:
            return
        after = page[-1]


async def _counted(chunks: AsyncIterator[bytes], advance: Any) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield chunk
        advance(len(chunk))


async def _noted(lines: AsyncIterator[Line], advance: Any) -> AsyncIterator[Line]:
    async for line in lines:
        yield line
        advance(1)


class _Moving:
    """A bar on standard error while something moves; nothing with --json."""

    def __init__(self, told: Told, total: int | None, what: str, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = None if quiet else Progress(*columns, console=Console(stderr=True))
        self._told, self._total, self._what = told, total, what

    def __enter__(self) -> Any:
        if self._bar is None:
            return lambda _: None
        self._bar.start()
        task = self._bar.add_task(self._what, total=self._total)
        bar, told = self._bar, self._told
        return lambda moved: bar.update(
            task, advance=moved, description=f"{told.counts.total()} lines, {self._what}"
        )

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _finish(run: Any, report: Path | None, errors_only: bool, as_json: bool) -> None:
    """Run, tell the end, and leave with a code that scripts can trust."""
    with _opened(report) as sink:
        told = Told(sink, errors_only)
        asyncio.run(run(told))
    summary = told.summary
    if as_json:
        sys.stdout.write(to_json(summary).decode() + "\n")
    else:
        Console(stderr=True).print(", ".join(f"{name} {value}" for name, value in summary.items()))
    raise typer.Exit(told.exit_code)


def _opened(report: Path | None) -> Any:
    if report is None:
        return nullcontext(None)
    return nullcontext(sys.stdout.buffer) if str(report) == "-" else report.open("wb")
