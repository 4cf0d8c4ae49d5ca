"""`durchwahl skills`: which skills are short, whom training would help, which certificates end.

Made with each plan for the book (`durchwahl rebalance --dry-run`), of the customers who are in that plan. It is
about skills, certificates and demand, never about how somebody works. Names are told here, to whoever plans on this
machine; what is kept, and `--json`, has ids.
Exit codes: 0 told, 1 there is no such report, 3 when the database is away.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from kit.settings import Settings

if TYPE_CHECKING:
    from books.skill_schemas import CertificateShown, DemandShown, SkillsAnswer
    from kit.database import ReadSession

Names = Mapping[str, str]

MISSING, AWAY = 1, 3

Run = Annotated[str | None, typer.Argument(help="A plan, `run_…`; without it the newest one.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
Limit = Annotated[int, typer.Option(min=1, help="Rows of each table.")]


def skills(run: Run = None, limit: Limit = 20, as_json: Json = False) -> None:
    """Skills against demand, as the newest plan for the book sees them."""
    from kit.database import DatabaseAway
    from kit.errors import Fault

    try:
        report, names = asyncio.run(_report(run))
    except DatabaseAway as away:
        typer.echo(away.title, err=True)
        raise typer.Exit(AWAY) from None
    except Fault as fault:
        typer.echo(f"{fault.title} Make a plan with `durchwahl rebalance --dry-run`.", err=True)
        raise typer.Exit(MISSING) from None
    if as_json:
        sys.stdout.write(report.model_dump_json() + "\n")
    else:
        _show(report, names, limit)


async def _report(run: str | None) -> tuple[SkillsAnswer, Names]:
    from books import public, service
    from cli.assembly import opened
    from kit.ids import decode

    async with opened(Settings()) as services, services.database.reading() as session:
        found = await (
            service.newest_skills(session) if run is None else service.skills(session, decode("run", run))
        )
        report = public.skills(found)
        return report, await _names(session, report)


async def _names(session: ReadSession, report: SkillsAnswer) -> Names:
    """Of everybody in the report, by their ids as the outside knows them."""
    from books import preview_queries
    from kit.ids import decode

    people = {one.advisor for one in report.trainings} | {one.advisor for one in report.certificates}
    asked = {code: decode("adv", code) for code in people}
    asked |= {one.desk_group: decode("grp", one.desk_group) for one in report.groups}
    names = await preview_queries.names(session, list(asked.values()))
    return {code: names.get(identifier) or code for code, identifier in asked.items()}


def _show(report: SkillsAnswer, names: Names, limit: int) -> None:
    console = Console()
    console.print(
        f"{report.run}, {report.made_at:%Y-%m-%d %H:%M} UTC. Seconds are those of a month.", soft_wrap=True
    )
    console.print(_markets(report, limit))
    console.print(_groups(report, names, limit))
    console.print(_trainings(report, names, limit))
    console.print(_ends(report, names, limit))


def _table(title: str, columns: str, rows: Iterable[Sequence[Any]]) -> Table:
    """Columns are parted by `|`; those of numbers begin with `#`."""
    table = Table(title=title, title_justify="left", box=None)
    for column in columns.split("|"):
        table.add_column(column.lstrip("#"), justify="right" if column.startswith("#") else "left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table


def _markets(report: SkillsAnswer, limit: int) -> Table:
    rows = (
        (
            one.market,
            f"{one.skill}:{one.level}",
            one.customers,
            one.seconds,
            one.unplaced,
            one.can,
            one.target_s,
            "" if one.price is None else f"{one.price:+.2f}",
            "short" if one.short else "",
        )
        for one in report.markets[:limit]
    )
    title = f"Skills by market, {report.short} short"
    return _table(title, "market|skill|#customers|#seconds|#without|#who can|#their books|#price|", rows)


def _groups(report: SkillsAnswer, names: Names, limit: int) -> Table:
    rows = (
        (names[one.desk_group], one.market, f"{one.skill}:{one.level}", one.customers, one.seconds, one.can)
        for one in report.groups[:limit]
    )
    title = f"Skills by desk group, {report.alone} with nobody or one alone"
    return _table(title, "desk group|market|skill|#customers|#seconds|#who can", rows)


def _trainings(report: SkillsAnswer, names: Names, limit: int) -> Table:
    rows = (
        (names[one.advisor], f"{one.skill}:{one.level}", one.has, f"{one.gain:.0f}", one.seconds, one.unplaced_s)
        for one in report.trainings[:limit]
    )
    columns = "advisor|would learn|#has|#gain|#seconds|#of customers without"
    return _table("What learning would help most", columns, rows)


def _ends(report: SkillsAnswer, names: Names, limit: int) -> Table:
    rows = (_end(one, names[one.advisor]) for one in report.certificates[:limit])
    title = f"Certificates that end within 90 days, {report.ending} in all"
    return _table(title, "ends|advisor|skill|#customers|#seconds|#uncovered|most of them", rows)


def _end(one: CertificateShown, name: str) -> Sequence[Any]:
    kinds = one.uncovered or one.kinds
    return (
        f"{one.ends_at:%Y-%m-%d}",
        name,
        f"{one.skill}:{one.level}",
        one.customers,
        one.seconds,
        one.uncovered_customers,
        _words(kinds[0]) if kinds else "",
    )


def _words(demand: DemandShown) -> str:
    needs = " ".join(f"{need.skill}:{need.level}" for need in demand.needs)
    return f"{demand.market} {'/'.join(demand.languages)} {needs}"
