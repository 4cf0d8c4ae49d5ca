"""`durchwahl replay LOG`: a real log through the real services, the policy against longest-idle-anyone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from kit.settings import Settings

T = TypeVar("T")


def replay(
    log: Annotated[Path, typer.Argument(help="A month of calls, plain or gzipped.", exists=True, dir_okay=False)],
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=["%Y-%m-%d"], help="First day to replay; the calls before it are learnt from."
        ),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day to replay; the log's last.")
    ] = None,
    learn_days: Annotated[int, typer.Option(min=1, help="Days to learn from, where --from is not said.")] = 21,
    seed: Annotated[int, typer.Option(help="The same seed, the same result.")] = 1,
    accept_callback: Annotated[
        float, typer.Option(min=0, max=1, help="Share of callers who take a callback where one is offered.")
    ] = 0.6,
    reached: Annotated[float, typer.Option(min=0, max=1, help="Share of callbacks that are answered.")] = 0.95,
    policy_only: Annotated[bool, typer.Option("--policy-only", help="Without the comparison.")] = False,
    baseline_only: Annotated[bool, typer.Option("--baseline-only", help="Only longest-idle-anyone.")] = False,
    database_url: Annotated[
        str | None, typer.Option(help="A server where databases may be made; left out: a private one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, in one line.")] = False,
) -> None:
    """Replay a real log of calls through the services, in virtual time."""
    from simulation.call_log import UnusableLog
    from simulation.replay import BASELINE, POLICY, Wanted, run
    from simulation.scenario import Span

    if policy_only and baseline_only:
        raise typer.BadParameter("--policy-only and --baseline-only leave nothing to replay")
    wanted = Wanted(
        log=log,
        span=Span(first.date() if first else None, last.date() if last else None, learn_days),
        seed=seed,
        accept_callback=accept_callback,
        reached=reached,
        sides=tuple(side for side, left_out in ((POLICY, baseline_only), (BASELINE, policy_only)) if not left_out),
        database_url=database_url,
        progress=True,
    )
    try:
        report = asyncio.run(_until_told_to_stop(run(wanted, Settings())))
    except UnusableLog as error:
        typer.echo(f"Nothing to replay: {error}", err=True)
        raise typer.Exit(2) from None
    except asyncio.CancelledError:
        raise typer.Exit(143) from None
    if as_json:
        sys.stdout.write(json.dumps(report.figures) + "\n")
    else:
        _show(report.figures, report.notes)
    if report.figures["violations"]:
        raise typer.Exit(1)


async def _until_told_to_stop(work: Coroutine[Any, Any, T]) -> T:
    """A SIGTERM ends it like Ctrl-C does, so that its server and its processes end as well."""
    task = asyncio.ensure_future(work)
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _show(report: Mapping[str, Any], notes: Sequence[str]) -> None:
    """Both sides beside each other, or the figures of the one that was replayed."""
    from rich.console import Console

    from simulation.table import comparison

    console = Console()
    if "policy" in report and "baseline" in report:
        console.print(comparison(report, notes))
    else:
        console.print_json(json.dumps(report.get("policy", report.get("baseline"))))
        console.print(f"Violations of invariants: {report['violations']}")
