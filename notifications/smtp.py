"""Letters by SMTP: one connection for each, so that none suffers from what another has left behind.

5xx for a recipient or for the letter itself is for ever. All else is for the time being, a refused sign-in or
sender too: they are mistakes of the configuration, and no letter's fault. Once the server has taken the letter
nothing that happens afterwards makes the attempt a failure.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from notifications.couriers import Refused, Undelivered, Unreachable
from notifications.letters import Letter
from notifications.mime import Sender, message

FOR_EVER = range(500, 600)
FAREWELL_S = 1.0


@dataclass(frozen=True)
class SmtpServer:
    """Where letters go. `tls`: from the first byte, by STARTTLS (refused where the server has none), or none."""

    host: str
    port: int
    sender: Sender
    user: str = ""
    password: str = ""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    patience: timedelta = timedelta(seconds=10)
    channel: str = "email"

    async def carry(self, letter: Letter, message_id: str, now: datetime, /) -> None:
        made = message(letter, self.sender, message_id, now)
        server = self._client()
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                await server.connect()
                await server.send_message(made, sender=self.sender.address, recipients=[letter.routed])
        except (SMTPException, OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise translated(error) from None
        else:
            with contextlib.suppress(SMTPException, OSError):
                await server.quit(timeout=FAREWELL_S)
        finally:
            server.close()

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password or None,
            local_hostname=self.sender.domain,
            use_tls=self.tls == "tls",
            start_tls=self.tls == "starttls",
            timeout=self.patience.total_seconds(),
        )


def translated(error: Exception) -> Undelivered:
    """What went wrong in our words; the server's may name the address."""
    if isinstance(error, SMTPRecipientsRefused):
        code = error.recipients[0].code
        return Refused(f"smtp_{code}") if code in FOR_EVER else Unreachable(f"smtp_{code}")
    if isinstance(error, SMTPDataError) and error.code in FOR_EVER:
        return Refused(f"smtp_{error.code}")
    if isinstance(error, SMTPAuthenticationError):
        return Unreachable("smtp_sign_in")
    if isinstance(error, SMTPResponseException):
        return Unreachable(f"smtp_{error.code}")
    if isinstance(error, ValueError):
        return Refused("unsendable")
    if not isinstance(error, OSError):  # what it can't do, such as STARTTLS
        return Unreachable("smtp_not_supported")
    return Unreachable("timeout" if isinstance(error, TimeoutError) else "unreachable")
