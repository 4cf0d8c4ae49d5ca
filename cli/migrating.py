"""`durchwahl migrate`: the schema, then the rights of the roles; what the owner may not do is said, ready to paste.

Exit codes: 0 when all is done; 4 when a role is missing that only somebody mightier can make: nothing was migrated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import typer

from kit.settings import Settings

MISSING = 4


def migrate(settings: Settings, revision: str) -> int:
    """Bring the database to a revision; returns the exit code."""
    from cli.assembly import migrated
    from migrations.roles import RolesMissing

    try:
        left = asyncio.run(migrated(settings, revision))
    except RolesMissing as missing:
        _say("The owner may not make the roles. As a superuser of the server run this, then migrate again:")
        _show(missing.statements)
        _say(f"and give {settings.database_role} the password of DURCHWAHL_DATABASE_URL:")
        _show([rf"\password {settings.database_role}"], end="")
        return MISSING
    typer.echo(f"The database is at {revision}.")
    if left:
        _say("These are left for whoever may run them; the service works without:")
        _show(left)
    if settings.database_url is not None and settings.migration_database_url is None:
        _say("The service signs in as the owner of the tables and could change its own history;")
        _say("docs/operate/database.md tells how it does without.")
    return 0


def _show(statements: Iterable[str], end: str = ";") -> None:
    for statement in statements:
        _say(f"    {statement}{end}")


def _say(words: str) -> None:
    typer.echo(words, err=True)
