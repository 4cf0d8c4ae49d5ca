"""Where the parts are played: databases on the tests' server, settings as in the tests, seeds."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from kit.database import Database
from kit.settings import Settings
from tests.support import postgres


@dataclass(frozen=True)
class Place:
    """`folder` is there for whatever a part wants to write."""

    server_uri: str
    folder: Path

    @property
    def settings(self) -> Settings:
        return Settings(
            environment="test", answer_within=timedelta(seconds=30), data_dir=self.folder, _env_file=None
        )

    def empty_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.folder))

    @contextlib.asynccontextmanager
    async def fresh_uri(self) -> AsyncIterator[str]:
        name = f"chaos_{uuid4().hex[:8]}"
        yield await postgres.create_database(self.server_uri, name)
        await postgres.drop_database(self.server_uri, name)

    @contextlib.asynccontextmanager
    async def fresh(self) -> AsyncIterator[tuple[Database, str]]:
        async with self.fresh_uri() as uri:
            database = Database(uri, self.settings, application="chaos")
            try:
                yield database, uri
            finally:
                await database.close()
