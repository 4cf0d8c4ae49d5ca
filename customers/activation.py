"""Customers get an advisor: chosen by the core on this process's books, claimed where the books are stored.

For all seekers at once: choose, lock the chosen books, see that there is room and a number, write what holds, and
ask the core again for the rest, who now know better. So a book is never overfilled, whoever else gives at the same
moment. Ending the present relationship, beginning the next, the number, the decision and the events are one
transaction. The customers are locked by the caller, so that each is placed once.

An empty pool removes those who have no number from the choice, since a personal advisor without a direct dial
number is not what was asked for; only where nobody with a number fits is the activation refused, as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from customers import book_queries
from customers.beginnings import Pick, Placed, Seeker, write
from customers.books import Shelf
from direct_dial import service as direct_dial
from direct_dial.service import NumberPoolEmpty
from kit.database import Row, Session
from kit.errors import Conflict, Fault, Unavailable
from kit.ids import IdMaker
from routing.activation import NobodyEligible, choose

ATTEMPTS = 6
"""Rounds until a seeker is told to try again; the second is rare, and by the third the loads are exact."""

Lost = Literal["room", "locked", "number"]


class NoAdvisorFits(Conflict):
    """`bottleneck` is the rule without which most advisors could; `removed_by` counts whom each rule removed."""

    word, title = "no-advisor-fits", "No advisor can take this customer now."


class BooksBusy(Unavailable):
    word, title = "books-busy", "Many customers are getting an advisor right now; try again."


Chooser = Callable[[Shelf, Seeker], Pick | NobodyEligible]
"""Who takes the seeker."""


def by_price(shelf: Shelf, seeker: Seeker) -> Pick | NobodyEligible:
    """The rule of every activation: the smallest misfit and price among those whom no rule removes."""
    choice = choose(shelf.book, seeker.need)
    return choice if isinstance(choice, NobodyEligible) else Pick(seeker, choice)


@dataclass(slots=True)
class _Round:
    """What became of the picks of one round."""

    kept: dict[int, Pick] = field(default_factory=dict)
    lost: dict[int, Lost] = field(default_factory=dict)


async def place(
    session: Session,
    shelf: Shelf,
    seekers: Sequence[Seeker],
    now: datetime,
    new_id: IdMaker,
    chooser: Chooser = by_price,
) -> list[Placed | Fault]:
    """One outcome per seeker, in their order. Whoever is not placed keeps the present advisor, if there is one."""
    outcomes: dict[int, Placed | Fault] = {}
    waiting = dict(enumerate(seekers))
    last_lost: dict[int, Lost] = {}
    for attempt in range(ATTEMPTS):
        picks = _choose(shelf, waiting, chooser, last_lost, outcomes)
        round_ = await _claim(session, shelf, waiting, picks, now, first=attempt == 0)
        outcomes |= await write(session, shelf, round_.kept, now, new_id)
        waiting = {n: await _wiser(session, shelf, picks[n], round_.lost[n]) for n in round_.lost}
        last_lost |= round_.lost
        if not waiting:
            break
    outcomes |= {n: BooksBusy(retry_after_s=1) for n in waiting}
    return [outcomes[n] for n in range(len(seekers))]


def _choose(
    shelf: Shelf,
    waiting: Mapping[int, Seeker],
    chooser: Chooser,
    last_lost: Mapping[int, Lost],
    outcomes: dict[int, Placed | Fault],
) -> dict[int, Pick]:
    """A pick for each seeker whom somebody can take, each put into the book before the next is made."""
    picks: dict[int, Pick] = {}
    for n, seeker in waiting.items():
        pick = chooser(shelf, seeker)
        if isinstance(pick, NobodyEligible):
            outcomes[n] = _nobody(shelf, pick, last_lost.get(n))
        else:
            shelf.book.give(pick.choice.index, seeker.need.expected_s)
            picks[n] = pick
    return picks


def _nobody(shelf: Shelf, nobody: NobodyEligible, lost: Lost | None) -> Fault:
    if lost == "locked":
        return BooksBusy(retry_after_s=1)
    if lost == "number":
        return NumberPoolEmpty()
    removed_by = {**nobody.explanation.removed_by, **shelf.left_out}
    return NoAdvisorFits(bottleneck=nobody.bottleneck, removed_by=removed_by)


async def _claim(
    session: Session,
    shelf: Shelf,
    waiting: Mapping[int, Seeker],
    picks: Mapping[int, Pick],
    now: datetime,
    *,
    first: bool,
) -> _Round:
    """Lock the books and see which picks hold. After the first round books that somebody else holds are passed
    over: locks taken out of their order must not wait."""
    if not picks:
        return _Round()
    wanted = {pick.choice.advisor for pick in picks.values()}
    leaving = {seeker.present.advisor_id for seeker in waiting.values() if seeker.present} if first else set()
    locked = await book_queries.lock_books(session, wanted | leaving, skip_locked=not first)
    round_ = _with_room(picks, locked)
    owners = {(pick.choice.advisor, pick.seeker.market_id) for pick in round_.kept.values()}
    numbers = await direct_dial.ensure(session, owners, now) if owners else {}
    for n, pick in list(round_.kept.items()):
        if (pick.choice.advisor, pick.seeker.market_id) not in numbers:
            # a number that somebody takes at this moment may come back: that pool is not empty yet
            empty = not await direct_dial.any_free(session, pick.seeker.market_id)
            round_.lost[n] = "number" if empty else "locked"
            del round_.kept[n]
    _take_back(shelf, picks, round_.lost, locked)
    return round_


def _with_room(picks: Mapping[int, Pick], locked: Mapping[UUID, Row]) -> _Round:
    round_ = _Round()
    room_s = {
        advisor: row["cap_s"] - row["load_s"] if row["open_for_new"] else 0 for advisor, row in locked.items()
    }
    for n, pick in picks.items():
        advisor, weight_s = pick.choice.advisor, pick.seeker.need.expected_s
        if advisor not in room_s:
            round_.lost[n] = "locked"
        elif room_s[advisor] < weight_s and not pick.may_exceed:
            round_.lost[n] = "room"
        else:
            room_s[advisor] -= weight_s
            round_.kept[n] = pick
    return round_


def _take_back(
    shelf: Shelf, picks: Mapping[int, Pick], lost: Mapping[int, Lost], locked: Mapping[UUID, Row]
) -> None:
    """Books as they are, for the next choice: what was lost is taken out, true loads are taken over."""
    for n in lost:
        shelf.book.give(picks[n].choice.index, -picks[n].seeker.need.expected_s)
    kept_s: dict[UUID, int] = {}
    for n, pick in picks.items():
        if n not in lost:
            kept_s[pick.choice.advisor] = kept_s.get(pick.choice.advisor, 0) + pick.seeker.need.expected_s
    for advisor in {picks[n].choice.advisor for n in lost} & locked.keys():
        shelf.book.correct(advisor, locked[advisor]["load_s"] + kept_s.get(advisor, 0))


async def _wiser(session: Session, shelf: Shelf, pick: Pick, lost: Lost) -> Seeker:
    """The seeker, who will not be sent to the same dead end again."""
    seeker, need = pick.seeker, pick.seeker.need
    if lost == "room" and shelf.book.room_s[pick.choice.index] < need.expected_s:
        return seeker  # the book knows by now
    if lost == "number":
        numberless = shelf.inside - await book_queries.numbered(session, seeker.market_id)
        return replace(seeker, numberless=numberless, need=replace(need, tried=need.tried | numberless))
    return replace(seeker, need=replace(need, tried=need.tried | {pick.choice.advisor}))
