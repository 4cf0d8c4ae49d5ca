"""Calls on a schedule of their own, from a process of their own: what keeps somebody else busy delays none of them.

    python -m tests.faults.callers KEY DIALLED PORT PORT …     until standard input is closed

prints one JSON object: `waits_s`, how long each call waited for its answer, and `refused`, how many got none.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2

EVERY_S = 0.05


@dataclass
class Heard:
    waits_s: list[float] = field(default_factory=list)
    refused: int = 0


@contextlib.asynccontextmanager
async def calling(key: str, dialled: str, ports: Sequence[int]) -> AsyncIterator[Heard]:
    """Strangers call while the block runs; what they heard is there afterwards."""
    command = (sys.executable, "-m", "tests.faults.callers", key, dialled, *map(str, ports))
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=2**24)
    assert running.stdin is not None
    assert running.stdout is not None
    assert await running.stdout.readline() == b"calling\n"
    heard = Heard()
    try:
        yield heard
    finally:
        running.stdin.close()  # communicate() closes it only from Python 3.12 on
        told, _ = await running.communicate()
        found = json.loads(told)
        heard.waits_s, heard.refused = found["waits_s"], found["refused"]


async def main(key: str, dialled: str, ports: Sequence[int]) -> None:
    heard, over = Heard(), asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, over.set)
    print("calling", flush=True)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(timeout=10, headers=headers) as http, asyncio.TaskGroup() as group:
        while not over.is_set():
            group.create_task(_call(http, heard, dialled, random.choice(ports)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await over.wait()
    print(json.dumps({"waits_s": heard.waits_s, "refused": heard.refused}), flush=True)


async def _call(http: httpx2.AsyncClient, heard: Heard, dialled: str, port: int) -> None:
    body = {"call_id": f"pbx-{uuid4().hex}", "from": None, "to": dialled}
    began = time.monotonic()
    with contextlib.suppress(httpx2.TransportError):
        answer = await http.post(f"http://127.0.0.1:{port}/v1/telephony/calls", json=body)
        heard.refused += not answer.is_success
        heard.waits_s.append(time.monotonic() - began)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], [int(port) for port in sys.argv[3:]]))
