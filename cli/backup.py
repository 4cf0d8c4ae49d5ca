"""`durchwahl backup FILE` and `durchwahl restore FILE`.

Exit codes: 0 done; 2 the file or the database is not as it must be, nothing was touched; 3 the database or one of
PostgreSQL's programs failed; 4 a role is missing (`durchwahl migrate` says how to make it); 5 the backup is damaged
or newer than this version.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cli import manifest
from cli.manifest import Manifest
from kit.clock import LiveClock
from kit.settings import Settings

NOT_SO, FAILED, ROLES, DAMAGED = 2, 3, 4, 5

Json = Annotated[bool, typer.Option("--json", help="End with the manifest as JSON on standard output.")]
File = Annotated[Path, typer.Argument(help="The backup; its manifest lies beside it.", dir_okay=False)]

Replace = Annotated[
    bool, typer.Option("--replace", help="Replace what is in the database; nobody may be connected.")
]


def backup(file: File, as_json: Json = False) -> None:
    """Write everything of this instant into a file, while the service goes on."""
    if file.exists() or not file.parent.is_dir():
        raise _leave(NOT_SO, f"{file} exists already, or its folder doesn't.")

    async def work(hear: Callable[[str], None]) -> Manifest:
        from cli.assembly import owner_url
        from cli.dumping import dump

        return await dump(await owner_url(Settings()), file, LiveClock().now(), hear)

    _told(_guarded(work, as_json), as_json)


def restore(
    file: File,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Bring a backup into an empty database and migrate it. With --replace, whom the present one has erased is
    erased again; into an empty database that has to be asked for again (docs/operate/backup.md)."""
    if not file.exists():
        raise _leave(NOT_SO, f"{file} is not there.")

    async def work(hear: Callable[[str], None]) -> Manifest:
        from cli.restoring import restored

        made = await asyncio.to_thread(manifest.read, file)
        left = await restored(Settings(), file, made, LiveClock().now(), replace, hear)
        for statement in left:
            typer.echo(f"Left for whoever may run it: {statement};", err=True)
        return made

    _told(_guarded(work, as_json), as_json)


def _guarded(work: Callable[[Callable[[str], None]], Awaitable[Manifest]], quiet: bool) -> Manifest:
    """Run it with progress; what goes wrong is said in one line and left with its code."""
    from cli.restoring import InUse, Newer, NotEmpty
    from kit.clients import ClientFailed, NoClient
    from kit.database import DatabaseAway
    from migrations.roles import RolesMissing

    try:
        with _progress(quiet) as hear:
            return asyncio.run(_awaited(work(hear)))
    except NotEmpty:
        raise _leave(NOT_SO, "The database is not empty. Name an empty one, or say --replace.") from None
    except InUse:
        raise _leave(NOT_SO, "Somebody is connected to the database: stop the service first.") from None
    except (manifest.Damaged, Newer) as error:
        raise _leave(DAMAGED, f"Not restored: {error}.") from None
    except RolesMissing:
        raise _leave(ROLES, "A role is missing; `durchwahl migrate` says how to make it.") from None
    except (ClientFailed, NoClient, DatabaseAway, OSError, asyncpg.PostgresError) as error:
        raise _leave(FAILED, f"It failed: {error}") from None


async def _awaited(work: Awaitable[Manifest]) -> Manifest:
    return await work


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """PostgreSQL's programs name each table as they come to it."""
    if quiet:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task, tables = bar.add_task("connecting", total=None), 0

        def hear(words: str) -> None:
            nonlocal tables
            if "contents of table" in words or "data for table" in words:
                tables += 1
                bar.update(task, description=f"{tables} tables, now {words.split('table', 1)[1].strip()}")

        yield hear


def _told(made: Manifest, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(asdict(made)) + "\n")
        return
    rows = sum(made.rows.values())
    typer.echo(f"{rows} rows of {len(made.rows)} tables at schema {made.revision}, as of {made.made_at}.")


def _leave(code: int, words: str) -> typer.Exit:
    typer.echo(words, err=True)
    return typer.Exit(code)
