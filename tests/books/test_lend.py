"""A long absence lends a book to colleagues, and the owner gets it back."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from books import queries
from books.service import OwnerIsAway
from customers.queries import card
from kit.ids import encode
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

    async with shop.database.reading() as session:
        (kept,) = await session.fetch("SELECT data FROM decisions")
    assert [one["rule"] for one in kept["data"]["present"]] == ["lends_the_book"]
    assert "not_leaving" not in str(kept["data"]), "nobody should read that the owner leaves"
    assert {"advisor": encode("adv", stranger.id), "rule": "same_desk_group", "args": {}} in kept["data"]["removed"]
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


async def test_for_whom_nobody_has_room_stays_with_the_owner_and_is_told(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        owner = await an_advisor(session)
        colleague = await an_advisor(session, cap_s=2 * 360)
        await numbers(session, 2)
        for _ in range(5):
            await a_customer(session, advisor=owner, since=shop.now - timedelta(days=400))

    run = await shop.apply(await shop.ask("lend", advisor_id=owner.id))

    assert (run["done"], run["figures"]["unplaced"]) == (2, 3)
    (short,) = run["figures"]["shortages"]
    assert (short["customers"], short["seconds"], short["bottleneck"]) == (3, 3 * 360, "book_has_room")
    assert Counter((await shop.advisors_of_all()).values()) == {colleague.id: 2, owner.id: 3}
    async with shop.database.reading() as session:
        books = {row["advisor_id"]: row for row in await queries.advisors_page(session, run["id"], None, 10)}
    assert (books[owner.id]["customers_before"], books[owner.id]["customers_after"]) == (5, 3)


async def test_a_loan_is_not_given_back_before_the_owner_is_there(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        owner, colleague = await an_advisor(session), await an_advisor(session)
        await numbers(session, 2)
        await a_customer(session, advisor=owner, since=shop.now - timedelta(days=400))
        await an_absence(session, owner, starts_at=shop.now, ends_at=shop.now + timedelta(days=200))
    lent = await shop.apply(await shop.ask("lend", advisor_id=owner.id))

    with pytest.raises(OwnerIsAway) as refused:
        await shop.undo(lent)

    assert refused.value.facts["because"] == "not_away_for_long"
    assert set((await shop.advisors_of_all()).values()) == {colleague.id}
    assert (await shop.run(lent["id"]))["state"] == "applied", "so that it can be given back later"


async def test_whoever_is_back_is_there_for_the_reasons_of_before(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        owner = await an_advisor(session)
        await numbers(session, 2)
        customer = await a_customer(session)
    await shop.ask("assign", apply_at_once=True)
    async with shop.database.transaction() as session:
        await an_advisor(session)
        at_first = await card(session, customer.external_ref)
    shop.clock.advance(60)

    await shop.undo(await shop.apply(await shop.ask("lend", advisor_id=owner.id)))

    async with shop.database.reading() as session:
        back = await card(session, customer.external_ref)
    assert at_first is not None
    assert back is not None
    assert (back["advisor_id"], back["decision_id"]) == (owner.id, at_first["decision_id"])
