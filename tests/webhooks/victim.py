"""A process that sends what is due and dies after its first message, before it can note it.

python -m tests.webhooks.victim URI
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from kit import failpoints
from kit.clock import LiveClock
from kit.database import Database
from kit.settings import Settings
from tests.webhooks.company import INSTALLATION
from webhooks.addresses import networks
from webhooks.receiver import OverHttp
from webhooks.sending import Sender


async def main(uri: str) -> None:
    database = Database(uri, Settings(environment="test", _env_file=None), application="victim")
    failpoints.arm("after_send", 1)
    courier = OverHttp(networks("127.0.0.0/8"), timedelta(seconds=10), encrypted_only=False)
    sender = Sender(database, LiveClock(), courier, lambda: INSTALLATION)
    await sender.run_once()
    await sender.settled()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
