"""A process that takes mail in and dies at a point of its first transaction that writes.

python -m tests.mailroom.victim URI POINT      prints the port it listens on
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

from kit import failpoints
from kit.clock import VirtualClock
from kit.database import Database
from kit.failpoints import Point
from kit.settings import Settings
from tests.conftest import MONDAY_MORNING
from tests.mailroom.postman import a_door, a_room


async def main(uri: str, point: str) -> None:
    database = Database(uri, Settings(environment="test", _env_file=None), application="victim")
    async with a_door(a_room(database, VirtualClock(MONDAY_MORNING))) as port:
        failpoints.arm(cast(Point, point), 1)
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
