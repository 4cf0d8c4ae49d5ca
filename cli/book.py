"""`durchwahl assign` and `durchwahl rebalance`: the whole book from the command line, with progress.

The plan is computed and carried out by this process; where the service's worker is quicker, this one watches.
Exit codes: 0 done, 1 refused or failed (the reason is printed), 2 an assignment that leaves somebody without an
advisor, 3 when the database is away.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli import book_words
from kit.settings import Settings

if TYPE_CHECKING:
    from api.services import Services
    from books.computing import Workshop
    from books.service import Asked
    from cli.book_words import Preview
    from kit.database import Row

app = typer.Typer(no_args_is_help=True)

REFUSED, SHORT, AWAY = 1, 2, 3
UNDER_WAY = {"apply": "applying", "undo": "undoing"}
LOOK_S = 0.5
"""How often a run that somebody else works on is looked at."""

Market = Annotated[str | None, typer.Option(help="Only customers of this market.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Compute and show; move nobody.")]
Json = Annotated[bool, typer.Option("--json", help="End with the run as JSON on standard output.")]
Seed = Annotated[int, typer.Option(help="The same book with the same seed gives the same plan.")]


@app.command()
def assign(market: Market = None, dry_run: DryRun = False, seed: Seed = 0, as_json: Json = False) -> None:
    """Give everybody who has no advisor one, all at once and evenly."""
    _finish(_asked("assign", market, dry_run, {"seed": seed}), as_json)


@app.command()
def rebalance(
    market: Market = None,
    budget: Annotated[
        str | None, typer.Option(help="Most customers who may move without having to: `500` or `2%`.")
    ] = None,
    dry_run: DryRun = False,
    apply: Annotated[str | None, typer.Option(help="Carry out this preview, `run_…`.")] = None,
    undo: Annotated[str | None, typer.Option(help="Take back what this run has moved, `run_…`.")] = None,
    discard: Annotated[str | None, typer.Option(help="Let this preview go, `run_…`.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Even the books out with few moves; look first with --dry-run, then --apply it; --undo within 30 days."""
    given = {"apply": apply, "undo": undo, "discard": discard}
    named = [(verb, run) for verb, run in given.items() if run is not None]
    if len(named) > 1 or (named and (dry_run or budget or market)):
        raise typer.BadParameter("one of --apply, --undo, --discard alone, or a new plan")
    if named:
        _finish(_verb(*named[0]), as_json)
    else:
        _finish(_asked("rebalance", market, dry_run, {"seed": seed, **_budget(budget)}), as_json)


def _budget(written: str | None) -> dict[str, Any]:
    if written is None:
        return {}
    try:
        if written.endswith("%"):
            share = float(written[:-1]) / 100
            if 0 <= share <= 1:
                return {"move_budget_share": share}
        elif int(written) >= 0:
            return {"move_budget": int(written)}
    except ValueError:
        pass
    raise typer.BadParameter("a number of customers or a share, `500` or `2%`")


Begin = Callable[["Services"], Awaitable["Row"]]


def _asked(kind: str, market: str | None, dry_run: bool, terms: dict[str, Any]) -> Begin:
    async def begin(services: Services) -> Row:
        from books import service
        from books.service import Asked

        asked: Asked = Asked(kind, market_id=market, apply_at_once=not dry_run, terms=terms)
        try:
            async with services.database.transaction() as session:
                return await service.request(session, asked, services.clock.now(), services.new_id)
        except service.RunInProgress:
            return await _gone_on_with(services, kind)

    return begin


async def _gone_on_with(services: Services, kind: str) -> Row:
    """An assignment that was interrupted is meant; two rebalances are two. Raises `RunInProgress`."""
    from books import queries, service
    from kit.ids import encode

    async with services.database.reading() as session:
        busy = await queries.busy(session)
    if busy is None:
        raise service.RunInProgress
    if kind != "assign" or busy["kind"] != kind:
        raise service.RunInProgress(run=encode("run", busy["id"]))
    return busy


