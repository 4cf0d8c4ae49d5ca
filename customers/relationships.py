"""A customer's relationship with their advisor: begun, changed, ended, handed over; never overlapping, never lost.

Every verb first locks its customers in the order of their ids, then books in the order of theirs, then takes
numbers that nobody else is taking: so none of them waits for another in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from advisors import queries as advisors
from customers import book_queries, events, needs, queries
from customers.activation import place
from customers.beginnings import Placed, Present, Seeker
from customers.book_queries import Booking
from customers.books import Books, Edge, Shelf, in_utc
from customers.needs import ProductEntry
from kit.database import Place, ReadSession, Row, Session
from kit.errors import Conflict, Error, Fault, NotFound, Unprocessable
from kit.ids import IdMaker
from kit.local_time import mask_from_bytes
from routing.problem import ActivationNeed


class NoAdvisor(NotFound):
    word, title = "no-advisor", "This customer has no advisor."


class ChangedLately(Conflict):
    """`next_possible_at` says from when on another change is possible."""

    word, title = "changed-lately", "The advisor was changed lately; wait until another change is possible."


class UnknownAdvisor(Unprocessable):
    word, title = "unknown-advisor", "There is no advisor of that id."


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for a customer; `languages` in place of those that the customer is known for."""

    external_ref: str
    channel: str
    languages: tuple[str, ...] = ()
    on_behalf_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Activated:
    """A customer's relationship after a wish; `created` is false for one who had an advisor already."""

    customer_id: UUID
    relationship_id: UUID
    advisor_id: UUID
    since: datetime
    created: bool


async def activate(session: Session, books: Books, wish: Wish, now: datetime, new_id: IdMaker) -> Activated:
    """Give the customer an advisor, unless they have one. Raises `NotFound`, `NoAdvisorFits`, `NumberPoolEmpty`,
    `BooksBusy`."""
    (outcome,) = await activate_many(session, books, [wish], now, new_id)
    if isinstance(outcome, Fault):
        raise outcome
    return outcome


async def activate_many(
    session: Session, books: Books, wishes: Sequence[Wish], now: datetime, new_id: IdMaker
) -> list[Activated | Fault]:
    """One outcome per wish, in order; a customer named twice gets one advisor."""
    standings = await _lock(session, [wish.external_ref for wish in wishes])
    shelf = await _shelf(session, books, standings, now)
    known = await advisors.existing(session, {wish.on_behalf_by for wish in wishes if wish.on_behalf_by})
    outcomes: dict[str, Activated | Fault] = {}
    seekers: dict[str, Seeker] = {}
    for wish in wishes:
        settled = _settled(wish, standings.get(wish.external_ref), known)
        if settled is not None:
            outcomes[wish.external_ref] = settled
        elif wish.external_ref not in seekers:
            seekers[wish.external_ref] = seeker_of(shelf, standings[wish.external_ref], wish, now)
    placed = await place(session, shelf, list(seekers.values()), now, new_id)
    outcomes |= {ref: _activated(one) for ref, one in zip(seekers, placed, strict=True)}
    return [outcomes[wish.external_ref] for wish in wishes]


def _settled(wish: Wish, standing: Row | None, known: Collection[UUID]) -> Activated | Fault | None:
    """What became of a wish that needs no choice; None for one that does."""
    if standing is None:
        return NotFound()
    if wish.on_behalf_by is not None and wish.on_behalf_by not in known:
        return UnknownAdvisor(Error("/on_behalf_by", "unknown_advisor"))
    return None if standing["relationship_id"] is None else _already(standing)


async def change(session: Session, books: Books, wish: Wish, now: datetime, new_id: IdMaker) -> Activated:
    """Give the customer another advisor, without a reason, once in the market's number of days.

    Raises `NoAdvisor`, `ChangedLately`, and what `activate` raises; then the present advisor stays.
    """
    standings = await _lock(session, [wish.external_ref])
    standing = standings.get(wish.external_ref)
    if standing is None:
        raise NotFound
    if standing["relationship_id"] is None:
        raise NoAdvisor
    if wish.on_behalf_by and not await advisors.existing(session, {wish.on_behalf_by}):
        raise UnknownAdvisor(Error("/on_behalf_by", "unknown_advisor"))
    shelf = await _shelf(session, books, standings, now)
    await _check_not_lately(session, shelf, standing, now)
    seeker = seeker_of(shelf, standing, wish, now, reason="changed", leaves="changed")
    (placed,) = await place(session, shelf, [seeker], now, new_id)
    activated = _activated(placed)
    if isinstance(activated, Fault):
        raise activated
    return activated


