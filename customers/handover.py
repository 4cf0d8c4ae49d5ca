"""The book of somebody who leaves goes to others: the own desk group first, and nobody is without an advisor.

Each customer's ending and beginning are one transaction; batches are short, so that the event stream is not held
back. Where all who fit are full a book may exceed its cap, is flagged, and mended by the next rebalance. A customer
whom nobody could serve at all keeps the advisor until somebody can. When the day of leaving has come the numbers
lead known customers to their present advisors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from advisors import service as advisors
from customers import letters, queries
from customers.activation import place
from customers.beginnings import Pick, Placed, Seeker
from customers.books import Books, Shelf
from customers.letters import Because, BookChange
from customers.relationships import Wish, lock, seeker_of
from direct_dial import service as direct_dial
from kit.database import Database, Session
from kit.errors import Conflict
from kit.ids import IdMaker, encode
from notifications import service as notifications
from routing.activation import Book, Choice, NobodyEligible, choose
from routing.problem import ActivationNeed

BATCH = 50
ROOMY_S = 2**40


class NotLeaving(Conflict):
    word, title = "not-leaving", "Only the book of an advisor who leaves is handed over."


@dataclass(frozen=True, slots=True)
class HandedOver:
    """`after` is where the next batch goes on; None when all customers were looked at."""

    moved: int
    stuck: int
    after: UUID | None


class Heirs:
    """Chooses among the leaver's desk group, then among all, then the same without caps."""

    def __init__(self, shelf: Shelf, group_id: UUID | None) -> None:
        colleagues = shelf.groups.get(group_id, frozenset()) if group_id else frozenset[UUID]()
        self._outsiders: Mapping[UUID, str] = dict.fromkeys(shelf.inside - colleagues, "same_desk_group")
        self._has_colleagues = bool(colleagues)
        self._roomy: Book | None = None

    def __call__(self, shelf: Shelf, seeker: Seeker) -> Pick | NobodyEligible:
        pick = self._among(shelf.book, seeker)
        if isinstance(pick, Pick):
            return pick
        if self._roomy is None:
            advisors = (shelf.book.advisor(place) for place in range(len(shelf.book)))
            self._roomy = Book([replace(advisor, cap_s=ROOMY_S) for advisor in advisors])
        pick = self._among(self._roomy, seeker)
        if isinstance(pick, Pick):
            self._roomy.give(pick.choice.index, seeker.need.expected_s)
            return replace(pick, may_exceed=True)
        return pick

    def _among(self, book: Book, seeker: Seeker) -> Pick | NobodyEligible:
        choice: Choice | NobodyEligible
        if self._has_colleagues:
            choice = choose(book, _without(seeker.need, frozenset(self._outsiders)))
            if isinstance(choice, Choice):
                return Pick(seeker, choice, aside=self._outsiders)
        choice = choose(book, seeker.need)
        return Pick(seeker, choice) if isinstance(choice, Choice) else choice


def _without(need: ActivationNeed, advisors: frozenset[UUID]) -> ActivationNeed:
    return replace(need, tried=need.tried | advisors)


async def hand_over(
    session: Session,
    books: Books,
    advisor_id: UUID,
    now: datetime,
    new_id: IdMaker,
    *,
    after: UUID | None = None,
    limit: int = BATCH,
) -> HandedOver:
    """One batch of the leaver's customers, those with the longest relationship first. Raises `NotLeaving`."""
    leaver = await advisors.get(session, advisor_id)
    if leaver["leaving_at"] is None:
        raise NotLeaving
    batch = await queries.of_advisor(session, advisor_id, after, limit)
    refs = [row["external_ref"] for row in batch]
    shelf, standings = await lock(session, books, refs, now)
    seekers = [
        seeker_of(shelf, standing, Wish(ref, "bulk"), now, reason="handed_over", leaves="advisor_left")
        for ref in refs
        if (standing := standings[ref])["advisor_id"] == advisor_id
    ]
    outcomes = await place(session, shelf, seekers, now, new_id, Heirs(shelf, leaver["desk_group_id"]))
    placed = [outcome for outcome in outcomes if isinstance(outcome, Placed)]
    await _tell(session, placed, now, new_id)
    return HandedOver(len(placed), len(outcomes) - len(placed), batch[-1]["id"] if len(batch) == limit else None)


async def _tell(session: Session, placed: Sequence[Placed], now: datetime, new_id: IdMaker) -> None:
    """Each customer, and each heir of this batch."""
    if not placed:
        return
    begun: dict[UUID, Because] = {one.row["id"]: "advisor_left" for one in placed}
    heirs = Counter(one.choice.advisor for one in placed)
    changes = [BookChange(heir, comes, 0, now) for heir, comes in heirs.items()]
    messages = await letters.of_moves(session, begun)
    messages += await letters.of_books(session, changes, encode("rel", next(iter(begun))))
    await notifications.queue(session, messages, now, new_id)


async def hand_over_all(
    database: Database, books: Books, advisor_id: UUID, now: datetime, new_id: IdMaker
) -> tuple[int, int]:
    """The whole book, in batches of a transaction each; returns how many moved, and how many nobody fits.

    When the advisor has gone by `now` their numbers are redirected.
    """
    moved, stuck, after, more = 0, 0, None, True
    while more:

        async def batch(session: Session, after: UUID | None = after) -> HandedOver:
            return await hand_over(session, books, advisor_id, now, new_id, after=after)

        done = await database.run(batch)
        moved, stuck, after, more = moved + done.moved, stuck + done.stuck, done.after, done.after is not None
    async with database.transaction() as session:
        leaver = await advisors.get(session, advisor_id)
        if leaver["leaving_at"] is not None and leaver["leaving_at"] <= now:
            await direct_dial.redirect(session, advisor_id, now)
    return moved, stuck


async def run_once(database: Database, books: Books, now: datetime, new_id: IdMaker) -> int:
    """Hand over the books of all who have left; returns how many customers moved. For a loop, once a minute."""
    async with database.reading() as session:
        gone = await queries.gone_with_customers(session, now)
    moved = 0
    for advisor_id in gone:
        moved += (await hand_over_all(database, books, advisor_id, now, new_id))[0]
    return moved