def _verb(verb: str, run: str) -> Begin:
    async def begin(services: Services) -> Row:
        from books import service
        from kit.ids import decode

        act = {"apply": service.apply, "undo": service.undo, "discard": service.discard}[verb]
        run_id = decode("run", run)
        async with services.database.transaction() as session:
            found = await service.locked(session, run_id)
            if found["state"] == UNDER_WAY.get(verb):  # interrupted, and typed again
                return found
            return await act(session, run_id, services.clock.now())

    return begin


def _finish(begin: Begin, as_json: bool) -> None:
    from kit.database import DatabaseAway
    from kit.errors import Fault

    try:
        run, preview = asyncio.run(_driven(begin, quiet=as_json))
    except DatabaseAway as away:
        _refuse("database-away", away.title, as_json, AWAY)
    except Fault as fault:
        _refuse(fault.word, fault.title, as_json, REFUSED, fault.facts)
    else:
        _tell(run, preview, as_json)


def _refuse(word: str, title: str, as_json: bool, code: int, members: Mapping[str, Any] | None = None) -> None:
    if as_json:
        sys.stdout.write(to_json({"refused": word, **(members or {})}).decode() + "\n")
    else:
        typer.echo(book_words.refusal(word, title, members or {}), err=True)
    raise typer.Exit(code)


async def _driven(begin: Begin, *, quiet: bool) -> tuple[Row, Preview]:
    from books.computing import WARM, Workshop
    from cli.assembly import opened
    from kit.apart import Apart

    async with opened(Settings()) as services, Apart(WARM) as apart:
        run = await begin(services)
        workshop = Workshop(services.database, apart, services.clock, services.new_id)
        with _bar(quiet) as advance:
            run = await _worked(services, workshop, run, advance)
        async with services.database.reading() as session:
            return run, await book_words.preview(session, run["id"])


async def _worked(services: Services, workshop: Workshop, run: Row, advance: Callable[[Row], None]) -> Row:
    """Step by step until the run rests."""
    from books import service, work
    from books.states import BUSY
    from customers.books import Books

    books, run_id = Books(), UUID(str(run["id"]))
    while run["state"] in BUSY:
        if await work.step(workshop, books) is None:
            await asyncio.sleep(LOOK_S)
        async with services.database.reading() as session:
            run = await service.get(session, run_id)
        advance(run)
    return run


class _bar:  # noqa: N801 - reads as a function
    """A bar on standard error while moves are made; nothing with --json."""

    def __init__(self, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = None if quiet else Progress(*columns, console=Console(stderr=True))

    def __enter__(self) -> Callable[[Row], None]:
        if self._bar is None:
            return lambda _: None
        bar = self._bar
        bar.start()
        task = bar.add_task("computing", total=None)
        return lambda run: bar.update(
            task, description=run["state"], total=run["planned"] or None, completed=_made(run)
        )

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _made(run: Row) -> int:
    """How far it is; a run that is taken back counts from the beginning again."""
    if run["state"] in ("undoing", "undone"):
        return int(run["undone"])
    return int(run["done"] + run["skipped"])


def _tell(run: Row, preview: Preview, as_json: bool) -> None:
    from books import public

    shown = public.run(run)
    if as_json:
        sys.stdout.write(shown.model_dump_json() + "\n")
    else:
        book_words.show(Console(stderr=True), shown, preview, overtaken=_overtaken(run))
    short = run["kind"] == "assign" and run["figures"].get("unplaced", 0) > 0
    raise typer.Exit(REFUSED if run["state"] == "failed" or _overtaken(run) else SHORT if short else 0)


def _overtaken(run: Row) -> bool:
    """It was to be carried out at once, but the book changed while it was computed."""
    return bool(run["apply_at_once"]) and run["state"] == "ready"
