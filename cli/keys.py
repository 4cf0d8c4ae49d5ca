"""`durchwahl keys`: issue, list, rotate and revoke the keys of machines.

A secret goes to standard output once and is never shown again. Exit codes: 0 done, 1 refused (the word of the
problem is on standard error).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic_core import to_json
from rich.console import Console
from rich.table import Table

from kit.settings import Settings

if TYPE_CHECKING:
    from accounts.schemas import Key
    from api.services import Services

app = typer.Typer(no_args_is_help=True, help="Keys of machines.")

REFUSED = 1
PAGE = 1000

Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
KeyId = Annotated[str, typer.Argument(help="The key's id: `key_01J…`.")]
Work = Callable[["Services"], Awaitable[Any]]


@app.command()
def issue(
    name: Annotated[str, typer.Argument(help="What people call the machine.")],
    scopes: Annotated[list[str], typer.Option("--scope", help="telephony, control_center or operator.")],
    days: Annotated[int | None, typer.Option(min=1, help="How long it is valid; left out: until revoked.")] = None,
    as_json: Json = False,
) -> None:
    """Issue a key; its secret is told once."""

    async def work(services: Services) -> Any:
        from accounts import keys

        now = services.clock.now()
        until = None if days is None else now + timedelta(days=days)
        async with services.database.transaction() as session:
            issued = await keys.issue(
                session, name=name, scopes=scopes, now=now, new_id=services.new_id, expires_at=until
            )
        return _told(services, issued)

    _tell(_run(work), as_json)


@app.command()
def rotate(
    key_id: KeyId,
    grace_hours: Annotated[
        float | None, typer.Option(min=0, max=720, help="How long the old key stays valid; a setting.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Issue a key's successor; the old one ends after the grace, or when it is revoked."""

    async def work(services: Services) -> Any:
        from accounts import keys
        from kit.ids import decode

        grace = services.settings.key_grace if grace_hours is None else timedelta(hours=grace_hours)
        async with services.database.transaction() as session:
            issued = await keys.rotate(
                session, decode("key", key_id), grace=grace, now=services.clock.now(), new_id=services.new_id
            )
        return _told(services, issued)

    _tell(_run(work), as_json)


@app.command()
def revoke(key_id: KeyId) -> None:
    """End a key now; replicas that run forget it within two seconds."""

    async def work(services: Services) -> None:
        from accounts import keys
        from kit.ids import decode

        async with services.database.transaction() as session:
            await keys.revoke(session, decode("key", key_id), services.clock.now())

    _run(work)


@app.command("list")
def listed(
    ended: Annotated[bool, typer.Option("--all", help="Also keys that are over.")] = False, as_json: Json = False
) -> None:
    """All keys, which replaces which, and when each was used last."""
    found: list[Key] = [key for key in _run(_everything) if ended or key.state in ("valid", "retiring")]
    if as_json:
        sys.stdout.write(to_json([key.model_dump() for key in found]).decode() + "\n")
        return
    table = Table("id", "name", "scopes", "state", "ends", "last used", "replaced by", box=None)
    for key in found:
        ends, used = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (key.expires_at, key.last_used_at))
        table.add_row(key.id, key.name, " ".join(key.scopes), key.state, ends, used, key.replaced_by or "")
    Console().print(table)


async def _everything(services: Services) -> list[Key]:
    from accounts import queries, schemas

    found: list[Key] = []
    after = None
    while True:
        async with services.database.reading() as session:
            page = await queries.page_of_keys(session, after, PAGE)
            replaced = await queries.replaced_keys(session, page)
        found += [schemas.key(key, services.clock.now(), replaced.get(key.id)) for key in page]
        if len(page) < PAGE:
            return found
        after = page[-1].id


def _told(services: Services, issued: Any) -> dict[str, Any]:
    from accounts import schemas

    return schemas.issued(issued.key, issued.secret, services.clock.now()).model_dump()


def _tell(issued: dict[str, Any], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(to_json(issued).decode() + "\n")
        return
    Console(stderr=True).print(f"{issued['id']} ({' '.join(issued['scopes'])}); the secret is shown once:")
    sys.stdout.write(f"{issued['secret']}\n")


def _run(work: Work) -> Any:
    from cli.assembly import opened
    from kit.errors import Fault

    async def run() -> Any:
        async with opened(Settings()) as services:
            return await work(services)

    try:
        return asyncio.run(run())
    except Fault as fault:
        reasons = ", ".join(f"{error.pointer} {error.code}" for error in fault.errors)
        Console(stderr=True).print(f"{fault.word}: {fault.title} {reasons}".strip())
        raise typer.Exit(REFUSED) from None
