"""`durchwahl worker` as a process of its own: probed and scraped on a port of its own, and it ends with 0."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from tests.faults.replicas import Replica, environment
from tests.realtime.writing import until
from tests.support.postgres import ROOT

pytestmark = [pytest.mark.database, pytest.mark.acceptance, pytest.mark.timeout(120)]


class WorkerProcess(Replica):
    """Waited for and ended as a replica is; without `watched` nobody waits for it."""

    watched = True

    def begin(self) -> None:
        self._process = self._begun()

    def _begun(self) -> subprocess.Popen[bytes]:
        port = {"DURCHWAHL_WORKER_PORT": str(self.port)} if self.watched else {}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cli.main", "worker"],
                cwd=ROOT,
                env={**self.environment, **port},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )


@pytest.fixture
async def worker(database_uri: str, tmp_path: Path) -> AsyncIterator[WorkerProcess]:
    worker = WorkerProcess(environment(database_uri, tmp_path), log=tmp_path / "worker.log")
    await worker.start()
    yield worker
    await worker.kill()


async def test_worker_is_probed_scraped_and_told_to_leave(worker: WorkerProcess) -> None:
    async with httpx2.AsyncClient(base_url=worker.url, timeout=10) as http:
        answers = {path: await http.get(path) for path in ("/livez", "/readyz", "/metrics")}
        others = [await http.get(path) for path in ("/", "/v1/openapi.json", "/v1/sessions/current")]

    assert {answer.status_code for answer in answers.values()} == {200}
    assert {answer.status_code for answer in others} == {404}
    figures = answers["/metrics"].text
    assert "durchwahl_db_writable 1.0" in figures
    assert 'durchwahl_loop_heartbeat_age_seconds{loop="deadlines"}' in figures
    assert "# HELP durchwahl_alarms_total" in figures
    worker.send(signal.SIGTERM)
    assert await worker.ends(40) == 0, worker.log.read_text()


async def test_worker_without_a_port_listens_on_none_and_ends_with_0(database_uri: str, tmp_path: Path) -> None:
    worker = WorkerProcess(environment(database_uri, tmp_path), log=tmp_path / "worker.log")
    worker.watched = False
    worker.begin()
    try:
        await until(lambda: has_measured(database_uri))
        listening = sockets_of(worker.process.pid) & listening_inodes()
        code = await worker.leave()
    finally:
        await worker.kill()

    assert listening == set()
    assert code == 0, worker.log.read_text()


async def has_measured(uri: str) -> bool:
    """Whether its loops have begun: one of them writes down figures at once."""
    console = await asyncpg.connect(uri)
    try:
        return bool(await console.fetchval("SELECT EXISTS (SELECT FROM measurements)"))
    finally:
        await console.close()


def sockets_of(pid: int) -> set[str]:
    """Inodes of a process's open sockets."""
    targets = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            targets.append(str(descriptor.readlink()))
    return {target[8:-1] for target in targets if target.startswith("socket:[")}


def listening_inodes() -> set[str]:
    """Inodes of the sockets that somebody on this machine listens on."""
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()
    ]
    return {line[9] for line in lines if line[3] == "0A"}