async def end(session: Session, external_ref: str, now: datetime, reason: str = "ended") -> None:
    """End the relationship: the customer has no advisor then. Raises `NotFound`, `NoAdvisor`."""
    standing = (await _lock(session, [external_ref])).get(external_ref)
    if standing is None:
        raise NotFound
    if standing["relationship_id"] is None:
        raise NoAdvisor
    advisor_id, at = standing["advisor_id"], max(now, standing["starts_at"])
    await queries.end(session, [(standing["relationship_id"], at, reason)])
    await book_queries.lock_books(session, [advisor_id])
    (book,) = await book_queries.book(session, [Booking(advisor_id, -standing["booked_s"], False)], 0.0)
    ended = {**standing, "id": standing["relationship_id"], "customer_id": standing["id"]}
    session.announce(events.relationship_ended(ended, reason, book["desk_group_id"], at))
    session.announce(events.book_changed(book, now))


async def history(session: ReadSession, external_ref: str, before: Place, limit: int) -> Sequence[Row]:
    """Relationships, the newest first; those before a start and id. Raises `NotFound`."""
    rows = await queries.history(session, external_ref, before, limit)
    if not rows and await queries.customer(session, external_ref) is None:
        raise NotFound
    return rows


async def lock(session: Session, books: Books, refs: Sequence[str], now: datetime) -> tuple[Shelf, dict[str, Row]]:
    """Lock customers and read where they stand, with the shelf that decisions about them are made on."""
    standings = await _lock(session, refs)
    return await _shelf(session, books, standings, now), standings


async def _lock(session: Session, refs: Sequence[str]) -> dict[str, Row]:
    """Lock, then read anew: what was committed while we waited for the lock is seen only by a later statement."""
    wanted = list(dict.fromkeys(refs))
    await queries.lock_customers(session, wanted)
    return await queries.standings(session, wanted)


async def _shelf(session: Session, books: Books, standings: Mapping[str, Row], now: datetime) -> Shelf:
    version = next((row["version"] for row in standings.values()), None)
    return await books.current(session, now, version)


def seeker_of(
    shelf: Shelf,
    standing: Row,
    wish: Wish,
    now: datetime,
    *,
    reason: str = "activated",
    leaves: str | None = None,
) -> Seeker:
    """`leaves` is why the present relationship ends, where there is one; its advisor is not chosen again."""
    present = None if leaves is None else present_of(standing, leaves)
    tried = frozenset() if present is None else frozenset({present.advisor_id})
    earliest = [at for at in (standing["last_ended_at"], standing["starts_at"]) if at is not None]
    return Seeker(
        customer_id=standing["id"],
        market_id=standing["market_id"],
        need=need_of(shelf, standing, now, wish.languages, tried),
        at=max([now, *earliest]),
        channel=wish.channel,
        reason=reason,
        on_behalf_by=wish.on_behalf_by,
        present=present,
    )


def present_of(standing: Row, reason: str) -> Present:
    return Present(
        standing["relationship_id"],
        standing["advisor_id"],
        standing["booked_s"],
        standing["starts_at"],
        reason,
    )


class KnowsTheCompany(Protocol):
    """What reading a customer takes."""

    @property
    def markets(self) -> Mapping[str, Edge]: ...
    @property
    def products(self) -> Mapping[str, ProductEntry]: ...


def need_of(
    shelf: KnowsTheCompany,
    standing: Row,
    now: datetime,
    languages: tuple[str, ...] = (),
    tried: frozenset[UUID] = frozenset(),
) -> ActivationNeed:
    """What the customer asks of an advisor. Without a language of their own, any of the market's will do."""
    market = shelf.markets[standing["market_id"]]
    hours = standing["calling_hours"]
    zone_name = standing["time_zone"] or market.zone
    return ActivationNeed(
        market=standing["market_id"],
        languages=languages or tuple(standing["languages"]) or market.languages,
        needs=needs.needs(standing["products"], shelf.products),
        hours=0 if hours is None else in_utc(mask_from_bytes(hours), zone_name, now),
        expected_s=standing["expected_seconds"],
        tried=tried,
    )


async def _check_not_lately(session: ReadSession, shelf: Shelf, standing: Row, now: datetime) -> None:
    _, rules = shelf.policy(standing["market_id"], now)
    pause = timedelta(days=rules.change_advisor_days)
    changed_at = await queries.last_changed(session, standing["id"], now - pause)
    if changed_at is not None:
        raise ChangedLately(next_possible_at=(changed_at + pause).isoformat())


def _already(standing: Row) -> Activated:
    return Activated(
        standing["id"], standing["relationship_id"], standing["advisor_id"], standing["starts_at"], False
    )


def _activated(placed: Placed | Fault) -> Activated | Fault:
    if isinstance(placed, Fault):
        return placed
    row: Mapping[str, Any] = placed.row
    return Activated(row["customer_id"], row["id"], row["advisor_id"], row["starts_at"], True)
