"""A mail server of the company's own, as seen from us: `smtplib` in a thread, and a process of ours to talk to."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

from kit.clock import Clock
from kit.database import Database
from kit.rates import Counting, Rate
from mailroom.lmtp import Mailroom, Server
from tests.support.world import an_exchange

SECRET, DOMAIN = b"s" * 32, "desk.example"
ERIKA = "erika@home.example"
ANNA = f"anna.berger@{DOMAIN}"


def a_room(database: Database, clock: Clock, *, rate: str = "", most_bytes: int = 1_000_000) -> Mailroom:
    return Mailroom(database, an_exchange(), clock, SECRET, DOMAIN, Counting(Rate.parse(rate)), most_bytes)


@asynccontextmanager
async def a_door(room: Mailroom) -> AsyncIterator[int]:
    async with Server(room, "127.0.0.1", 0) as server:
        yield server.port


def a_mail(text: str = "Meine Rechnung?", message_id: str = "<1@home.example>", sender: str = ERIKA) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = sender, "Rechnung", message_id
    made.set_content(text)
    return made.as_bytes()


async def deliver(port: int, raw: bytes, to: str = ANNA, sender: str = ERIKA) -> tuple[int, str]:
    """The last answer: code and words."""
    return await asyncio.to_thread(_deliver, port, raw, to, sender)


def _deliver(port: int, raw: bytes, to: str, sender: str) -> tuple[int, str]:
    try:
        with smtplib.LMTP("127.0.0.1", port, timeout=30) as client:
            client.ehlo_or_helo_if_needed()
            client.mail(sender)
            code, words = client.rcpt(to)
            if code == 250:
                code, words = client.data(raw)
    except smtplib.SMTPDataError as refused:
        code, words = refused.smtp_code, refused.smtp_error if isinstance(refused.smtp_error, bytes) else b""
    except (smtplib.SMTPServerDisconnected, ConnectionError):
        return 0, "gone"
    return code, words.decode()
