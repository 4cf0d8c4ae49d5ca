"""Alembic's entry: async, one transaction per revision, on the database that the caller names."""

import asyncio
import re
from typing import Any

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.metadata import metadata

PARTITION = re.compile(r"^[a-z_]+_(\d{4}_\d{2}|default)$")
BY_HAND = {"ex_relationships_overlap"}
"""What autogenerate cannot see or say and the migration writes itself."""


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    if kind == "table" and name is not None:
        return PARTITION.match(name) is None and name != "alembic_version"
    return name not in BY_HAND


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=include_object,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run(url: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def main() -> None:
    handed_in = context.config.attributes.get("connection")
    if handed_in is not None:
        run(handed_in)
        return
    url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True)["url"]
    asyncio.run(connect_and_run(url))


main()
