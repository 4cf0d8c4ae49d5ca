"""Many at once, on several replicas, on one database: no book too full, nobody twice, no number twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest

from customers import relationships
from customers.activation import BooksBusy, NoAdvisorFits
from customers.books import Books
from customers.relationships import Activated, Wish
from kit.database import Database, Session
from kit.errors import Fault
from kit.ids import new_id
from tests.support.builders import a_customer, an_advisor, numbers

pytestmark = pytest.mark.database


async def activate(database: Database, books: Books, ref: str, now: datetime) -> Activated | Fault:
    async def work(session: Session) -> Activated:
        return await relationships.activate(session, books, Wish(ref, "portal"), now, new_id)

    try:
        return await database.run(work)
    except (NoAdvisorFits, BooksBusy) as fault:
        return fault


async def customers(database: Database, count: int, **more: object) -> list[str]:
    async with database.transaction() as session:
        return [(await a_customer(session, phones=(), **more)).external_ref for _ in range(count)]  # type: ignore[arg-type]


async def assert_books_balance(database: Database) -> None:
    async with database.reading() as session:
        wrong = await session.fetch(
            "SELECT b.* FROM books b LEFT JOIN (SELECT advisor_id, sum(expected_seconds) AS booked"
            "  FROM relationships WHERE ends_at IS NULL GROUP BY 1) r USING (advisor_id)"
            " WHERE b.load_s <> coalesce(r.booked, 0) OR b.load_s > b.cap_s"
        )
    assert wrong == []


async def test_fifty_at_once_never_overfill_a_book(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        for _ in range(4):
            await an_advisor(session, cap_s=10 * 360)
        await numbers(session, 10)
    refs = await customers(database, 50)
    replicas = [Books(), Books(), Books()]

    outcomes = await asyncio.gather(*(activate(database, replicas[n % 3], ref, now) for n, ref in enumerate(refs)))
    waited = [ref for ref, outcome in zip(refs, outcomes, strict=True) if isinstance(outcome, BooksBusy)]
    outcomes += [await activate(database, replicas[0], ref, now) for ref in waited]

    assert Counter(type(o).__name__ for o in outcomes if not isinstance(o, BooksBusy)) == {
        "Activated": 40,
        "NoAdvisorFits": 10,
    }
    await assert_books_balance(database)
    async with database.reading() as session:
        owners = await session.fetch("SELECT advisor_id FROM direct_dial_numbers WHERE state = 'assigned'")
        assert len(owners) == 4 == len({row["advisor_id"] for row in owners})


async def test_same_customer_at_once_gets_one_advisor(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        for _ in range(3):
            await an_advisor(session)
        await numbers(session, 10)
    (ref,) = await customers(database, 1)

    outcomes = await asyncio.gather(*(activate(database, Books(), ref, now) for _ in range(12)))

    assert all(isinstance(outcome, Activated) for outcome in outcomes)
    assert [o.created for o in outcomes if isinstance(o, Activated)].count(True) == 1
    assert len({o.relationship_id for o in outcomes if isinstance(o, Activated)}) == 1
    await assert_books_balance(database)


async def test_last_number_goes_to_one_advisor(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        first, second = await an_advisor(session, cap_s=3600), await an_advisor(session, cap_s=3600)
        await numbers(session, 1)
    refs = await customers(database, 8)

    outcomes = await asyncio.gather(*(activate(database, Books(), ref, now) for ref in refs))
    outcomes += [await activate(database, Books(), ref, now) for ref in refs]

    assert [type(outcome).__name__ for outcome in outcomes[8:]] == ["Activated"] * 8
    chosen = {o.advisor_id for o in outcomes if isinstance(o, Activated)}
    assert len(chosen) == 1
    assert chosen <= {first.id, second.id}
    await assert_books_balance(database)


async def test_changes_in_both_directions_do_not_block_each_other(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        one, other = await an_advisor(session), await an_advisor(session)
        await numbers(session, 2)
        refs = [
            (await a_customer(session, phones=(), advisor=advisor)).external_ref for advisor in (one, other) * 10
        ]
    books = Books()

    async def change(ref: str) -> Activated:
        async with database.transaction() as session:
            return await relationships.change(session, books, Wish(ref, "portal"), now, new_id)

    changed = await asyncio.gather(*(change(ref) for ref in refs))

    assert Counter(c.advisor_id for c in changed) == {one.id: 10, other.id: 10}
    await assert_books_balance(database)


async def test_batches_beside_single_activations(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        for _ in range(5):
            await an_advisor(session, cap_s=40 * 360)
        await numbers(session, 5)
    refs = await customers(database, 120)
    books = Books()

    async def batch(part: list[str]) -> list[Activated | Fault]:
        async def work(session: Session) -> list[Activated | Fault]:
            wishes = [Wish(ref, "bulk") for ref in part]
            return await relationships.activate_many(session, books, wishes, now, new_id)

        return await database.run(work)

    batches = [batch(refs[start : start + 40]) for start in (0, 20, 40)]
    singles = [activate(database, books, ref, now + timedelta(seconds=3)) for ref in refs[80:]]
    await asyncio.gather(*batches, *singles)

    async with database.reading() as reading:
        rows = await reading.fetch("SELECT customer_id FROM relationships WHERE ends_at IS NULL")
    assert len(rows) == len({row["customer_id"] for row in rows})
    await assert_books_balance(database)
