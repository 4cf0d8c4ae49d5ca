"""The report on skills is made with the plan and kept with the run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from advisors.models import Advisor
from books import drafting, service
from books.public import skills
from books.service import NoSkillReport
from books.skill_schemas import SkillsAnswer
from kit.database import Row
from kit.errors import NotFound
from kit.ids import encode
from kit.settings import Settings
from privacy import retention
from tests.books.shop import Shop
from tests.support.builders import a_customer, a_product, an_advisor, new_id


async def a_book(shop: Shop, days: int = 30) -> tuple[Advisor, Advisor]:
    """Anna, whose certificate in hosting ends, has all customers; Ben knows nothing of it."""
    async with shop.database.transaction() as session:
        until = {"hosting": shop.now + timedelta(days=days)}
        anna = await an_advisor(session, skills={"hosting": 3}, skills_valid_until=until)
        ben = await an_advisor(session, skills={})
        product = await a_product(session, skill="hosting", level=2)
        for _ in range(5):
            await a_customer(session, advisor=anna, products=[product.id])
    return anna, ben


async def told(shop: Shop, run: Row) -> SkillsAnswer:
    async with shop.database.reading() as session:
        return skills(await service.skills(session, run["id"]))


async def test_report_is_kept_with_the_run(shop: Shop) -> None:
    anna, ben = await a_book(shop)

    report = await told(shop, await shop.ask())

    (market,) = report.markets
    assert (market.skill, market.level, market.customers, market.can, market.short) == ("hosting", 2, 5, 1, True)
    assert [(group.customers, group.can) for group in report.groups] == [(5, 1)]
    assert [(one.advisor, one.skill, one.level) for one in report.trainings] == [
        (encode("adv", ben.id), "hosting", 2)
    ]
    (end,) = report.certificates
    assert (end.advisor, end.customers, end.uncovered_customers) == (encode("adv", anna.id), 5, 5)
    assert end.ends_at == shop.now + timedelta(days=30)


async def test_certificate_that_ends_later_is_not_told(shop: Shop) -> None:
    await a_book(shop, days=91)

    report = await told(shop, await shop.ask())

    assert (report.ending, report.certificates) == (0, [])


async def test_plan_is_there_without_a_report_that_cannot_be_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_book(shop)

    def fails(*_: object) -> None:
        raise FloatingPointError

    monkeypatch.setattr(drafting, "skill_report", fails)

    run = await shop.ask()

    assert (run["state"], run["figures"]["way"]) == ("ready", "flow")
    with pytest.raises(NoSkillReport):
        await told(shop, run)


async def test_a_plan_that_is_computed_again_has_one_report(shop: Shop) -> None:
    await a_book(shop)
    run = await shop.ask()
    async with shop.database.transaction() as session:
        await service.discard(session, run["id"], shop.now)

    again = await shop.ask()

    assert (await told(shop, again)).run == encode("run", again["id"])
    assert (await told(shop, run)).run == encode("run", run["id"])


async def test_newest_report_is_found_without_its_name(shop: Shop) -> None:
    await a_book(shop)
    await shop.ask()
    shop.clock.advance(1)
    newest = await shop.ask()

    async with shop.database.reading() as session:
        assert (await service.newest_skills(session))["run_id"] == newest["id"]


async def test_without_any_plan_there_is_no_newest_report(shop: Shop) -> None:
    async with shop.database.reading() as session:
        with pytest.raises(NotFound):
            await service.newest_skills(session)
        with pytest.raises(NotFound):
            await service.skills(session, new_id(shop.now))


async def test_after_ninety_days_only_the_run_is_left(shop: Shop, settings: Settings) -> None:
    await a_book(shop)
    run = await shop.ask()

    for days, left in ((90, 1), (91, 0)):
        later = shop.now + timedelta(days=days)
        await retention.run_once(shop.database, settings, later, anew=True)
        async with shop.database.reading() as session:
            assert await session.fetch_value("SELECT count(*) FROM book_run_skills") == left
    assert (await shop.run(run["id"]))["state"] == "ready"
