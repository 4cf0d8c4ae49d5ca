"""Who carries letters: our protocol, and what may go wrong on the way in our words.

A courier that returns has handed the letter over. Whatever else a courier raises is a defect of ours and counts as
`Unreachable`. Text messages and webhooks will be couriers of other channels, each with a loop of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from notifications.letters import Letter


class Undelivered(Exception):
    """`code` says why, for example `smtp_550`; never an address or the words of a server, which quote one."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(Undelivered):
    """For ever: this letter, to this address, will not be taken."""


class Unreachable(Undelivered):
    """For the time being: nobody answered, or we were asked to come again."""


class SwitchedOff(Undelivered):
    """This installation sends none."""

    def __init__(self) -> None:
        super().__init__("switched_off")


class Courier(Protocol):
    """`channel` is that of the messages it carries."""

    @property
    def channel(self) -> str: ...

    async def carry(self, letter: Letter, message_id: str, now: datetime, /) -> None:
        """Hand the letter over. `message_id` (`msg_…`) is the same for every attempt at one message, so that
        whoever gets a letter twice can tell. Raises `Refused`, `Unreachable`, `SwitchedOff`."""


class Off:
    """For installations without a mail server: nothing waits for the day on which there is one."""

    channel = "email"

    async def carry(self, _letter: Letter, _message_id: str, _now: datetime, /) -> None:
        raise SwitchedOff
