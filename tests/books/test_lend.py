"""A long absence lends a book to colleagues, and the owner gets it back."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from tests.books.shop import Shop
from tests.support.builders import a_customer, a_desk_group, an_absence, an_advisor, numbers


async def test_a_book_is_lent_and_given_back(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        group = await a_desk_group(session)
        owner = await an_advisor(session, group=group)
        colleague = await an_advisor(session, group=group)
        await a_customer(session, advisor=colleague)
        stranger = await an_advisor(session)
        await numbers(session, 3)
        for _ in range(6):
            await a_customer(session, advisor=owner, since=shop.now - timedelta(days=400))
        await an_absence(
            session, owner, starts_at=shop.now, ends_at=shop.now + timedelta(days=200), kind="parental"
        )

    lent = await shop.apply(await shop.ask("lend", advisor_id=owner.id))

    assert set((await shop.advisors_of_all()).values()) == {colleague.id}, f"not to {stranger.id}, who has nobody"
    shop.clock.advance(timedelta(days=201).total_seconds())
    shop.books.forget()
    back = await shop.undo(lent)
    assert (back["state"], back["undone"]) == ("undone", 6)
    assert Counter((await shop.advisors_of_all()).values()) == {owner.id: 6, colleague.id: 1}


async def test_where_the_desk_group_is_full_others_help(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        group = await a_desk_group(session)
        owner = await an_advisor(session, group=group)
        colleague = await an_advisor(session, group=group, cap_s=2 * 360)
        stranger = await an_advisor(session)
        await numbers(session, 3)
        for _ in range(5):
            await a_customer(session, advisor=owner, since=shop.now - timedelta(days=400))

    await shop.apply(await shop.ask("lend", advisor_id=owner.id))

    assert Counter((await shop.advisors_of_all()).values()) == {colleague.id: 2, stranger.id: 3}
