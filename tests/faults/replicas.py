"""Processes of the service, side by side on one database; each may be killed, frozen and told to leave."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.support.postgres import ROOT

STARTS_S = 60.0
"""What a start may take at most on a machine that is busy with other tests; it is measured too."""


def a_free_port() -> int:
    """A replica keeps its address from one life to the next."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@dataclass
class Replica:
    """One after the other, the lives of a replica under one address."""

    environment: Mapping[str, str]
    port: int = field(default_factory=a_free_port)
    log: Path = Path(os.devnull)
    started_s: list[float] = field(default_factory=list)
    """What each start took, without the time in which other tests had the processor."""
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Returns when it is ready."""
        began = time.monotonic()
        self._process = self._begun()
        await self.ready(STARTS_S)
        self.started_s.append(min(time.monotonic() - began, self._worked_s()))

    def _worked_s(self) -> float:
        """Processor time so far: what the start takes on a machine of its own."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return float("inf")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _begun(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.faults.replica"],
                cwd=ROOT,
                env={**self.environment, "DURCHWAHL_PORT": str(self.port)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    async def ready(self, within_s: float) -> None:
        """Until it takes work. Raises `TimeoutError`, and `AssertionError` where it has died instead."""
        async with asyncio.timeout(within_s), httpx2.AsyncClient(base_url=self.url, timeout=2) as http:
            while not await _is_ready(http):
                assert self.alive, f"it ended with {self.process.returncode}: {self.log}"
                await asyncio.sleep(0.05)

    def arm(self, point: str, nth: int) -> None:
        """It kills itself when it reaches the point for the nth time from now on."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{point} {nth}\n".encode())
        self.process.stdin.flush()

    def send(self, name: signal.Signals) -> None:
        if self.alive:
            self.process.send_signal(name)

    async def ends(self, within_s: float) -> int | None:
        """Its exit code, None if it still lives then."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return await asyncio.to_thread(self.process.wait, within_s)
        return None

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self.ends(10)

    async def leave(self, within_s: float = 40) -> int | None:
        """As a rolling upgrade asks it to."""
        self.send(signal.SIGTERM)
        return await self.ends(within_s)


async def _is_ready(http: httpx2.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).is_success
    except httpx2.TransportError:
        return False


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    """As in production, but for what a switch waits for: that is longer, as tests share their machine."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DURCHWAHL_")}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "DURCHWAHL_DATABASE_URL": url,
        "DURCHWAHL_DATA_DIR": str(folder),
        "DURCHWAHL_ENVIRONMENT": "test",
        "DURCHWAHL_ANSWER_WITHIN": "PT5S",
        "DURCHWAHL_LOG_LEVEL": "warning",
        "DURCHWAHL_ACCESS_LOG": "false",
        "DURCHWAHL_SECRET": "the same for all replicas",  # pragma: allowlist secret
        **more,
    }


@contextlib.asynccontextmanager
async def running(url: str, folder: Path, number: int, **more: str) -> AsyncIterator[Sequence[Replica]]:
    """That many replicas, ready; killed at the end."""
    given = environment(url, folder, **more)
    replicas = [Replica(given, log=folder / f"replica-{n}.log") for n in range(number)]
    try:
        await asyncio.gather(*(replica.start() for replica in replicas))
        yield replicas
    finally:
        for replica in replicas:
            if replica.alive:
                replica.send(signal.SIGCONT)
                await replica.kill()
