"""Letters about who is there for whom: to customers about their new advisor, to advisors about their book.

    messages = await letters.of_moves(session, {relationship_id: "rebalanced", …})
    messages += await letters.of_books(session, changes, "plan_01J…")
    await notifications.service.queue(session, messages, now, new_id)

A customer reads why in kind words and nothing about anybody's absence; no name of a customer is in a mail to staff.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from customers import letter_queries as queries
from direct_dial.service import Number
from kit.catalogue import Catalogue
from kit.database import ReadSession, Row
from kit.ids import encode
from kit.local_time import zone
from kit.words import Words
from notifications.letters import Letter, Nobody, Writers
from notifications.service import NewMessage

Because = Literal["rebalanced", "advisor_left", "lent", "given_back", "undone"]
REASONS: tuple[str, ...] = get_args(Because)
"""Each has its words: `letter.because.…`."""

LAST_RESORT = "en"


@dataclass(frozen=True, slots=True)
class BookChange:
    """How many customers come to an advisor and how many go, and from when on."""

    advisor_id: UUID
    comes: int
    goes: int
    starts_at: datetime


async def of_moves(session: ReadSession, moves: Mapping[UUID, Because]) -> list[NewMessage]:
    """One message to each customer whose new relationship is named, with the reason; once for each relationship."""
    return [
        NewMessage(
            template="advisor_changed",
            once=f"advisor_changed:{encode('rel', row['id'])}",
            language=row["language"],
            args={"relationship": row["id"], "because": moves[row["id"]]},
            customer_id=row["customer_id"],
            market_id=row["market_id"],
        )
        for row in await queries.with_language(session, list(moves))
    ]


async def of_books(session: ReadSession, changes: Sequence[BookChange], cause: str) -> list[NewMessage]:
    """One message to each advisor; `cause` is the id of what changes the books, which is told once."""
    spoken = await queries.languages_of_advisors(session, [change.advisor_id for change in changes])
    return [
        NewMessage(
            template="book_changed",
            once=f"book_changed:{cause}:{encode('adv', change.advisor_id)}",
            language=next(iter(spoken.get(change.advisor_id, ())), LAST_RESORT),
            args={"comes": change.comes, "goes": change.goes, "starts_at": change.starts_at},
            advisor_id=change.advisor_id,
        )
        for change in changes
    ]


@dataclass(frozen=True)
class Letters:
    """The writers of this room. `public_url` is where advisors find their book; empty where nobody has said so."""

    catalogue: Catalogue
    public_url: str = ""

    def writers(self) -> Writers:
        return {"advisor_changed": self.advisor_changed, "book_changed": self.book_changed}

    async def advisor_changed(self, message: Row, session: ReadSession) -> Letter | Nobody:
        """Who is there from now on, on which number, and why; not if that has changed again meanwhile."""
        relationship = UUID(message["args"]["relationship"])
        row = await queries.new_advisor(session, relationship, message["customer_id"])
        if row is None:
            return Nobody("no_recipient")
        if row["ends_at"] is not None:
            return Nobody("out_of_date")
        if not row["email"]:
            return Nobody("no_address")
        words = self._words(message, row)
        subject = words.say("letter.advisor_changed.subject", advisor=row["advisor"])
        text = _whole(words, row["customer"], _of_new_advisor(words, row, message["args"]["because"]))
        return Letter(row["email"], row["customer"], subject, text, self._spoken(message))

    async def book_changed(self, message: Row, session: ReadSession) -> Letter | Nobody:
        """How many come and go, from when, and where to look who they are."""
        row = await queries.advisor(session, message["advisor_id"])
        if row is None or not row["name"] or _has_left(row, message["created_at"]):
            return Nobody("no_recipient")
        if not row["email"]:
            return Nobody("no_address")
        words = self._words(message, row)
        subject = words.say("letter.book_changed.subject")
        text = _whole(words, row["name"], self._of_book(words, message["args"]))
        return Letter(row["email"], row["name"], subject, text, self._spoken(message))

    def _of_book(self, words: Words, args: Row) -> list[str]:
        day = words.day(datetime.fromisoformat(args["starts_at"]))
        comes, goes = args["comes"], args["goes"]
        return [
            words.say("letter.book_changed.news", day=day),
            *([words.say("letter.book_changed.comes", count=comes)] if comes else []),
            *([words.say("letter.book_changed.goes", count=goes)] if goes else []),
            words.say("letter.book_changed.where_at", url=self.public_url)
            if self.public_url
            else words.say("letter.book_changed.where"),
        ]

    def _words(self, message: Row, row: Row) -> Words:
        return Words(self.catalogue, message["language"], zone(row["time_zone"]), message["created_at"])

    def _spoken(self, message: Row) -> str:
        return self.catalogue.language_for(message["language"])


def _has_left(advisor: Row, at: datetime) -> bool:
    return advisor["leaving_at"] is not None and advisor["leaving_at"] <= at


def _of_new_advisor(words: Words, row: Row, because: str) -> list[str]:
    advisor = row["advisor"]
    said = [
        words.say("letter.advisor_changed.news", advisor=advisor),
        words.say(f"letter.because.{because}"),
        words.say("letter.advisor_changed.old_number", advisor=advisor),
    ]
    if row["number"] is not None:
        number = Number(row["number"], row["trunk"]).shown(row["phone_region"])
        said.insert(1, words.say("letter.advisor_changed.number", advisor=advisor, number=number))
    return said


def _whole(words: Words, name: str | None, paragraphs: Sequence[str]) -> str:
    """With a greeting before and after."""
    greeting = words.say("letter.greeting", name=name) if name else words.say("letter.greeting_unnamed")
    return "\n\n".join([greeting, *paragraphs, words.say("letter.regards")])
