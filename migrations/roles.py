"""Who may do what in the database: the owner makes the tables, the service may only work in them.

Two roles besides the owner, both without a single right to make, alter or drop anything:
- the runtime role, as which the service signs in. It may add to the logs and never change them (`APPENDED`), it may
  not delete promises (`KEPT`), it reads what only migrations write (`READ`), and works in all other tables.
  Partitions are reached through their tables alone, and made and dropped by functions that run as the owner.
- the reports role, for people and tools that look: it reads everything but `SECRET`, and patiently.

`settle` brings all of it about and may be run again at any time. It runs after every migration, so a new table
needs no line here unless it is kept in one of the ways below; default privileges cover what is made otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import asyncpg

from kit.settings import Settings

APPENDED = {"audit", "audit_seals", "decisions", "events"}
"""Written once: no row is ever changed or deleted by the service."""

KEPT = {"callbacks", "erasures"}
"""Changed, but never deleted."""

READ = {"alembic_version", "audit_anchors", "event_epoch", "kept_by_month"}
"""Written by migrations and restores."""

SECRET = {"accounts", "calendar_feeds", "machine_keys", "sign_ins", "stored_answers", "stream_tickets"}
"""Of nobody's interest who makes a report."""

ORDINARY = "SELECT, INSERT, UPDATE, DELETE"
RIGHTS: Mapping[str, Collection[str]] = {"SELECT, INSERT": APPENDED, "SELECT, INSERT, UPDATE": KEPT, "SELECT": READ}

PLAIN = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

Raw: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(frozen=True)
class Role:
    """A role to sign in as, with what its sessions begin with."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    password: str | None = None


@dataclass(frozen=True)
class Roles:
    """The runtime role and the reports role; a role that isn't named is not looked after."""

    runtime: Role | None = None
    reports: Role | None = None

    @property
    def all(self) -> list[Role]:
        return [role for role in (self.runtime, self.reports) if role is not None]


def of(settings: Settings) -> Roles:
    """The roles as configured; the runtime role gets the password that the service signs in with."""
    url = settings.database_url.get_secret_value() if settings.database_url is not None else ""
    signs_in = urlsplit(url)
    password = unquote(signs_in.password or "") if signs_in.username == settings.database_role else ""
    patience = {
        "idle_in_transaction_session_timeout": settings.idle_in_transaction_timeout,
        "lock_timeout": settings.lock_timeout,
        "statement_timeout": settings.statement_timeout,
    }
    runtime = Role(settings.database_role, {name: _milliseconds(time) for name, time in patience.items()}, password)
    if not settings.reports_role:
        return Roles(runtime)
    looks = {**patience, "statement_timeout": settings.report_timeout}
    reads = {"default_transaction_read_only": "on", **{name: _milliseconds(time) for name, time in looks.items()}}
    return Roles(runtime, Role(settings.reports_role, reads))


def _milliseconds(time: timedelta) -> str:
    return f"{int(time.total_seconds() * 1000)}ms"


class RolesMissing(Exception):
    """The roles can't be made by whoever migrates; `statements` are for somebody who may."""

    def __init__(self, statements: Iterable[str]) -> None:
        super().__init__("the database's roles are missing")
        self.statements = list(statements)


STATE = """
SELECT r.rolname AS name, coalesce(s.setconfig, '{}') AS settings,
       r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls AS mighty
FROM pg_roles r LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0
WHERE r.rolname = ANY($1::text[])
"""


async def ensure(connection: Raw, roles: Roles) -> list[str]:
    """Make the roles and their settings; returns the statements that only somebody mightier may run.

    Raises `RolesMissing` where a role is not there and can't be made.
    """
    known = {row["name"]: row for row in await connection.fetch(STATE, [role.name for role in roles.all])}
    missing = [statement for role in roles.all for statement in _making(role, known.get(role.name))]
    refused = [statement for statement in missing if not await _run(connection, statement)]
    if any(role.name not in known for role in roles.all) and refused:
        raise RolesMissing(public(statement) for statement in refused)
    return refused


