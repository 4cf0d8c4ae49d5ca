"""Everybody who has no advisor gets one, in batches that survive whatever happens between them."""

from __future__ import annotations

from collections import Counter

from books import queries
from books.applying import BATCH
from tests.books.shop import Shop
from tests.support.builders import a_customer, an_advisor, numbers


async def test_everybody_gets_an_advisor_and_books_are_even(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        advisors = [await an_advisor(session) for _ in range(4)]
        await numbers(session, 4)
        customers = [await a_customer(session) for _ in range(40)]

    run = await shop.ask("assign", apply_at_once=True)

    assert (run["state"], run["planned"], run["done"], run["skipped"]) == ("applied", 40, 40, 0)
    given = await shop.advisors_of_all()
    assert given.keys() == {customer.id for customer in customers}
    assert Counter(given.values()) == {advisor.id: 10 for advisor in advisors}


async def test_hard_rules_hold_and_what_is_short_is_named(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        expert = await an_advisor(session, skills={"dns": 5})
        await an_advisor(session, skills={"hosting": 5})
        await numbers(session, 2)
        served = await a_customer(session, products=["dns"])
        await a_customer(session, products=["mail"])

    run = await shop.ask("assign", apply_at_once=True)

    assert (run["done"], run["figures"]["unplaced"]) == (1, 1)
    assert await shop.advisors_of_all() == {served.id: expert.id}
    (short,) = run["figures"]["shortages"]
    assert (short["needs"][0]["skill"], short["customers"], short["bottleneck"]) == ("mail", 1, "has_the_skill")


async def test_capacity_that_is_short_assigns_all_that_fit(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        await an_advisor(session, cap_s=3600, target_s=3600)
        await numbers(session, 1)
        for _ in range(15):
            await a_customer(session, expected_seconds=360)

    run = await shop.ask("assign", apply_at_once=True)

    assert (run["done"], run["figures"]["unplaced"]) == (10, 5)
    (short,) = run["figures"]["shortages"]
    assert (short["customers"], short["seconds"], short["bottleneck"]) == (5, 1800, "book_has_room")


async def test_whoever_was_activated_meanwhile_keeps_that_advisor(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        first = await an_advisor(session)
        await numbers(session, 1)
        quick = await a_customer(session)
        await a_customer(session)
    run = await shop.ask("assign")
    async with shop.database.transaction() as session:
        from customers.relationships import Wish, activate
        from tests.support.builders import new_id

        await activate(session, shop.books, Wish(quick.external_ref, "portal"), shop.now, new_id)

    run = await shop.apply(run)

    assert (run["done"], run["skipped"]) == (1, 1)
    async with shop.database.reading() as session:
        skipped = await queries.moves_page(session, run["id"], None, "skipped", 10)
    assert [(move["customer_id"], move["reason"]) for move in skipped] == [(quick.id, "changed_meanwhile")]
    assert set((await shop.advisors_of_all()).values()) == {first.id}


async def test_a_crash_between_two_batches_is_gone_on_from(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        await an_advisor(session)
        await an_advisor(session)
        await numbers(session, 2)
        for _ in range(BATCH + 20):
            await a_customer(session)
    run = await shop.ask("assign")
    async with shop.database.transaction() as session:
        from books import service

        await service.apply(session, run["id"], shop.now)
    from books import work

    half = await work.step(shop.workshop, shop.books)
    assert half is not None
    assert half["done"] == BATCH
    another = Shop(shop.database, shop.clock)

    await another.work()

    done = await shop.run(run["id"])
    assert (done["state"], done["done"]) == ("applied", BATCH + 20)


async def test_all_alike_share_one_decision_that_the_card_can_show(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        await an_advisor(session)
        await numbers(session, 1)
        customers = [await a_customer(session) for _ in range(5)]

    await shop.ask("assign", apply_at_once=True)

    async with shop.database.reading() as session:
        from customers import queries as customer_queries

        cards = [await customer_queries.card(session, customer.external_ref) for customer in customers]
        kept = await session.fetch("SELECT kind, data FROM decisions")
    assert len(kept) == 1
    assert kept[0]["kind"] == "activation"
    assert kept[0]["data"]["candidates"]
    assert {card["decision_id"] for card in cards if card} == {card["decision_id"] for card in cards[:1] if card}
    assert all(card is not None and card["because"] for card in cards)
