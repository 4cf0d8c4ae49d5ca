"""A process that sends what is due by SMTP and dies after its first letter, before it can note it.

python -m tests.notifications.victim URI PORT
"""

from __future__ import annotations

import asyncio
import sys

from kit import failpoints
from kit.clock import VirtualClock
from kit.database import Database, ReadSession, Row
from kit.settings import Settings
from notifications import delivery
from notifications.letters import Letter
from notifications.smtp import SmtpServer
from tests.conftest import MONDAY_MORNING
from tests.notifications.mailbox import SENDER


async def write(_message: Row, _session: ReadSession, /) -> Letter:
    return Letter("erika@home.example", "Erika", "Hallo", "Guten Tag", "de")


async def main(uri: str, port: str) -> None:
    database = Database(uri, Settings(environment="test", _env_file=None), application="victim")
    failpoints.arm("after_send", 1)
    courier = SmtpServer("127.0.0.1", int(port), SENDER, tls="none")
    await delivery.run_once(database, courier, {"toy": write}, VirtualClock(MONDAY_MORNING).now, lanes=1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
