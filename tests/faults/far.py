"""The application in this process, and its database behind a proxy."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.faults.own_server import target_of, through
from tests.faults.proxy import Proxy
from tests.properties import company as companies
from tests.properties.company import Company
from tests.support.api import Client, make_app, make_client
from tests.support.builders import MONDAY_MORNING


@dataclass
class Far:
    """`near` is the way past the proxy, for looking at what stands."""

    proxy: Proxy
    database: Database
    near: Database
    clock: VirtualClock
    client: Client
    company: Company

    async def look(self, sql: str, *arguments: Any) -> list[dict[str, Any]]:
        async with self.near.reading() as session:
            return await session.fetch(sql, *arguments)

    async def count(self, sql: str, *arguments: Any) -> int:
        async with self.near.reading() as session:
            return int(await session.fetch_value(sql, *arguments))


@contextlib.asynccontextmanager
async def far_away(uri: str, settings: Settings) -> AsyncIterator[Far]:
    """`uri` names a fresh, migrated database; the company of the property tests is founded in it."""
    clock = VirtualClock(MONDAY_MORNING)
    async with Proxy(target_of(uri)) as proxy:
        near, database = Database(uri, settings), Database(through(proxy.port, uri), settings)
        async with near.transaction() as session:
            company = await companies.found(session)
        client = await make_client(make_app(near, clock, settings))
        behind = Client(make_app(database, clock, settings), client.tokens)
        try:
            yield Far(proxy, database, near, clock, behind, company)
        finally:
            await database.close()
            await near.close()
