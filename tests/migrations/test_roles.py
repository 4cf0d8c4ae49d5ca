"""The service signs in as somebody who owns nothing, and what that role may not do is refused by the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner

from cli.main import app
from kit import months
from kit.database import Database, Session
from migrations import ground, roles, runner
from migrations.roles import Role, Roles
from tests.support import postgres

pytestmark = pytest.mark.database

Make = Callable[[str], Awaitable[str]]
LAST_YEAR = date(datetime.now(UTC).year - 1, 1, 1)


@pytest.mark.parametrize(
    "statement",
    [
        *(f"{verb} {table}" for table in ("events", "decisions") for verb in ("DELETE FROM", "TRUNCATE")),
        "UPDATE events SET subject = 'another'",
        "UPDATE decisions SET subject = 'another'",
        "UPDATE events_default SET subject = 'another'",
        "DELETE FROM events_1999_01",
        "INSERT INTO events_1999_01 (at, type, subject, data) VALUES ('1999-01-01', 'a.b', 's', '{}')",
        "DELETE FROM callbacks",
        "TRUNCATE contacts CASCADE",
        "INSERT INTO event_epoch VALUES (2)",
        "UPDATE kept_by_month SET least_months = 0",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE contacts ADD COLUMN mine int",
        "ALTER TABLE callbacks DISABLE TRIGGER never_deleted",
        "DROP TABLE contacts",
        "CREATE INDEX ON contacts (state)",
        "SET session_replication_role = replica",
        "SET ROLE durchwahl_owner",
        "CREATE ROLE mine",
        "ALTER ROLE durchwahl_app SUPERUSER",
        "COPY contacts TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'durchwahl_owner'",
        "SELECT rolpassword FROM pg_authid",
    ],
)
async def test_runtime_role_is_refused(statement: str, session: Session, owner_session: Session) -> None:
    if "_1999_01" in statement:
        await months.ensure(session, "events", date(1999, 1, 1))

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute(statement)


async def test_runtime_role_owns_nothing_and_is_nobody(session: Session) -> None:
    owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
    might = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls FROM pg_roles"

    assert await session.fetch_value("SELECT current_user") == "durchwahl_app"
    assert await session.fetch_value(owned) == 0
    assert not await session.fetch_value(f"{might} WHERE rolname = current_user")
    assert (
        await session.fetch_value("SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole") == 0
    )


async def test_every_table_is_ordinary_or_named_with_what_is_kept_from_the_service(session: Session) -> None:
    sql = """
    SELECT relname AS name, has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
           AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE') AS ordinary
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    """

    rows = await session.fetch(sql)

    assert {row["name"] for row in rows if not row["ordinary"]} == roles.APPENDED | roles.KEPT | roles.READ


async def test_other_databases_of_the_server_are_closed(database_uri: str) -> None:
    for name in ("postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(ground.with_database(database_uri, name))


async def test_time_outs_are_the_roles_own(database_uri: str, server_uri: str) -> None:
    reports = ground.with_user(database_uri, "durchwahl_reports")
    await postgres.execute(
        server_uri,
        f'GRANT CONNECT ON DATABASE "{database_uri.split("?")[0].rsplit("/", 1)[1]}" TO durchwahl_reports',
    )

    assert await shown(database_uri) == ["5s", "2s", "3s", "off"]
    assert await shown(reports) == ["5s", "2s", "30s", "on"]


async def shown(uri: str) -> list[str]:
    names = (
        "idle_in_transaction_session_timeout",
        "lock_timeout",
        "statement_timeout",
        "default_transaction_read_only",
    )
    connection = await asyncpg.connect(uri)
    try:
        return [await connection.fetchval(f"SHOW {name}") for name in names]
    finally:
        await connection.close()


# --- months


async def test_runtime_role_makes_and_drops_months_that_are_old_enough(session: Session) -> None:
    await months.ensure(session, "events", LAST_YEAR)
    assert LAST_YEAR in await months.months(session, "events")

    assert await months.drop(session, "events", LAST_YEAR)

    assert LAST_YEAR not in await months.months(session, "events")
    assert not await months.drop(session, "events", LAST_YEAR)


@pytest.mark.parametrize("ago", [-40, 0, 31, 59])
async def test_a_month_that_is_young_is_not_dropped(session: Session, ago: int) -> None:
    month = datetime.now(UTC).date() - timedelta(days=ago)
    await months.ensure(session, "events", month)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await months.drop(session, "events", month)


@pytest.mark.parametrize("parent", ["callbacks", "pg_class", 'events"; DROP TABLE contacts; --', ""])
async def test_nothing_else_is_made_or_dropped_by_month(session: Session, parent: str) -> None:
    with pytest.raises(asyncpg.RaiseError):
        async with session.savepoint():
            await months.ensure(session, parent, LAST_YEAR)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await months.drop(session, parent, LAST_YEAR)


async def test_functions_of_the_owner_have_a_path_that_nobody_can_change(session: Session) -> None:
    sql = "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"

    found = {row["proname"]: row["proconfig"] for row in await session.fetch(sql)}

    assert {"ensure_month", "drop_month"} <= found.keys()
    assert set(map(tuple, found.values())) == {("search_path=public, pg_temp",)}


async def test_strangers_may_not_call_the_functions_of_the_owner(session: Session) -> None:
    sql = """
    SELECT count(*) FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
    WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace AND acl.grantee = 0
    """

    assert await session.fetch_value(sql) == 0


# --- giving the rights


@pytest.fixture
async def make(server_uri: str) -> AsyncIterator[Make]:
    """Makes roles of other names; they are gone with their databases afterwards."""
    made: list[str] = []

    async def a_role(attributes: str) -> str:
        made.append(f"somebody_{uuid4().hex[:8]}")
        await postgres.execute(server_uri, f"CREATE ROLE {made[-1]} LOGIN {attributes}")
        return made[-1]

    yield a_role
    for name in made:
        await postgres.drop_database(server_uri, name)
    for name in made:
        await postgres.execute(server_uri, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


async def empty_database(server_uri: str, owner: str) -> str:
    await postgres.execute(server_uri, f"CREATE DATABASE {owner} OWNER {owner}")
    return ground.with_user(ground.with_database(server_uri, owner), owner)


async def test_owner_who_may_not_make_roles_is_told_what_to_run_before_anything_is_migrated(
    server_uri: str, make: Make
) -> None:
    url = await empty_database(server_uri, await make("NOCREATEROLE"))
    wanted = Roles(Role("nobody_yet", {"lock_timeout": "2000ms"}, password="dontshow"))

    with pytest.raises(roles.RolesMissing) as missing:
        await runner.upgrade(url, wanted=wanted)

    assert missing.value.statements == [
        f'CREATE ROLE "nobody_yet" {roles.PLAIN}',
        'ALTER ROLE "nobody_yet" SET "lock_timeout" = \'2000ms\''.replace('"lock_timeout"', "lock_timeout"),
    ]
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT to_regclass('alembic_version')") is None
    await connection.close()


async def test_the_service_of_an_operators_own_database_needs_no_superuser(server_uri: str, make: Make) -> None:
    owner, service = await make("NOCREATEROLE"), await make("")
    url = await empty_database(server_uri, owner)

    left = await runner.upgrade(url, wanted=Roles(Role(service)))
    again = await runner.upgrade(url, wanted=Roles(Role(service)))

    assert left == again == []
    connection = await asyncpg.connect(ground.with_user(url, service))
    await connection.execute("SELECT ensure_month('events', '2026-11-01')")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DELETE FROM events")
    await connection.close()


async def test_a_mighty_runtime_role_is_made_small(server_uri: str, make: Make) -> None:
    service = await make("SUPERUSER CREATEDB")
    connection = await asyncpg.connect(server_uri)

    left = await roles.ensure(connection, Roles(Role(service)))

    assert left == []
    assert not await connection.fetchval("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = $1", service)
    await connection.close()


async def test_tables_made_later_are_covered_before_the_next_migration(owner_uri: str, database: Database) -> None:
    await postgres.execute(owner_uri, "CREATE TABLE later (id bigint GENERATED ALWAYS AS IDENTITY, word text)")

    async with database.transaction() as session:
        await session.execute("INSERT INTO later (word) VALUES ('in')")
        assert await session.fetch_value("SELECT word FROM later") == "in"


async def test_reports_see_all_but_secrets_and_change_nothing(server_uri: str, make: Make) -> None:
    owner, service, reader = await make(""), await make(""), await make("")
    url = await empty_database(server_uri, owner)
    await runner.upgrade(url, wanted=Roles(Role(service), Role(reader)))

    connection = await asyncpg.connect(ground.with_user(url, reader))
    assert await connection.fetchval("SELECT count(*) FROM contacts") == 0
    for refused in ("SELECT * FROM machine_keys", "SELECT * FROM accounts", "DELETE FROM contacts"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(refused)
    await connection.close()


async def test_a_database_from_before_the_split_changes_hands(server_uri: str) -> None:
    name = f"before_{uuid4().hex[:8]}"
    await postgres.execute(server_uri, f"CREATE DATABASE {name}")
    await runner.upgrade(ground.with_database(server_uri, name), "0004")

    found = await ground.lay(server_uri, name, postgres.roles_of(server_uri))
    await runner.upgrade(found.owner, wanted=postgres.roles_of(server_uri))

    connection = await asyncpg.connect(found.runtime)
    await connection.execute("SELECT ensure_month('events', '2026-11-01')")
    await connection.close()
    await runner.downgrade(found.owner, "base")
    await postgres.drop_database(server_uri, name)


def test_the_command_says_what_to_run_and_leaves_with_a_code(
    server_uri: str, monkeypatch: pytest.MonkeyPatch, database_uri: str
) -> None:
    """As an owner who may make no roles; the database is there and stays as it is."""
    monkeypatch.setenv("DURCHWAHL_MIGRATION_DATABASE_URL", postgres.as_owner(database_uri))
    monkeypatch.setenv("DURCHWAHL_DATABASE_URL", database_uri)
    there = CliRunner().invoke(app, ["migrate"])
    monkeypatch.setenv("DURCHWAHL_DATABASE_ROLE", "nobody_yet")

    missing = CliRunner().invoke(app, ["migrate"])

    assert (there.exit_code, there.stdout) == (0, "The database is at head.\n")
    assert missing.exit_code == 4
    assert 'CREATE ROLE "nobody_yet"' in missing.stderr
    assert r"\password nobody_yet" in missing.stderr
