"""The door for mail: RFC 2033, for a mail server of the company's own and for nobody else.

What it says
    550 5.1.1   nobody here is called so
    552 5.3.4   more than `DURCHWAHL_MAIL_MOST_BYTES`
    450 4.7.1   this sender writes too often
    451 4.3.0   the database is away, or something of ours is broken: nothing is lost, come again
    452 4.5.3   one recipient at a time, so that each answer belongs to one
    250 2.0.0   it is stored and committed, or was before, or is one of those that machines send to machines

Spam, viruses and senders' proofs (SPF, DKIM, DMARC) are the mail server's business, which knows where a mail comes
from. There is neither sign-in nor TLS here: it listens on loopback or in the company's own network.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Connection

from advisors import mail_names
from contacts import arrivals, mails
from contacts.exchange import Exchange
from contacts.mails import Outcome, Recipient, TakenInBefore
from correspondence import mail as reading
from correspondence import tokens
from correspondence.mail import Mail
from kit.actors import acting
from kit.clock import Clock
from kit.database import Database, Session
from kit.errors import Fault
from kit.logs import facts, logger
from kit.rates import Counting

LONGEST_LINE = 65_536
"""Bytes; RFC 5322 allows 998, and what some senders make of HTML is one line."""
IDLE_S = 60.0

UNKNOWN = "550 5.1.1 Nobody here is called so"
TOO_LARGE = "552 5.3.4 That mail is too large"
TOO_OFTEN = "450 4.7.1 Too many mails of this sender, come again later"
COME_AGAIN = "451 4.3.0 Not now, come again"
ONE_AT_A_TIME = "452 4.5.3 One recipient at a time"
TAKEN = "250 2.0.0 Stored"

AWAY = (Fault, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
ACTOR = "mailroom"

log = logger("mailroom")


@dataclass(frozen=True)
class Mailroom:
    """What the door works with. `domain` is that of advisors' own addresses."""

    database: Database
    exchange: Exchange
    clock: Clock
    secret: bytes
    domain: str
    senders: Counting
    most_bytes: int

    async def recipient(self, address: str) -> Recipient | None:
        """To whom this address leads; None: to nobody. Raises where the database is away."""
        local, _, domain = address.rpartition("@")
        if domain.lower() != self.domain.lower():
            return None
        thread_id = tokens.opened(self.secret, local)
        async with self.database.reading() as session:
            if thread_id is not None:
                return Recipient(thread_id=thread_id) if await mails.is_known(session, thread_id) else None
            advisor_id = await mail_names.advisor_of(session, local.partition("+")[0])
        return Recipient(advisor_id=advisor_id) if advisor_id is not None else None

    async def take_in(self, raw: bytes, sender: str | None, to: Recipient) -> Outcome:
        """Stored and committed when it returns. Reading a mail that is made to be hard takes seconds: beside us."""
        mail = await asyncio.to_thread(reading.read, raw, sender)
        if self._is_ours(mail):
            return "ignored"
        try:
            return await self.database.run(partial(self._receive, mail, to))
        except TakenInBefore:
            return "again"

    def _is_ours(self, mail: Mail) -> bool:
        """A mail of ours that comes back to us would be answered by us for ever."""
        return mail.address is not None and mail.address.rpartition("@")[2] == self.domain.lower()

    async def _receive(self, mail: Mail, to: Recipient, session: Session) -> Outcome:
        scene = await arrivals.scene_for(session, self.exchange, self.clock.now())
        return await mails.receive(scene, mail, to)


class Handler:
    """What aiosmtpd asks for, answered in LMTP's words."""

    def __init__(self, room: Mailroom) -> None:
        self.room = room

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _connection: Connection, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if envelope.rcpt_tos:
            return ONE_AT_A_TIME
        try:
            to = await self.room.recipient(address)
        except AWAY as error:
            log.warning("mail.later", **facts(error))
            return COME_AGAIN
        if to is None:
            return UNKNOWN
        envelope.rcpt_tos.append(address)
        envelope.recipient = to  # type: ignore[attr-defined]
        return "250 2.1.5 Known"

    async def handle_DATA(self, _server: SMTP, _connection: Connection, envelope: Envelope) -> str:  # noqa: N802
        sender = (envelope.mail_from or "").lower()
        if sender and self.room.senders.hit(sender, self.room.clock.now()):
            return TOO_OFTEN
        to: Recipient = envelope.recipient  # type: ignore[attr-defined]
        assert isinstance(envelope.content, bytes)
        try:
            with acting(ACTOR):
                outcome = await self.room.take_in(envelope.content, sender or None, to)
        except AWAY as error:
            log.warning("mail.later", **facts(error))
            return COME_AGAIN
        except Exception as error:
            log.error("mail.failed", **facts(error))
            return COME_AGAIN
        log.info("mail.in", outcome=outcome)
        return TAKEN

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail.failed", **facts(error))
        return COME_AGAIN


class Door(LMTP):
    """aiosmtpd's, with enhanced status codes where it has none."""

    line_length_limit = LONGEST_LINE

    async def push(self, status: Any) -> None:
        await super().push(TOO_LARGE if isinstance(status, str) and status.startswith("552 ") else status)


class Server:
    """Listens while it is entered. `port` is known then, also where a free one was asked for."""

    def __init__(self, room: Mailroom, host: str, port: int) -> None:
        self._room, self._host, self.port = room, host, port
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Server:
        _hush()
        with acting(ACTOR):
            await self._room.database.run(mail_names.give)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._door, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nobody new; what is being taken in is committed or comes again."""
        if self._server is not None:
            self._server.close()

    def _door(self) -> Door:
        return Door(
            Handler(self._room),
            data_size_limit=self._room.most_bytes,
            enable_SMTPUTF8=True,
            ident="Durchwahl",
            hostname=self._room.domain,
            timeout=IDLE_S,
        )


def _hush() -> None:
    """The library logs addresses."""
    logging.getLogger("mail.log").disabled = True
    logging.getLogger("mail.debug").disabled = True
