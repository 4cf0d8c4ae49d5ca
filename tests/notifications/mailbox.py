"""A mail server on loopback and the console, behind one face: what both couriers are tested against."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from notifications.console import Console
from notifications.couriers import Courier, Refused, Unreachable
from notifications.mime import Sender
from notifications.smtp import SmtpServer

SENDER = Sender("Durchwahl <advisors@durchwahl.example>")


class Mailbox(Protocol):
    """A courier, and what its letters come to."""

    @property
    def courier(self) -> Courier: ...

    def letters(self) -> list[EmailMessage]: ...

    def refuse(self, address: str, code: int) -> None:
        """Answer this address with that code of SMTP."""

    def go_away(self) -> None:
        """Nobody answers any more."""


@dataclass
class OfConsole:
    courier: Console = field(default_factory=lambda: Console(SENDER))

    def letters(self) -> list[EmailMessage]:
        return list(self.courier.sent)

    def refuse(self, address: str, code: int) -> None:
        kind = Refused if code >= 500 else Unreachable
        self.courier.refusals[address] = kind(f"smtp_{code}")

    def go_away(self) -> None:
        self.courier.away = Unreachable("unreachable")


@dataclass
class Handler:
    """What the server on loopback answers."""

    received: list[EmailMessage] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    data_code: int = 250
    hangs: asyncio.Event | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if code := self.refusals.get(address):
            return f"{code} <{address}> is not taken here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hangs is not None:
            await self.hangs.wait()
        if self.data_code != 250:
            return f"{self.data_code} <{envelope.rcpt_tos[0]}> has said enough"
        assert isinstance(envelope.content, bytes)
        message: Any = message_from_bytes(envelope.content, policy=POLICY)
        self.received.append(message)
        return "250 OK"


@dataclass
class OfSmtp:
    server: asyncio.Server
    handler: Handler
    courier: SmtpServer

    def letters(self) -> list[EmailMessage]:
        return list(self.handler.received)

    def refuse(self, address: str, code: int) -> None:
        self.handler.refusals[address] = code

    def go_away(self) -> None:
        self.server.close()


def nobody(*_: Any) -> AuthResult:
    return AuthResult(success=False, handled=False)


@asynccontextmanager
async def a_mail_server(*, lets_nobody_in: bool = False, **options: Any) -> AsyncIterator[OfSmtp]:
    """On a free port of loopback; `options` are those of the courier."""
    handler = Handler()
    loop = asyncio.get_running_loop()
    door: dict[str, Any] = {"authenticator": nobody, "auth_require_tls": False} if lets_nobody_in else {}
    server = await loop.create_server(lambda: SMTP(handler, enable_SMTPUTF8=True, **door), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield OfSmtp(server, handler, SmtpServer("127.0.0.1", port, SENDER, **{"tls": "none", **options}))
    finally:
        server.close()
