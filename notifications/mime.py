"""A letter as an internet message: headers that can't be forged by what people have typed, text and HTML alike."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

from notifications.letters import ADDRESS, Letter, one_line


class Sender:
    """From whom letters come: `Durchwahl <advisors@durchwahl.example>`. Raises `ValueError` for anything else."""

    def __init__(self, written: str) -> None:
        found = getaddresses([written])
        name, self.address = found[0] if len(found) == 1 else ("", "")
        if not ADDRESS.fullmatch(self.address) or not self.address.isascii():
            raise ValueError("that is no sender: Name <address@domain>")
        self.name = one_line(name)
        self.domain = self.address.rpartition("@")[2].lower()

    def message_id(self, message_id: str) -> str:
        """The same for every attempt, as long as the sender's domain stays the same."""
        return f"<{message_id}@{self.domain}>"


def message(letter: Letter, sender: Sender, message_id: str, now: datetime) -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["From"] = _from(letter, sender)
    made["To"] = _to(letter)
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(now)
    made["Message-ID"] = sender.message_id(message_id)
    _answering(made, letter)
    made.set_content(letter.text)
    made.add_alternative(letter.html, subtype="html")
    made["Content-Language"] = letter.language  # last, as setting the content takes such headers away
    return made


def _from(letter: Letter, sender: Sender) -> Address:
    if letter.reply is None:
        return Address(sender.name, addr_spec=sender.address)
    return Address(letter.reply.name or sender.name, addr_spec=letter.reply.address or sender.address)


def _answering(made: EmailMessage, letter: Letter) -> None:
    """Where answers go, what this answers, and whether a person has written it."""
    reply = letter.reply
    if reply is None or reply.automatic:
        made["Auto-Submitted"] = "auto-generated" if reply is None else "auto-replied"
    if reply is None:
        return
    if reply.reply_to is not None:
        made["Reply-To"] = Address("", addr_spec=reply.reply_to)
    if reply.references:
        made["In-Reply-To"] = reply.references[-1]
        made["References"] = " ".join(reply.references)


def _to(letter: Letter) -> Address:
    local, _, domain = letter.routed.rpartition("@")
    return Address(letter.name or "", local, domain)
