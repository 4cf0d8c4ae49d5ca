"""A disk so small that it can be filled, and a server whose tables and log lie on it.

    async with small_disk() as disk, SmallServer(disk) as server:
        uri = await server.database()       # on the small disk
        disk.fill()                         # PostgreSQL says 53100 from now on
        disk.empty()

It is a tmpfs in a mount namespace of its own: root may make one, and on most machines everybody may in a user
namespace. A container forbids both, and has a `/dev/shm` of 64 MB instead, which is as good. Where there is
neither, `NoSmallDisk` says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.faults.own_server import OwnServer, is_root

SIZE_MB = 64
LOG_MB = 16
"""What the log keeps for itself, so that a full disk refuses rows first and does not stop the server."""
SHARED_MEMORY = Path("/dev/shm")
MOUNT = f'mount -t tmpfs -o size={SIZE_MB}m,mode=1777 durchwahl "$0" && echo mounted && exec cat'


class NoSmallDisk(Exception):
    """This machine lets us have none."""


@dataclass(frozen=True)
class SmallDisk:
    """`folder` is its name for whoever was started with the words of `enter`, `here` is its name for us."""

    folder: Path
    here: Path
    namespace: int | None = None

    def enter(self, user: str | None) -> Sequence[str]:
        """What stands before a command that shall see the disk, as that user; None: as ourselves."""
        become = _becoming(user) if user else []
        if self.namespace is None:
            return become
        if is_root():
            return ["nsenter", "-m", "-t", str(self.namespace), *become]
        myself = [f"--map-user={os.getuid()}", f"--map-group={os.getgid()}"]
        return [
            "nsenter",
            "-U",
            "-m",
            "--preserve-credentials",
            "-t",
            str(self.namespace),
            "unshare",
            "-U",
            *myself,
        ]

    def fill(self) -> None:
        """To the last block."""
        with (self.here / "ballast").open("ab", buffering=0) as ballast:
            for block in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while ballast.tell() < SIZE_MB << 20:
                        ballast.write(bytes(block))

    def empty(self) -> None:
        (self.here / "ballast").unlink(missing_ok=True)


def _becoming(user: str) -> list[str]:
    who = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"]


@contextlib.asynccontextmanager
async def small_disk() -> AsyncIterator[SmallDisk]:
    """Raises `NoSmallDisk`."""
    folder = Path(tempfile.mkdtemp(prefix="dw-disk-"))
    try:
        with contextlib.ExitStack() as stack:
            holder = _mounted(folder)
            if holder is None:
                yield _in_shared_memory(stack)
            else:
                stack.callback(holder.communicate)  # it reads until we close
                yield SmallDisk(folder, Path(f"/proc/{holder.pid}/root{folder}"), holder.pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mounted(folder: Path) -> subprocess.Popen[bytes] | None:
    """A process that holds the namespace in which the disk is there."""
    kind = "-m" if is_root() else "-Urm"
    pipe = subprocess.PIPE
    try:
        holder = subprocess.Popen(
            ["unshare", kind, "sh", "-c", MOUNT, str(folder)], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
        )
    except OSError:
        return None
    assert holder.stdout is not None
    if holder.stdout.readline() == b"mounted\n":
        return holder
    holder.communicate()
    return None


def _in_shared_memory(stack: contextlib.ExitStack) -> SmallDisk:
    if not SHARED_MEMORY.is_dir() or shutil.disk_usage(SHARED_MEMORY).total > SIZE_MB << 20:
        raise NoSmallDisk("no tmpfs can be mounted here, and /dev/shm is too large to be filled")
    folder = Path(tempfile.mkdtemp(prefix="dw-disk-", dir=SHARED_MEMORY))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o777)
    return SmallDisk(folder, folder)


class SmallServer(OwnServer):
    """The catalogue of the server lies elsewhere, so that it fits; databases and the log lie on the disk."""

    def __init__(self, disk: SmallDisk) -> None:
        # Shared memory may be the disk that is filled.
        super().__init__(
            options=f"-c dynamic_shared_memory_type=mmap -c min_wal_size={LOG_MB}MB -c max_wal_size={LOG_MB + 8}MB"
        )
        self.disk = disk

    def as_user(self) -> tuple[Sequence[str], str | None]:
        return self.disk.enter(self.user), None

    async def prepare(self) -> None:
        await super().prepare()
        await self.command("pg_resetwal", "--wal-segsize=1", "-D", str(self.data))
        log, tables = self.disk.folder / "log", self.disk.folder / "tables"
        move = f"mv {self.data}/pg_wal {log} && ln -s {log} {self.data}/pg_wal && mkdir {tables}"
        await self.command("sh", "-c", move)

    async def start(self) -> None:
        await super().start()
        found = await self.run("SELECT 1 FROM pg_tablespace WHERE spcname = 'small'")
        if not found:
            await self.run(f"CREATE TABLESPACE small LOCATION '{self.disk.folder}/tables'")

    async def database(self) -> str:
        uri = await super().database()
        name = uri.partition("?")[0].rpartition("/")[2]
        await self.run(f'ALTER DATABASE "{name}" SET TABLESPACE small')
        await self.reserve_log()
        return uri

    async def reserve_log(self) -> None:
        """Segments that have been used are kept for later, as on any server that has run for a day."""
        for _ in range(LOG_MB):
            await self.run("SELECT pg_logical_emit_message(false, 'durchwahl', 'reserve'), pg_switch_wal()")
        await self.run("CHECKPOINT")

    async def use_up_the_log(self) -> None:
        """Until there is no segment any more and PostgreSQL has stopped: without a log it can promise nothing."""
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            while True:
                await self.reserve_log()
        async with asyncio.timeout(30):
            while (self.data / "postmaster.pid").exists():  # noqa: ASYNC110 - it gives no signal
                await asyncio.sleep(0.05)
