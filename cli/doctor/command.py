"""The command: for people a table, for machines JSON; exit code 0, 1 or 2."""

from __future__ import annotations

import asyncio
import sys
from time import monotonic
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.text import Text

from cli.doctor.findings import EXIT_CODES, WORST, Finding, exit_code
from kit.settings import Settings

STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}

Only = Annotated[list[str] | None, typer.Option(help="Ask about this subject alone; may be given several times.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def doctor(only: Only = None, as_json: Json = False) -> None:
    """Look at configuration, database, company and loops; say what is wrong and what to do. Changes nothing.

    Exit code 0: all well; 1: warnings; 2: errors.
    """
    from cli.doctor.examination import SUBJECTS

    if unknown := sorted(set(only or ()) - set(SUBJECTS)):
        raise typer.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(SUBJECTS)}")
    began = monotonic()
    findings = asyncio.run(_ask(Settings(), tuple(only or SUBJECTS)))
    tell_machines(findings, monotonic() - began) if as_json else tell_people(findings, monotonic() - began)
    raise typer.Exit(exit_code(findings))


async def _ask(settings: Settings, subjects: tuple[str, ...]) -> list[Finding]:
    from cli.assembly import database_url
    from cli.doctor.examination import examine
    from kit.clock import LiveClock
    from kit.database import Database

    database = Database(await database_url(settings), settings, application="durchwahl-doctor")
    try:
        found = [finding async for finding in examine(settings, database, LiveClock(), subjects)]
    finally:
        await database.close()
    return sorted(found, key=lambda finding: WORST.index(finding.severity))


def tell_people(findings: list[Finding], seconds: float, console: Console | None = None) -> None:
    console = console or Console()
    for finding in findings:
        head = Text.assemble((f"{finding.severity:8}", STYLES[finding.severity]), (finding.code, "dim"))
        console.print(head)
        console.print(Text(f"        {finding.sentence}"), soft_wrap=True)
        console.print(Text(f"        → {finding.do}"), soft_wrap=True)
    console.print(Text(_summary(findings, seconds), "bold"))


def _summary(findings: list[Finding], seconds: float) -> str:
    counts = _counts(findings)
    told = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    return f"{told or 'All well'} ({seconds:.1f} s)"


def _counts(findings: list[Finding]) -> dict[str, int]:
    return {severity: sum(f.severity == severity for f in findings) for severity in EXIT_CODES}


def tell_machines(findings: list[Finding], seconds: float) -> None:
    told: dict[str, Any] = {
        "exit_code": exit_code(findings),
        **_counts(findings),
        "findings": [vars(finding) for finding in findings],
        "seconds": round(seconds, 2),
    }
    sys.stdout.write(to_json(told).decode() + "\n")
