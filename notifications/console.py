"""The twin that needs nothing: keeps what it is given, as it would have left the house.

The demo runs with it; a log line tells the id of each message and nothing of what it says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from kit.logs import logger
from notifications.couriers import Undelivered
from notifications.letters import Letter
from notifications.mime import Sender, message

MOST_KEPT = 1000

log = logger("notifications")


@dataclass
class Console:
    """`refusals` are answers for addresses, in place of taking the letter; `away` is one for all."""

    sender: Sender = field(default_factory=lambda: Sender("Durchwahl <advisors@durchwahl.example>"))
    sent: deque[EmailMessage] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    refusals: dict[str, Undelivered] = field(default_factory=dict)
    away: Undelivered | None = None
    channel: str = "email"

    async def carry(self, letter: Letter, message_id: str, now: datetime, /) -> None:
        answer = self.away or self.refusals.get(letter.address)
        if answer is not None:
            raise answer
        self.sent.append(message(letter, self.sender, message_id, now))
        log.info("letter.kept", id=message_id)
