"""Even books with few moves: previewed, within a budget, on the version it was computed from, undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from advisors.models import Advisor
from books import queries, service, work
from books.service import Asked, BookHasChanged, RunInProgress, TooLateToUndo
from customers.relationships import end
from decisions import service as decisions
from decisions.schemas import DecisionAnswer
from kit.apart import Died, TooLong
from kit.ids import encode
from kit.states import IllegalTransition
from tests.books.shop import Here, Shop
from tests.support.builders import a_customer, an_advisor, new_id, numbers

LONG_AGO = timedelta(days=3)


async def overloaded(shop: Shop, customers: int = 40) -> tuple[Advisor, Advisor]:
    """One advisor with all customers of a few days, and a joiner with none."""
    async with shop.database.transaction() as session:
        book: dict[str, Any] = {"cap_s": customers * 360, "target_s": customers * 180}
        full, joiner = await an_advisor(session, **book), await an_advisor(session, **book)
        await numbers(session, 2)
        for _ in range(customers):
            await a_customer(session, advisor=full, since=shop.now - LONG_AGO)
    return full, joiner


async def test_a_joiner_is_filled_from_the_overloaded_book(shop: Shop) -> None:
    full, joiner = await overloaded(shop)

    run = await shop.apply(await shop.ask())

    loads = await shop.loads()
    assert run["state"] == "applied"
    assert abs(loads[full.id] - loads[joiner.id]) <= 2 * 360
    assert run["figures"]["spread_after"] < run["figures"]["spread_before"]


async def test_a_preview_moves_nobody_and_says_who_would_and_why(shop: Shop) -> None:
    full, joiner = await overloaded(shop, 12)

    run = await shop.ask()

    assert run["state"] == "ready"
    assert set((await shop.advisors_of_all()).values()) == {full.id}
    async with shop.database.reading() as session:
        moves = await queries.moves_page(session, run["id"], None, None, 10)
        books = {row["advisor_id"]: row for row in await queries.advisors_page(session, run["id"], None, 10)}
        decisions = await session.fetch("SELECT id, kind, chosen FROM decisions")
    assert {(move["from_advisor"], move["to_advisor"], move["why"]) for move in moves} == {
        (full.id, joiner.id, "voluntary")
    }
    assert (books[full.id]["customers_before"], books[full.id]["customers_after"]) == (12, 12 - len(moves))
    assert (books[joiner.id]["load_before_s"], books[joiner.id]["load_after_s"]) == (0, 360 * len(moves))
    assert {move["decision_id"] for move in moves} == {row["id"] for row in decisions}
    assert {(row["kind"], row["chosen"]) for row in decisions} == {("rebalance", joiner.id)}


@pytest.mark.parametrize(("terms", "most"), [({"move_budget": 3}, 3), ({"move_budget_share": 0.05}, 2)])
async def test_no_more_move_than_the_budget_allows(shop: Shop, terms: dict[str, float], most: int) -> None:
    await overloaded(shop)

    run = await shop.ask(terms=terms)

    assert run["planned"] == run["figures"]["voluntary"] == most


async def test_nobody_moves_in_a_book_that_is_even(shop: Shop) -> None:
    await overloaded(shop)
    await shop.apply(await shop.ask())
    shop.clock.advance(60)

    again = await shop.ask()

    assert again["planned"] == 0


async def test_a_second_run_is_refused_while_one_is_worked_on(shop: Shop) -> None:
    await overloaded(shop, 2)
    async with shop.database.transaction() as session:
        await service.request(session, Asked("rebalance"), shop.now, new_id)

    with pytest.raises(RunInProgress):
        async with shop.database.transaction() as session:
            await service.request(session, Asked("rebalance"), shop.now, new_id)


async def test_a_plan_is_refused_when_another_was_applied_since(shop: Shop) -> None:
    await overloaded(shop)
    first, second = await shop.ask(), await shop.ask()
    shop.clock.advance(60)
    await shop.apply(first)

    with pytest.raises(BookHasChanged) as refused:
        await shop.apply(second)

    assert refused.value.facts["because"] == "another_run"


async def test_a_plan_is_refused_when_people_or_rules_have_changed(shop: Shop) -> None:
    await overloaded(shop)
    run = await shop.ask()
    async with shop.database.transaction() as session:
        await an_advisor(session)

    with pytest.raises(BookHasChanged) as refused:
        await shop.apply(run)

    assert refused.value.facts["because"] == "people_or_rules"


async def test_a_plan_is_refused_when_a_customer_in_it_has_gone(shop: Shop) -> None:
    await overloaded(shop, 4)
    run = await shop.ask()
    async with shop.database.transaction() as session:
        (move, *_) = await queries.moves_page(session, run["id"], None, None, 10)
        await end(session, move["external_ref"], shop.now)

    with pytest.raises(BookHasChanged) as refused:
        await shop.apply(run)

    assert refused.value.facts == {"because": "customers", "customers": 1}


async def test_undone_everybody_is_back_but_who_has_moved_on(shop: Shop) -> None:
    full, _ = await overloaded(shop, 12)
    before = await shop.advisors_of_all()
    run = await shop.apply(await shop.ask())
    async with shop.database.transaction() as session:
        (gone, *others) = await queries.moves_page(session, run["id"], None, None, 10)
        await end(session, gone["external_ref"], shop.now)
    shop.clock.advance(3600)

    undone = await shop.undo(run)

    assert (undone["state"], undone["undone"]) == ("undone", len(others))
    after = await shop.advisors_of_all()
    assert after == {customer: full.id for customer in before if customer != gone["customer_id"]}


async def test_after_thirty_days_it_stands(shop: Shop) -> None:
    await overloaded(shop, 4)
    run = await shop.apply(await shop.ask())
    shop.clock.advance(timedelta(days=30, seconds=1).total_seconds())

    with pytest.raises(TooLateToUndo):
        await shop.undo(run)


async def test_a_discarded_preview_cannot_be_applied(shop: Shop) -> None:
    await overloaded(shop, 2)
    run = await shop.ask()
    async with shop.database.transaction() as session:
        await service.discard(session, run["id"], shop.now)

    with pytest.raises(IllegalTransition):
        await shop.apply(run)


@pytest.mark.parametrize(("trouble", "why"), [(TooLong(), "too_long"), (Died(), "died")])
async def test_without_the_solver_there_is_the_greedy_plan(shop: Shop, trouble: Exception, why: str) -> None:
    await overloaded(shop, 4)
    shop.here = Here(trouble)

    run = await shop.ask()

    assert (run["state"], run["figures"]["way"], run["figures"]["why_greedy"]) == ("ready", "greedy", why)


async def test_without_any_plan_the_run_has_failed_and_the_next_may_begin(shop: Shop) -> None:
    await overloaded(shop, 4)
    shop.here = Here(Died(), TooLong())

    failed, next_ = await shop.ask(), await shop.ask()

    assert (failed["state"], failed["failure"], next_["state"]) == ("failed", "no_plan", "ready")


async def test_who_leaves_is_moved_without_counting_and_a_full_book_is_flagged(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        leaver = await an_advisor(session, leaving_at=shop.now + timedelta(days=30))
        heir = await an_advisor(session, cap_s=2 * 360, target_s=2 * 360)
        await numbers(session, 2)
        for _ in range(3):
            await a_customer(session, advisor=leaver, since=shop.now - LONG_AGO)

    run = await shop.apply(await shop.ask(terms={"move_budget": 0}))

    assert (run["done"], run["figures"]["forced"], run["figures"]["voluntary"]) == (3, 3, 0)
    assert set((await shop.advisors_of_all()).values()) == {heir.id}
    async with shop.database.reading() as session:
        over = await session.fetch_value("SELECT over_cap FROM books WHERE advisor_id = $1", heir.id)
    assert over is True


async def test_two_full_books_change_customers(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        book: dict[str, Any] = {"cap_s": 4 * 360, "target_s": 4 * 360}
        knows_dns = await an_advisor(session, skills={"dns": 2, "mail": 5}, **book)
        knows_mail = await an_advisor(session, skills={"dns": 5, "mail": 2}, **book)
        await numbers(session, 2)
        for _ in range(4):
            await a_customer(session, products=["mail"], advisor=knows_dns, since=shop.now - LONG_AGO)
            await a_customer(session, products=["dns"], advisor=knows_mail, since=shop.now - LONG_AGO)

    run = await shop.apply(await shop.ask())

    assert run["planned"] > 1
    assert (run["done"], run["skipped"]) == (run["planned"], 0)
    loads = await shop.loads()
    assert max(loads.values()) <= 4 * 360


async def test_prices_of_the_solve_are_those_of_activation(shop: Shop) -> None:
    await overloaded(shop)

    run = await shop.apply(await shop.ask())

    async with shop.database.reading() as session:
        solved = await queries.advisors_page(session, run["id"], None, 10)
        stored = await session.fetch("SELECT advisor_id, price FROM books ORDER BY advisor_id")
    assert [(row["advisor_id"], row["price"]) for row in solved] == [
        (row["advisor_id"], row["price"]) for row in stored
    ]


async def test_who_died_while_computing_is_followed_by_the_next(shop: Shop) -> None:
    await overloaded(shop, 4)
    async with shop.database.transaction() as session:
        run = await service.request(session, Asked("rebalance"), shop.now, new_id)
        await queries.lease(session, run["id"], shop.now, shop.now + timedelta(minutes=5))

    assert await shop.work() == 0
    shop.clock.advance(timedelta(minutes=5).total_seconds())
    await shop.work()

    assert (await shop.run(run["id"]))["state"] == "ready"


async def test_everyone_concerned_is_told(shop: Shop) -> None:
    full, joiner = await overloaded(shop, 12)
    run = await shop.apply(await shop.ask())
    moved = run["done"]

    await shop.undo(run)

    async with shop.database.reading() as session:
        told = await session.fetch(
            "SELECT customer_id, advisor_id, template, args FROM messages ORDER BY created_at, id"
        )
    reasons = sorted(row["args"]["because"] for row in told if row["template"] == "advisor_changed")
    assert reasons == ["rebalanced"] * moved + ["undone"] * moved
    books = {
        (row["advisor_id"], row["args"]["comes"], row["args"]["goes"])
        for row in told
        if row["advisor_id"] is not None
    }
    assert books == {(full.id, 0, moved), (joiner.id, moved, 0), (full.id, moved, 0), (joiner.id, 0, moved)}


async def test_what_is_to_be_applied_at_once_is_never_merely_ready(shop: Shop) -> None:
    await overloaded(shop, 4)
    async with shop.database.transaction() as session:
        run = await service.request(session, Asked("rebalance", apply_at_once=True), shop.now, new_id)

    step = await work.step(shop.workshop, shop.books)

    assert step is not None
    assert step["state"] == "applying", "who dies now is followed by the next, and nobody else gets in between"
    async with shop.database.reading() as session:
        told = await session.fetch("SELECT data FROM events WHERE type = 'book_run.changed' ORDER BY id")
    assert [row["data"]["book_run"]["state"] for row in told] == ["computing", "ready", "applying"]
    await shop.work()
    assert (await shop.run(run["id"]))["state"] == "applied"


async def test_what_was_to_be_applied_at_once_stays_a_preview_where_the_book_changed_meanwhile(shop: Shop) -> None:
    await overloaded(shop, 4)

    class Hiring(Here):
        async def run(self, work: Callable[..., Any], *arguments: Any, limit_s: float) -> Any:
            draft = await super().run(work, *arguments, limit_s=limit_s)
            async with shop.database.transaction() as session:
                await an_advisor(session)
                await session.execute(queries.NEW_VERSION)
            return draft

    shop.here = Hiring()

    run = await shop.ask(apply_at_once=True)

    assert (run["state"], run["done"]) == ("ready", 0)


async def test_a_decision_says_from_whom_they_come_and_why_they_may_not_stay(shop: Shop) -> None:
    async with shop.database.transaction() as session:
        unskilled = await an_advisor(session, skills={"mail": 3})
        await an_advisor(session, skills={"dns": 3, "mail": 3})
        await numbers(session, 2)
        for _ in range(3):
            await a_customer(session, products=["dns"], advisor=unskilled, since=shop.now - LONG_AGO)

    await shop.ask()

    (decision,) = await decided(shop)
    (present,) = decision.present
    assert (present.advisor, present.customers, present.rule) == (encode("adv", unskilled.id), 3, "has_the_skill")
    assert (present.args["skill"], present.score) == ("dns", None)


async def test_a_decision_says_what_staying_would_have_cost_whoever_need_not_move(shop: Shop) -> None:
    full, _ = await overloaded(shop, 12)

    run = await shop.ask()

    (decision,) = await decided(shop)
    (present,) = decision.present
    assert (present.advisor, present.customers, present.rule) == (encode("adv", full.id), run["planned"], None)
    assert present.terms.keys() == decision.candidates[0].terms.keys()
    assert present.score is not None
    assert present.score > decision.candidates[0].score - 1e-9


async def decided(shop: Shop) -> list[DecisionAnswer]:
    async with shop.database.reading() as session:
        rows = await session.fetch("SELECT id FROM decisions ORDER BY id")
        return [await decisions.get(session, row["id"]) for row in rows]


async def test_who_has_lost_the_lease_fails_nobody_elses_plan(shop: Shop) -> None:
    await overloaded(shop, 4)
    async with shop.database.transaction() as session:
        run = await service.request(session, Asked("rebalance"), shop.now, new_id)

    class Late(Here):
        async def run(self, work: Callable[..., Any], *arguments: Any, limit_s: float) -> Any:
            async with shop.database.transaction() as session:
                until = shop.now + timedelta(minutes=40)
                await session.execute("UPDATE book_runs SET computing_until = $2 WHERE id = $1", run["id"], until)
            raise Died

    shop.here = Late()

    assert await shop.work() == 0
    assert (await shop.run(run["id"]))["state"] == "computing", "another is at it"
