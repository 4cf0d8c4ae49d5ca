"""Letters about promises: what a customer is asked, and what a desk group has taken over.

Nothing in them says why: a customer reads that the time doesn't suit us, never that somebody is away or ill. No
name of a customer is in a mail to staff.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callbacks import links, question_queries
from callbacks.letter_queries import advisor, lead_of, reminded
from kit.catalogue import Catalogue
from kit.database import ReadSession, Row
from kit.ids import encode
from kit.local_time import zone
from kit.words import Words
from notifications.letters import Letter, Nobody, Writers
from notifications.service import NewMessage

LAST_RESORT = "en"


def of_question(promise: Row, question_id: UUID) -> NewMessage:
    """To the customer of the promise; once for each question."""
    return NewMessage(
        template="callback_question",
        once=f"callback_question:{encode('cq', question_id)}",
        language=promise["language"],
        args={"question": question_id},
        customer_id=promise["customer_id"],
        market_id=promise["market_id"],
    )


def of_reminder(promise: Row) -> NewMessage:
    """To the customer of the promise; once for each of its windows."""
    begins: datetime = promise["window_starts_at"]
    return NewMessage(
        template="callback_reminder",
        once=f"callback_reminder:{promise['id']}:{int(begins.timestamp())}",
        language=promise["language"],
        args={"callback": promise["id"], "begins": begins},
        customer_id=promise["customer_id"],
        market_id=promise["market_id"],
    )


async def of_replanning(
    session: ReadSession, group_id: UUID, away_id: UUID, done: Mapping[str, int], at: datetime
) -> NewMessage | None:
    """To the lead of the group, with counts alone; None where it has none, or the lead is who will be away."""
    lead = await lead_of(session, group_id)
    if lead is None or lead["id"] == away_id:
        return None
    return NewMessage(
        template="promises_replanned",
        once=f"promises_replanned:{encode('adv', away_id)}:{at.isoformat()}",
        language=next(iter(lead["languages"]), LAST_RESORT),
        args={"handed": done.get("handed", 0), "asked": done.get("asked", 0), "moved": done.get("moved", 0)},
        advisor_id=lead["id"],
    )


@dataclass(frozen=True)
class Letters:
    """The writers of this room. `public_url` is where customers reach us; without it they are told to call."""

    catalogue: Catalogue
    public_url: str = ""
    secret: bytes = b""

    def writers(self) -> Writers:
        return {
            "callback_question": self.callback_question,
            "callback_reminder": self.callback_reminder,
            "promises_replanned": self.promises_replanned,
        }

    async def callback_question(self, message: Row, session: ReadSession) -> Letter | Nobody:
        """What was promised, what can be chosen, and where; not once it has been settled."""
        question_id = UUID(message["args"]["question"])
        row = await question_queries.for_letter(session, question_id, message["customer_id"])
        if row is None:
            return Nobody("no_recipient")
        if row["state"] != "open":
            return Nobody("out_of_date")
        if not row["email"]:
            return Nobody("no_address")
        words = self._words(message, row["time_zone"])
        return Letter(
            row["email"],
            row["customer"],
            words.say("letter.callback_question.subject"),
            _whole(words, row["customer"], self._question(words, row, question_id)),
            self._spoken(message),
        )

    def _question(self, words: Words, row: Row, question_id: UUID) -> list[str]:
        window = _written(words, row["window_starts_at"], row["window_ends_at"])
        news = "news" if row["advisor"] else "news_unnamed"
        said = [words.say(f"letter.callback_question.{news}", advisor=row["advisor"] or "", window=window)]
        if row["choices"]:
            listed = "\n".join(_written(words, *map(datetime.fromisoformat, pair)) for pair in row["choices"])
            said.append(words.say("letter.callback_question.choices", choices=listed))
        until = f"{words.day(row['answer_until'])}, {words.clock(row['answer_until'])}"
        if self.public_url and self.secret:
            link = f"{self.public_url.rstrip('/')}/v1/callback-answers/{links.written(self.secret, question_id)}"
            said.append(words.say("letter.callback_question.link", url=link, until=until))
        return [*said, words.say("letter.callback_question.otherwise", until=until)]

    async def callback_reminder(self, message: Row, session: ReadSession) -> Letter | Nobody:
        """When we call and who; not once that has changed, or the call has been made."""
        row = await reminded(session, UUID(message["args"]["callback"]), message["customer_id"])
        if row is None:
            return Nobody("no_recipient")
        begins = datetime.fromisoformat(message["args"]["begins"])
        if row["state"] != "scheduled" or row["window_starts_at"] != begins or row["question_id"] is not None:
            return Nobody("out_of_date")
        if not row["email"]:
            return Nobody("no_address")
        words = self._words(message, row["time_zone"])
        window = _written(words, row["window_starts_at"], row["window_ends_at"])
        own = row["owner_state"] == "own" and row["advisor"]
        said = words.say(
            "letter.callback_reminder.news" if own else "letter.callback_reminder.news_group",
            advisor=row["advisor"] or "",
            window=window,
        )
        subject = words.say("letter.callback_reminder.subject")
        paragraphs = [said, words.say("letter.callback_reminder.otherwise")]
        return Letter(
            row["email"],
            row["customer"],
            subject,
            _whole(words, row["customer"], paragraphs),
            self._spoken(message),
        )

    async def promises_replanned(self, message: Row, session: ReadSession) -> Letter | Nobody:
        row = await advisor(session, message["advisor_id"])
        if row is None or not row["name"]:
            return Nobody("no_recipient")
        if not row["email"]:
            return Nobody("no_address")
        words = self._words(message, row["time_zone"])
        said = [
            words.say(f"letter.promises_replanned.{kind}", count=message["args"][kind])
            for kind in ("handed", "asked", "moved")
            if message["args"][kind]
        ]
        news = words.say("letter.promises_replanned.news")
        subject = words.say("letter.promises_replanned.subject")
        return Letter(
            row["email"], row["name"], subject, _whole(words, row["name"], [news, *said]), self._spoken(message)
        )

    def _words(self, message: Row, time_zone: str) -> Words:
        return Words(self.catalogue, message["language"], zone(time_zone), message["created_at"])

    def _spoken(self, message: Row) -> str:
        return self.catalogue.language_for(message["language"])


def _whole(words: Words, name: str | None, paragraphs: list[str]) -> str:
    greeting = words.say("letter.greeting", name=name) if name else words.say("letter.greeting_unnamed")
    return "\n\n".join([greeting, *paragraphs, words.say("letter.regards")])


def _written(words: Words, starts_at: datetime, ends_at: datetime) -> str:
    """A window that is true also for whoever reads it days later."""
    return f"{words.day(starts_at)}, {words.clock(starts_at)} - {words.clock(ends_at)}"
