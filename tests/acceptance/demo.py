"""The demo as a process of its own, as a newcomer starts it, but quicker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx2

from cli import demo, demo_access, demo_words
from tests.support.postgres import ROOT

PACE = "4"
START_S, END_S = 100, 20


class Demo:
    """`durchwahl up --demo` with a data folder of its own; `out` is what it has printed so far."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.environment = {
            **os.environ,
            "DURCHWAHL_DATA_DIR": str(data_dir),
            "PYTHONPATH": str(ROOT),
            demo.PACE: PACE,
        }
        self.out: list[str] = []
        self._ready = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it says that it runs."""
        self.out.clear()
        self._ready.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up", "--demo", "--port", "0"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        assert self._ready.wait(START_S), "".join(self.out)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.out.append(line)
            if line.startswith(demo_words.READY):
                self._ready.set()

    def stop(self) -> None:
        """As by Ctrl-C; whoever doesn't leave in time is a fault."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(END_S)
            finally:
                self._process.kill()

    @property
    def credentials(self) -> Path:
        return self.data_dir / demo_access.FILE

    @property
    def known(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.credentials.read_text())
        return found

    def sign_in(self, role: str) -> dict[str, str]:
        found: dict[str, str] = next(one for one in self.known["sign_ins"] if one["role"] == role)
        return found

    def client(self, key: str | None = None) -> httpx2.Client:
        """Asks with one of the printed keys, or without any."""
        return self._client(None if key is None else self.known[key])

    def signed_in(self, role: str) -> httpx2.Client:
        """Asks as the person who was printed for the role."""
        person = self.sign_in(role)
        with self._client() as stranger:
            answer = stranger.post("/v1/sessions", json={"email": person["email"], "password": person["password"]})
        assert answer.status_code == 201, answer.text
        return self._client(answer.json()["token"])

    def _client(self, token: str | None = None) -> httpx2.Client:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.known["url"], headers=headers, timeout=20)
