"""What a process knows of the books: profiles at once, loads within two seconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from advisors.models import Advisor
from customers.books import REBUILD, REFRESH, Books, Shelf, in_utc
from customers.staff import default_cap_s
from kit.database import Session
from kit.local_time import mask_to_bytes
from kit.week import Week
from tests.support.builders import WORKDAYS, a_policy, an_advisor


def load_of(shelf: Shelf, advisor: Advisor) -> int:
    return int(next(a.load_s for a in map(shelf.book.advisor, range(len(shelf.book))) if a.id == advisor.id))


async def test_loads_of_other_replicas_are_heard_of_within_two_seconds(session: Session, now: datetime) -> None:
    advisor, books = await an_advisor(session), Books()
    first = await books.current(session, now)
    await session.execute("UPDATE books SET load_s = 720")

    early = await books.current(session, now + REFRESH - timedelta(milliseconds=1))
    assert load_of(early, advisor) == 0
    later = await books.current(session, now + REFRESH)

    assert later is first
    assert load_of(later, advisor) == 720


async def test_closed_book_is_noticed_with_the_loads(session: Session, now: datetime) -> None:
    advisor, books = await an_advisor(session), Books()
    assert advisor.id in (await books.current(session, now)).inside
    await session.execute("UPDATE books SET open_for_new = false")

    later = await books.current(session, now + REFRESH)

    assert (len(later.book), later.left_out) == (0, {"book_is_open": 1})


async def test_certificate_that_ends_is_met_exactly(session: Session, now: datetime) -> None:
    ends = now + timedelta(seconds=90)
    await an_advisor(session, skills={"dns": 3}, skills_valid_until={"dns": ends})
    books = Books()

    before = await books.current(session, ends - timedelta(microseconds=1))
    assert before.book.profiles.advisors[0].skills == {"dns": 3}
    after = await books.current(session, ends)

    assert after.book.profiles.advisors[0].skills == {}


async def test_whoever_leaves_gets_nobody_and_whoever_left_is_not_there(session: Session, now: datetime) -> None:
    await an_advisor(session, leaving_at=now + timedelta(days=1))
    await an_advisor(session, leaving_at=now)

    shelf = await Books().current(session, now)

    assert [advisor.leaving for advisor in shelf.book.profiles.advisors] == [True]


async def test_company_without_advisors_has_an_empty_book(session: Session, now: datetime) -> None:
    assert len((await Books().current(session, now)).book) == 0


async def test_shelf_names_the_policy_in_force(session: Session, now: datetime) -> None:
    await a_policy(session, version=1, valid_from=now - timedelta(days=1), change_advisor_days=5)
    await a_policy(session, version=2, valid_from=now + timedelta(days=1), change_advisor_days=7)

    shelf = await Books().current(session, now)

    assert [shelf.policy("DE", at)[0] for at in (now - timedelta(days=2), now, now + timedelta(days=1))] == [
        "DE/0",
        "DE/1",
        "DE/2",
    ]
    assert shelf.policy("DE", now)[1].change_advisor_days == 5
    assert shelf.stale_at == now + REBUILD


def test_hours_are_compared_in_one_zone(now: datetime) -> None:
    berlin = Week.parse({"mon": [["09:00", "10:00"]]}).mask()
    new_york = Week.parse({"mon": [["03:00", "04:00"]]}).mask()

    assert in_utc(berlin, "Europe/Berlin", now) == in_utc(new_york, "America/New_York", now)
    assert len(mask_to_bytes(in_utc(berlin, "Asia/Tokyo", now))) == 21


def test_cap_follows_from_the_working_pattern() -> None:
    full, half = Week.parse(WORKDAYS), Week.parse({day: [["08:00", "12:30"]] for day in WORKDAYS})

    assert default_cap_s(full) == 175_500
    assert default_cap_s(half) == default_cap_s(full) / 2
    assert default_cap_s(Week.parse({})) == 360
