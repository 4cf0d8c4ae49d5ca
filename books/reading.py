"""The book as the solver is asked: every customer in scope as columns, alike ones as one kind.

Read in pages of short statements, as a snapshot held for long would keep dead rows beside the hot tables. What
changes while it is read is met when the plan is carried out: each move names the relationship that it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from books import copying, queries
from customers import books as shelves
from customers.relationships import need_of
from kit.database import Database, Row
from routing.book_problem import NOBODY, BookProblem, Kind, Terms
from routing.problem import BookAdvisor
from routing.skill_ends import SkillEnd
from routing.staying import price_of_moving

PAGE = 50_000
BAND = 1.2
"""Customers whose expected seconds differ by less than this factor are alike."""

MIXING = np.uint64(0x9E3779B97F4A7C15)
"""2⁶⁴ ÷ the golden ratio (Knuth, The Art of Computer Programming 3, 6.4): neighbouring bands end far apart."""

LOOK_AHEAD = timedelta(days=90)
"""How far certificates are looked at: a quarter, in which a course can be found and passed."""

COLUMNS = {
    "id": copying.UUID,
    "sort": copying.INT8,
    "expected_s": copying.INT4,
    "holder": copying.INT4,
    "relationship": copying.UUID,
    "since": copying.INT8,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose book it is about. `held`: customers who have an advisor, or those who have none."""

    held: bool
    market_id: str | None = None
    of_advisor: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The problem, and who its m customers are."""

    problem: BookProblem
    version: int
    customer: NDArray[Any]
    """m ids of 16 bytes."""
    relationship: NDArray[Any]
    market: Sequence[str]
    """Of each kind."""
    ends: Sequence[SkillEnd]
    """Certificates that end within `LOOK_AHEAD`."""


async def read(database: Database, scope: Scope, terms: Terms, now: datetime) -> Reading:
    """Read advisors and customers. Those who lend nothing and take nothing are in it too, as nobody moves there."""
    async with database.reading() as session:
        everybody = await shelves.everybody(session, now)
    advisors = _lenders(everybody, scope)
    rows = await _customers(database, scope, [advisor.id for advisor in advisors])
    sorted_ = await asyncio.to_thread(_sorts, rows)
    async with database.reading() as session:
        examples = await queries.examples(session, sorted_.examples)
    kinds, places = _kinds(everybody, sorted_, examples, now)
    return await asyncio.to_thread(_reading, everybody, advisors, rows, kinds, places[sorted_.sort], terms, now)


def _reading(
    everybody: shelves.Everybody,
    advisors: tuple[BookAdvisor, ...],
    rows: NDArray[Any],
    kinds: tuple[Kind, ...],
    kind: NDArray[np.int32],
    terms: Terms,
    now: datetime,
) -> Reading:
    known = kind != NOBODY
    rows, kind = rows[known], kind[known]
    expected_s, holder = rows["expected_s"].astype(np.int32), rows["holder"].astype(np.int32)
    problem = BookProblem(
        advisors=_outside(advisors, holder, expected_s),
        kinds=kinds,
        kind=kind,
        expected_s=expected_s,
        holder=holder,
        stay=_stay(rows["since"], holder, now),
        terms=terms,
    )
    markets = [one.need.market for one in kinds]
    ends = tuple(end for end in everybody.certificates if end.ends_at <= now + LOOK_AHEAD)
    return Reading(problem, everybody.version, rows["id"], rows["relationship"], markets, ends)


def _lenders(everybody: shelves.Everybody, scope: Scope) -> tuple[BookAdvisor, ...]:
    """All advisors: whoever takes nobody new has no room, and who lends their book is as if they left."""
    closed = everybody.closed
    return tuple(
        replace(
            advisor,
            cap_s=advisor.load_s if advisor.id in closed else advisor.cap_s,
            leaving=advisor.leaving or advisor.id == scope.of_advisor,
        )
        for advisor in everybody.advisors
    )


async def _customers(database: Database, scope: Scope, advisors: Sequence[UUID]) -> NDArray[Any]:
    pages, after = [], UUID(int=0)
    while True:
        async with database.reading() as session:
            page = await copying.rows(
                session,
                queries.customers_page(scope.held),
                COLUMNS,
                after,
                PAGE,
                scope.market_id,
                scope.of_advisor,
                advisors,
            )
        pages.append(page)
        if len(page) < PAGE:
            return np.concatenate(pages)
        after = UUID(bytes=page["id"][-1].tobytes())


@dataclass(frozen=True, slots=True)
class _Sorted:
    """`sort`: the place of each customer's sort; of each sort the mean of expected seconds and a customer."""

    sort: NDArray[np.intp]
    middle_s: NDArray[np.float64]
    examples: list[UUID]


def _sorts(rows: NDArray[Any]) -> _Sorted:
    """Who asks alike and weighs about the same; the hash of what they ask for and their band make one number."""
    expected_s = rows["expected_s"].astype(np.float64)
    band = np.floor(np.log(np.maximum(expected_s, 1)) / np.log(BAND)).astype(np.uint64)
    keys = rows["sort"].astype(np.int64).view(np.uint64) ^ (band * MIXING)
    _, samples, sort = np.unique(keys, return_index=True, return_inverse=True)
    counts = np.bincount(sort, minlength=len(samples))
    middle_s = np.bincount(sort, expected_s, len(samples)) / np.maximum(1, counts)
    return _Sorted(sort, middle_s, [UUID(bytes=one.tobytes()) for one in rows["id"][samples]])


def _kinds(
    everybody: shelves.Everybody, sorted_: _Sorted, examples: Mapping[UUID, Row], now: datetime
) -> tuple[tuple[Kind, ...], NDArray[np.int32]]:
    """A kind for each sort and its place; a sort whose example has gone meanwhile waits for the next run."""
    kinds: list[Kind] = []
    places = np.full(len(sorted_.examples), NOBODY, np.int32)
    for place, identifier in enumerate(sorted_.examples):
        if example := examples.get(identifier):
            places[place] = len(kinds)
            kinds.append(_kind(everybody, example, round(sorted_.middle_s[place]), now))
    return tuple(kinds), places


def _kind(everybody: shelves.Everybody, example: Row, expected_s: int, now: datetime) -> Kind:
    return Kind(replace(need_of(everybody, example, now), expected_s=expected_s), example["tier"])


def _outside(
    advisors: tuple[BookAdvisor, ...], holder: NDArray[np.int32], expected_s: NDArray[np.int32]
) -> tuple[BookAdvisor, ...]:
    """The advisors with the load of those customers alone who are not in the problem."""
    held = holder >= 0
    inside = np.bincount(holder[held], expected_s[held], minlength=len(advisors)).astype(np.int64)
    return tuple(
        replace(advisor, load_s=max(0, advisor.load_s - seconds))
        for advisor, seconds in zip(advisors, inside.tolist(), strict=True)
    )


def _stay(since: NDArray[Any], holder: NDArray[np.int32], now: datetime) -> NDArray[np.float64]:
    months = (now.timestamp() - since.astype(np.float64)) / (30 * 86_400)
    return np.where(holder >= 0, price_of_moving(months), 0.0)
