"""The ground on a server of our own: the roles, and a database that belongs to the owner of the tables.

For the embedded server and the tests; on a server of the operator's the owner comes to a database that is there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import asyncpg

from migrations import roles
from migrations.roles import Raw, Role, Roles, quoted

OWNER = "durchwahl_owner"


@dataclass(frozen=True)
class Urls:
    """The same database as its owner and as the service."""

    owner: str
    runtime: str


def with_user(url: str, user: str) -> str:
    """The same database, as somebody else (with the same password, if there is one)."""
    return re.sub(r"//(?:[^@/:]*)(:[^@/]*)?@", lambda found: f"//{user}{found[1] or ''}@", url, count=1)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return re.sub(r"(//[^/]*)/[^?]*", rf"\1/{name}", url, count=1)


def urls(server_url: str, name: str, wanted: Roles) -> Urls:
    """Where the database `name` is found, as whom."""
    assert wanted.runtime is not None
    url = with_database(server_url, name)
    return Urls(with_user(url, OWNER), with_user(url, wanted.runtime.name))


async def lay(server_url: str, name: str, wanted: Roles) -> Urls:
    """Make what is missing of roles and database, as the server's superuser; tables come with the migrations."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute("SELECT pg_advisory_lock(727273)")
        await roles.ensure(connection, Roles(Role(OWNER, password=unquote(urlsplit(server_url).password or ""))))
        await roles.ensure(connection, wanted)
        await _close_the_rest(connection)
        found = urls(server_url, name, wanted)
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {quoted(name)} OWNER {OWNER}")
        else:
            await _hand_over(connection, server_url, name)
    finally:
        await connection.close()
    return found


OPEN = """
SELECT d.datname AS name FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) acl
WHERE d.datname IN ('postgres', 'template1') AND acl.grantee = 0 AND acl.privilege_type = 'CONNECT'
"""


async def _close_the_rest(connection: Raw) -> None:
    """Nobody but the superuser has business in the server's own databases."""
    for row in await connection.fetch(OPEN):
        await connection.execute(f"REVOKE ALL ON DATABASE {quoted(row['name'])} FROM PUBLIC")


FOREIGN = """
SELECT CASE WHEN c.relkind = 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND pg_get_userbyid(c.relowner) <> $1
UNION ALL
SELECT 'FUNCTION', p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND pg_get_userbyid(p.proowner) <> $1
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype IN ('i', 'e'))
UNION ALL
SELECT 'TYPE', t.oid::regtype::text FROM pg_type t
WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'r' AND pg_get_userbyid(t.typowner) <> $1
"""


async def _hand_over(connection: Raw, server_url: str, name: str) -> None:
    """A database from before there was an owner belongs to the superuser: it changes hands, once."""
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1"
    if await connection.fetchval(owner, name) == OWNER:
        return
    inside = await asyncpg.connect(with_database(server_url, name))
    try:
        async with inside.transaction():
            for row in await inside.fetch(FOREIGN, OWNER):
                await inside.execute(f"ALTER {row['kind']} {row['name']} OWNER TO {OWNER}")
            await inside.execute(f"ALTER DATABASE {quoted(name)} OWNER TO {OWNER}")
    finally:
        await inside.close()
