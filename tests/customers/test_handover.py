"""Somebody leaves: their customers go to colleagues, and nobody is without an advisor in between."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from customers import handover
from customers.books import Books
from customers.handover import NotLeaving
from kit.database import Database, Session
from kit.ids import new_id
from tests.support.builders import a_customer, a_desk_group, a_number, an_advisor, numbers


async def test_own_desk_group_comes_first_even_where_others_are_cheaper(session: Session, now: datetime) -> None:
    group = await a_desk_group(session)
    leaver = await an_advisor(session, group=group, leaving_at=now)
    colleague = await an_advisor(session, group=group, load_s=100_000)
    await an_advisor(session)
    await numbers(session, 2)
    await a_customer(session, advisor=leaver)

    done = await handover.hand_over(session, Books(), leaver.id, now, new_id)

    assert (done.moved, done.stuck, done.after) == (1, 0, None)
    rows = await session.fetch("SELECT * FROM relationships ORDER BY starts_at")
    assert [(r["advisor_id"], r["ends_at"], r["ended_reason"], r["reason"]) for r in rows] == [
        (leaver.id, now, "advisor_left", "activated"),
        (colleague.id, None, None, "handed_over"),
    ]
    assert await session.fetch_value("SELECT load_s FROM books WHERE advisor_id = $1", leaver.id) == 0


async def test_full_group_passes_on_to_others(session: Session, now: datetime) -> None:
    group = await a_desk_group(session)
    leaver = await an_advisor(session, group=group, leaving_at=now)
    await an_advisor(session, group=group, cap_s=359)
    stranger = await an_advisor(session)
    await numbers(session, 2)
    await a_customer(session, advisor=leaver)

    await handover.hand_over(session, Books(), leaver.id, now, new_id)

    current = await session.fetch_value("SELECT advisor_id FROM relationships WHERE ends_at IS NULL")
    assert current == stranger.id


async def test_where_all_are_full_a_book_exceeds_its_cap_and_is_flagged(session: Session, now: datetime) -> None:
    leaver = await an_advisor(session, leaving_at=now)
    heir = await an_advisor(session, cap_s=400, load_s=300)
    await numbers(session, 1)
    await a_customer(session, advisor=leaver)

    done = await handover.hand_over(session, Books(), leaver.id, now, new_id)

    book = await session.fetch_row("SELECT load_s, over_cap FROM books WHERE advisor_id = $1", heir.id)
    assert book is not None
    assert (done.moved, book["load_s"], book["over_cap"]) == (1, 660, True)


async def test_customer_whom_nobody_can_serve_keeps_the_advisor(session: Session, now: datetime) -> None:
    leaver = await an_advisor(session, skills={"dns": 5, "hosting": 1}, leaving_at=now)
    await an_advisor(session)
    await numbers(session, 2)
    await a_customer(session, products=["dns"], advisor=leaver)
    await a_customer(session, products=["hosting"], advisor=leaver)

    done = await handover.hand_over(session, Books(), leaver.id, now, new_id)

    assert (done.moved, done.stuck) == (1, 1)
    assert await session.fetch_value("SELECT count(*) FROM relationships WHERE ends_at IS NULL") == 2


async def test_only_a_leavers_book_is_handed_over(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session)

    with pytest.raises(NotLeaving):
        await handover.hand_over(session, Books(), advisor.id, now, new_id)


async def test_loop_empties_the_books_of_those_who_have_left(database: Database, now: datetime) -> None:
    async with database.transaction() as session:
        leaver = await an_advisor(session, leaving_at=now)
        await an_advisor(session, leaving_at=now + timedelta(days=1))
        await a_number(session, advisor=leaver)
        heirs = {(await an_advisor(session)).id for _ in range(3)}
        await numbers(session, 5)
        for _ in range(2 * handover.BATCH + 7):
            await a_customer(session, phones=(), advisor=leaver)
    books = Books()

    before = await handover.run_once(database, books, now - timedelta(seconds=1), new_id)
    moved = await handover.run_once(database, books, now, new_id)
    again = await handover.run_once(database, books, now, new_id)

    assert (before, moved, again) == (0, 2 * handover.BATCH + 7, 0)
    async with database.reading() as reading:
        rows = await reading.fetch(
            "SELECT advisor_id, count(*) FROM relationships WHERE ends_at IS NULL GROUP BY 1"
        )
        assert {row["advisor_id"] for row in rows} == heirs
        assert max(row["count"] for row in rows) - min(row["count"] for row in rows) <= 1
        state = await reading.fetch_value("SELECT state FROM direct_dial_numbers WHERE advisor_id = $1", leaver.id)
        assert state == "redirected"
