"""Everything of one instant into a file, while the service goes on: `pg_dump` and the row counts share a snapshot.

The snapshot only reads: it holds nobody's event stream back, only what vacuum would clear away meanwhile.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cli import manifest
from cli.manifest import Manifest
from kit import clients
from kit.hosts import Hosts, Raw
from migrations.roles import quoted

CONNECT_S = 10.0

TABLES = """
SELECT relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY relname
"""

Heard = Callable[[str], None]


async def dump(url: str, file: Path, now: datetime, hear: Heard) -> Manifest:
    """Write the backup and its manifest; a file that is there is whole, as it gets its name last."""
    hosts = Hosts(url)
    connection = await hosts.connect(CONNECT_S, server_settings={"idle_in_transaction_session_timeout": "0"})
    try:
        program = await clients.find("pg_dump", connection.get_server_version().major)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            revision = await connection.fetchval("SELECT version_num FROM alembic_version")
            rows = await counted(connection)
            part = file.with_name(f"{file.name}.part")
            options = ("--format=custom", "--no-owner", "--no-privileges", "--verbose", f"--snapshot={snapshot}")
            await clients.run(program, *options, f"--file={part}", url=hosts.last, hear=hear)
        version = connection.get_server_version()
    finally:
        await connection.close()
    made = Manifest(
        made_at=now.isoformat(),
        revision=revision,
        server=f"{version.major}.{version.minor}",
        client_major=await clients.major(program),
        bytes=part.stat().st_size,
        sha256=await asyncio.to_thread(manifest.digest, part),
        rows=rows,
    )
    _on_disk(part)
    made.write(file)
    part.rename(file)
    _on_disk(file.parent)
    return made


async def counted(connection: Raw) -> dict[str, int]:
    """The rows of each table."""
    names = [row["name"] for row in await connection.fetch(TABLES)]
    sql = "SELECT count(*) FROM public.{}"
    return {name: await connection.fetchval(sql.format(quoted(name)), timeout=600) for name in names}


def _on_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
