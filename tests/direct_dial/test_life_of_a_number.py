"""A number has one owner at a time, and rests before the next."""

from __future__ import annotations

from datetime import datetime, timedelta

from direct_dial import service
from direct_dial.pools import trunks
from direct_dial.service import REDIRECTED
from kit.database import Session
from tests.support.builders import a_market, a_number, an_advisor, numbers


async def test_each_advisor_takes_a_number_of_their_own(session: Session, now: datetime) -> None:
    advisors = [(await an_advisor(session)).id for _ in range(3)]
    await numbers(session, 4)

    taken = await service.ensure(session, {(advisor, "DE") for advisor in advisors}, now)

    assert len({number.e164 for number in taken.values()}) == 3


async def test_number_in_hand_is_kept(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session)
    own = await a_number(session, advisor=advisor)
    await numbers(session, 1)

    ensured = await service.ensure(session, {(advisor.id, "DE")}, now)

    assert ensured[advisor.id, "DE"].e164 == own.number


async def test_empty_pool_leaves_some_without(session: Session, now: datetime) -> None:
    advisors = [(await an_advisor(session)).id for _ in range(3)]
    await numbers(session, 2)

    taken = await service.ensure(session, {(advisor, "DE") for advisor in advisors}, now)

    assert len(taken) == 2


async def test_general_numbers_belong_to_no_advisor(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session)
    await a_number(session, kind="general")

    assert await service.ensure(session, {(advisor.id, "DE")}, now) == {}
    assert not await service.any_free(session, "DE")


async def test_life_from_assigned_to_free(session: Session, now: datetime) -> None:
    await a_market(session, number_quarantine_days=120)
    advisor = await an_advisor(session)
    await a_number(session, advisor=advisor)

    async def state() -> str:
        found: str = await session.fetch_value("SELECT state FROM direct_dial_numbers")
        return found

    assert await service.redirect(session, advisor.id, now) == 1
    assert await state() == "redirected"
    assert await service.quarantine_redirected(session, now + REDIRECTED - timedelta(seconds=1)) == 0
    rests = now + REDIRECTED
    assert await service.quarantine_redirected(session, rests) == 1
    assert await service.release_rested(session, rests + timedelta(days=119)) == 0
    assert await service.release_rested(session, rests + timedelta(days=120)) == 1
    assert await state() == "free"
    await session.flush()
    types = [row["type"] for row in await session.fetch("SELECT type FROM events ORDER BY id")]
    assert types == ["number.redirected", "number.quarantined", "numbers.released"]


def test_trunk_is_what_a_block_shares() -> None:
    assert trunks(["+493023125017", "+493023125018", "+496990009001"]) == {
        "+493023125017": "+493023125",
        "+493023125018": "+493023125",
        "+496990009001": None,
    }