def _making(role: Role, known: Any) -> list[str]:
    name = quoted(role.name)
    password = f" PASSWORD {literal(role.password)}" if role.password else ""
    made = [] if known else [f"CREATE ROLE {name} {PLAIN}{password}"]
    if known and known["mighty"]:
        made.append(f"ALTER ROLE {name} {PLAIN}")
    settings = dict(one.split("=", 1) for one in known["settings"]) if known else {}
    return made + [
        f"ALTER ROLE {name} SET {setting} = {literal(value)}"
        for setting, value in role.settings.items()
        if settings.get(setting) != value
    ]


async def _run(connection: Raw, statement: str) -> bool:
    """Whether it may be done; another migration at the same moment may have been quicker."""
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedObjectError):
        return False
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        pass
    return True


OWNED = """
SELECT c.relname AS name, c.relkind IN ('r', 'p') AND NOT c.relispartition AS is_table,
       c.relkind = 'S' AS is_sequence
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v')
    AND pg_has_role(c.relowner, 'USAGE')
ORDER BY c.relname
"""

GUARDED = """
SELECT p.oid::regprocedure::text AS signature FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND pg_has_role(p.proowner, 'USAGE')
ORDER BY signature
"""

OURS = """
SELECT current_database() AS database, pg_has_role(d.datdba, 'USAGE') AS database_is_ours,
       (SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'public') AS schema_is_ours
FROM pg_database d WHERE d.datname = current_database()
"""


async def settle(connection: Raw, roles: Roles) -> list[str]:
    """Make the roles and give them their rights, all at once; returns what only somebody mightier may run."""
    left = await ensure(connection, roles)
    ours = await connection.fetchrow(OURS)
    assert ours is not None
    around = _around(roles, quoted(ours["database"]))
    may = {"DATABASE": ours["database_is_ours"], "SCHEMA": ours["schema_is_ours"]}
    async with connection.transaction():
        for kind, statement in around:
            if may[kind]:
                await connection.execute(statement)
            else:
                left.append(statement)
        for statement in await _inside(connection, roles):
            await connection.execute(statement)
    return [public(statement) for statement in left]


def _around(roles: Roles, database: str) -> list[tuple[str, str]]:
    """Rights on the database and its schema, which belong to somebody else on some servers."""
    names = ", ".join(quoted(role.name) for role in roles.all)
    if not names:
        return []
    return [
        ("DATABASE", f"REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
        ("DATABASE", f"GRANT CONNECT ON DATABASE {database} TO {names}"),
        ("SCHEMA", "REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        ("SCHEMA", f"GRANT USAGE ON SCHEMA public TO {names}"),
    ]


async def _inside(connection: Raw, roles: Roles) -> list[str]:
    owned = await connection.fetch(OWNED)
    everything = [row["name"] for row in owned if not row["is_sequence"]]
    tables = [row["name"] for row in owned if row["is_table"]]
    sequences = [row["name"] for row in owned if row["is_sequence"]]
    functions = [row["signature"] for row in await connection.fetch(GUARDED)]
    statements = [f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC" for function in functions]
    if roles.runtime is not None:
        statements += _for_runtime(quoted(roles.runtime.name), everything, tables, sequences, functions)
    if roles.reports is not None:
        statements += _for_reports(quoted(roles.reports.name), everything, tables)
    return statements


def _for_runtime(
    role: str, everything: list[str], tables: list[str], sequences: list[str], functions: list[str]
) -> list[str]:
    special = set().union(*RIGHTS.values())
    groups = {ORDINARY: set(tables) - special, **{right: set(tables) & set(own) for right, own in RIGHTS.items()}}
    return [
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {role}",
        *([f"REVOKE ALL ON {_listed(everything)} FROM {role}"] if everything else []),
        *(f"GRANT {right} ON {_listed(names)} TO {role}" for right, names in groups.items() if names),
        *([f"GRANT USAGE ON SEQUENCE {_listed(sequences)} TO {role}"] if sequences else []),
        *(f"GRANT EXECUTE ON FUNCTION {function} TO {role}" for function in functions),
    ]


def _for_reports(role: str, everything: list[str], tables: list[str]) -> list[str]:
    readable = set(tables) - SECRET
    return [
        *([f"REVOKE ALL ON {_listed(everything)} FROM {role}"] if everything else []),
        *([f"GRANT SELECT ON {_listed(readable)} TO {role}"] if readable else []),
    ]


def public(statement: str) -> str:
    """The statement as it may be shown: without its password."""
    return statement.split(" PASSWORD ", 1)[0]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"public.{quoted(name)}" for name in sorted(names))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
