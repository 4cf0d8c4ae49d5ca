"""What leaves as mail: an advisor's answer, and word of attachments that were not accepted.

The outbox holds ids; the words are read from the thread when the letter is written, and go to the customer's
present address, or to the address that wrote where no customer is known. Both come from the advisor's own address;
an answer to them comes back into the thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from correspondence import letter_queries as queries
from correspondence import tokens
from kit.catalogue import Catalogue
from kit.database import ReadSession, Row
from kit.local_time import zone
from kit.words import Words
from notifications.letters import AsReply, Letter, Nobody, Writers
from notifications.service import NewMessage

LAST_SUBJECT = "Re: "


def answer(thread: Row, message_id: UUID, once: str) -> NewMessage:
    return _message("thread_answer", thread, message_id, once)


def refused(thread: Row, message_id: UUID, once: str) -> NewMessage:
    return _message("attachments_refused", thread, message_id, once)


def _message(template: str, thread: Row, message_id: UUID, once: str) -> NewMessage:
    known = thread["customer_id"] is not None
    return NewMessage(
        template=template,
        once=f"{template}:{once}",
        language=thread["language"],
        args={"message": message_id},
        customer_id=thread["customer_id"] if known else None,
        thread_id=None if known else thread["id"],
        market_id=thread["market_id"],
    )


@dataclass(frozen=True)
class Letters:
    """The writers of this room. `domain` is that of advisors' own addresses; empty where they have none."""

    catalogue: Catalogue
    secret: bytes
    domain: str = ""

    def writers(self) -> Writers:
        return {"thread_answer": self.thread_answer, "attachments_refused": self.attachments_refused}

    async def thread_answer(self, message: Row, session: ReadSession) -> Letter | Nobody:
        """What the advisor wrote, word for word."""
        row = await queries.message(session, UUID(message["args"]["message"]))
        if row is None or row["text"] is None:
            return Nobody("no_recipient")
        if not row["address"]:
            return Nobody("no_address")
        subject = self._words(message, row).say("letter.thread_answer.subject")
        return self._letter(message, row, _again(row["subject"]) or subject, row["text"], automatic=False)

    async def attachments_refused(self, message: Row, session: ReadSession) -> Letter | Nobody:
        """Which were not accepted, what is, and that the words have come."""
        row = await queries.message(session, UUID(message["args"]["message"]))
        if row is None or not row["refused"]:
            return Nobody("no_recipient")
        if not row["address"]:
            return Nobody("no_address")
        words = self._words(message, row)
        said = [
            words.say("letter.attachments_refused.news", names=", ".join(row["refused"])),
            words.say("thread.attachment_refused"),
            words.say("letter.attachments_refused.kept"),
            words.say("letter.regards"),
        ]
        subject = words.say("letter.attachments_refused.subject")
        return self._letter(message, row, subject, "\n\n".join(said), automatic=True)

    def _letter(self, message: Row, row: Row, subject: str, text: str, *, automatic: bool) -> Letter:
        spoken = self.catalogue.language_for(message["language"])
        reply = AsReply(
            name=row["advisor"],
            address=f"{row['mail_name']}@{self.domain}" if self.domain and row["mail_name"] else None,
            reply_to=f"{tokens.sealed(self.secret, row['thread_id'])}@{self.domain}" if self.domain else None,
            references=tuple(row["references"]),
            automatic=automatic,
        )
        return Letter(row["address"], row["customer"], subject, text, spoken, reply)

    def _words(self, message: Row, row: Row) -> Words:
        return Words(self.catalogue, message["language"], zone(row["time_zone"]), message["created_at"])


def _again(subject: str | None) -> str | None:
    if not subject:
        return None
    return subject if subject[:3].lower() in ("re:", "aw:") else f"{LAST_SUBJECT}{subject}"
