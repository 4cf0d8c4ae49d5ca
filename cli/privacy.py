"""`durchwahl export`, `erase` and `retention`.

An erasure takes two persons here as everywhere: each names the address of an account of theirs. Exit codes: 0 done,
1 refused (the word of the problem is on standard error), 2 misused, 3 when the database is away.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from pydantic_core import to_json

from kit.settings import Settings

if TYPE_CHECKING:
    from api.services import Services
    from kit.database import ReadSession

app = typer.Typer(no_args_is_help=True)

REFUSED, AWAY = 1, 3
ASKERS = frozenset(("supervisor", "admin", "auditor"))
DECIDERS = frozenset(("admin", "auditor"))

Json = Annotated[bool, typer.Option("--json", help="A JSON object a line on standard output.")]


@app.command()
def export(
    ref: Annotated[str, typer.Argument(help="The customer's reference in the control center.")],
    advisor: Annotated[bool, typer.Option("--advisor", help="An advisor's reference instead.")] = False,
) -> None:
    """Write everything that is kept of a person, as JSON."""

    async def work(services: Services) -> Any:
        from privacy import service

        exported = service.export_advisor if advisor else service.export_customer
        async with services.database.reading() as session:
            return await exported(session, ref, services.clock.now())

    sys.stdout.write(to_json(_done(work), indent=2).decode() + "\n")


@app.command()
def erase(
    ref: Annotated[str | None, typer.Argument(help="The customer's reference in the control center.")] = None,
    requested_by: Annotated[str | None, typer.Option(help="Address of the account that asks.")] = None,
    reason: Annotated[str, typer.Option(help="Why, as a code.")] = "customer_request",
    approve: Annotated[str | None, typer.Option(help="An erasure's id, `era_…`.")] = None,
    decline: Annotated[str | None, typer.Option(help="An erasure's id, `era_…`.")] = None,
    by: Annotated[str | None, typer.Option(help="Address of the account that decides.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List those that wait for a decision.")] = False,
    as_json: Json = False,
) -> None:
    """Ask for an erasure, or decide on one as another person."""
    if sum((ref is not None, approve is not None, decline is not None, listed)) != 1:
        raise typer.BadParameter("name a customer, --approve, --decline or --list")
    if listed:
        _tell(_done(_open_ones), as_json)
    elif ref is not None:
        _tell([_done(_asking(ref, reason, requested_by))], as_json)
    else:
        _tell([_done(_deciding(approve or decline or "", by, approves=approve is not None))], as_json)


@app.command()
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Let go of what has been kept long enough; a loop does it once a day."""

    async def work(services: Services) -> Any:
        from privacy import retention as rules

        now, settings = services.clock.now(), services.settings
        if dry_run:
            async with services.database.reading() as session:
                return await rules.would_do(session, settings, now)
        return await rules.run_once(services.database, settings, now, anew=True)

    _tell(_done(work), as_json)


async def _open_ones(services: Services) -> Any:
    from privacy import queries, schemas

    async with services.database.reading() as session:
        return [schemas.erasure(row) for row in await queries.erasures(session, "requested", None, 1000)]


def _asking(ref: str, reason: str, address: str | None) -> Callable[[Services], Awaitable[Any]]:
    async def work(services: Services) -> Any:
        from privacy import erasures, schemas

        if reason not in schemas.REASONS:
            raise typer.BadParameter(f"reasons are {', '.join(schemas.REASONS)}")
        async with services.database.transaction() as session:
            by = await _account(session, address, ASKERS)
            row = await erasures.request(session, ref, reason, by, services.clock.now(), services.new_id)
        return schemas.erasure(row)

    return work


def _deciding(erasure: str, address: str | None, *, approves: bool) -> Callable[[Services], Awaitable[Any]]:
    async def work(services: Services) -> Any:
        from api.exchange import exchange_of
        from kit.ids import decode
        from privacy import erasures, schemas

        identifier: UUID = decode("era", erasure)
        async with services.database.transaction() as session:
            by, now = await _account(session, address, DECIDERS), services.clock.now()
            if approves:
                row = await erasures.approve(session, exchange_of(services), identifier, by, now)
            else:
                row = await erasures.decline(session, identifier, by, now)
        return schemas.erasure(row)

    return work


async def _account(session: ReadSession, address: str | None, roles: frozenset[str]) -> str:
    """The id of an active account that may. Raises `Forbidden`."""
    from kit.errors import Forbidden
    from kit.ids import encode
    from privacy import queries

    if address is None:
        raise typer.BadParameter("name the address of your account")
    account = await queries.account_of_email(session, address)
    if account is None or not account["active"] or account["role"] not in roles:
        raise Forbidden
    return encode("acc", account["id"])


def _done(work: Callable[[Services], Awaitable[Any]]) -> Any:
    from cli.assembly import opened
    from kit.database import DatabaseAway
    from kit.errors import Fault

    async def run() -> Any:
        async with opened(Settings()) as services:
            return await work(services)

    try:
        return asyncio.run(run())
    except Fault as fault:
        typer.echo(f"{fault.word}: {fault.title}", err=True)
        raise typer.Exit(AWAY if isinstance(fault, DatabaseAway) else REFUSED) from None


def _tell(answers: Sequence[Any], as_json: bool) -> None:
    """A line each: an object, or its values for people."""
    for answer in answers:
        told = to_json(answer).decode()
        values = (str(value) for value in json.loads(told).values() if value not in (None, []))
        sys.stdout.write((told if as_json else "  ".join(values)) + "\n")
